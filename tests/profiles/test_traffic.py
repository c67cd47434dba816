import math

import pytest


def test_packet_length_deviation_is_pooled_over_flows(profile, flow):
    """The deviation over all packets sent, though each flow knows only its own mean and deviation."""
    (row,) = profile([flow(lengths=[100, 300]), flow(lengths=[500]), flow(lengths=[])]).to_dict("records")
    assert row["packet_length_std"] == pytest.approx(math.sqrt((200**2 + 0 + 200**2) / 3))
    assert (row["packet_length_min"], row["packet_length_mean"], row["packet_length_max"]) == (100, 300, 500)


def test_equal_packets_do_not_deviate(profile, flow):
    """Packets of one length have no deviation at all, however many."""
    (row,) = profile([flow(start=k, lengths=[1337] * 7) for k in range(50)]).to_dict("records")
    assert row["packet_length_std"] == 0


def test_producer_and_consumer(profile, flow):
    """1 for a source that only sends payload, -1 for one that only gets it, 0 without payload."""
    frame = profile(
        [
            flow(source="10.0.0.1", lengths=[1040], answers=[40]),
            flow(source="10.0.0.2", lengths=[40], answers=[1040]),
            flow(source="10.0.0.3", lengths=[40], answers=[40]),
        ]
    )
    assert frame["producer_consumer_ratio"].tolist() == [1, -1, 0]


def test_a_clock_has_no_variation(profile, flow):
    """Flows that start every minute have gaps of 60 s without variation, in whatever order they are recorded."""
    (row,) = profile([flow(start=60 * k) for k in (3, 0, 2, 1)]).to_dict("records")
    assert row["flow_gap_mean"] == 60
    assert row["flow_gap_variation"] == 0


@pytest.mark.parametrize(("flows", "mean_known"), [(1, False), (2, True)])
def test_too_few_flows_have_no_rhythm(profile, flow, flows, mean_known):
    """One flow has no gap, and one gap no variation: these are missing, not zero."""
    (row,) = profile([flow(start=k) for k in range(flows)]).to_dict("records")
    assert math.isnan(row["flow_gap_mean"]) is not mean_known
    assert math.isnan(row["flow_gap_variation"])


def test_a_source_that_sent_nothing_has_no_packet_lengths(profile, flow):
    """A slice in which only the responder sent has no lengths of packets sent, but counts of zero."""
    (row,) = profile([flow(lengths=[], answers=[60])]).to_dict("records")
    assert all(math.isnan(row[f"packet_length_{kind}"]) for kind in ("min", "mean", "max", "std"))
    assert (row["packets_out"], row["packets_in"], row["received_length_mean"]) == (0, 1, 60)
