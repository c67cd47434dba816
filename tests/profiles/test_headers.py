import math


def test_flags_are_shares_of_tcp_packets(profile, flow):
    """UDP packets do not thin out the share of SYN, and a source without TCP has shares of zero."""
    frame = profile(
        [
            flow(source="10.0.0.1", lengths=[60, 60], orig_syn=1, orig_ack=1),
            flow(source="10.0.0.1", protocol=17, lengths=[60] * 10),
            flow(source="10.0.0.2", protocol=17),
        ]
    )
    assert frame["syn_share"].tolist() == [0.5, 0]
    assert frame["ack_packets"].tolist() == [1, 0]


def test_ttl_of_packets_sent(profile, flow):
    """Flows in which the source sent nothing carry no TTL; the mean counts packets, not flows."""
    (row,) = profile([flow(lengths=[60] * 3, ttls=[64]), flow(ttls=[60, 128]), flow(lengths=[], answers=[60])]).to_dict(
        "records"
    )
    assert (row["ttl_min"], row["ttl_max"], row["ttl_spread"]) == (60, 128, 68)
    assert row["ttl_mean"] == (3 * 64 + 94) / 4


def test_windows_of_tcp_only(profile, flow):
    """Flows without a TCP window do not count as window zero, and a source without TCP has no windows."""
    frame = profile(
        [
            flow(source="10.0.0.1", orig_window=0),
            flow(source="10.0.0.1", orig_window=1000),
            flow(source="10.0.0.1", protocol=17),
            flow(source="10.0.0.2", protocol=17),
        ]
    )
    first, second = frame.to_dict("records")
    assert (first["tcp_window_min"], first["tcp_window_mean"], first["tcp_window_max"]) == (0, 500, 1000)
    assert first["zero_window_share"] == 0.5
    assert all(math.isnan(second[f"tcp_window_{kind}"]) for kind in ("min", "mean", "max"))
    assert math.isnan(second["zero_window_share"])
