import pytest


def fired(findings):
    return [finding for finding in findings if finding.fires]


def test_a_large_upload_is_found(flow, watch):
    """Three megabytes to one outside host, nearly nothing back: who, how much, and what is usual."""
    (found,) = watch(
        "exfiltration", [flow(at=100 * number, out=1_000_000, back=2_000, lasts=90) for number in range(3)]
    )
    assert found.fires
    assert (found.technique.id, found.traces.peers, found.traces.ports) == ("T1048.002", ("192.0.2.1",), (443,))
    assert found.traces.numbers["producer_consumer_ratio"] == pytest.approx(0.996, abs=0.001)
    assert found.sentence == (
        "sent 3 MB to 192.0.2.1 in 3 flows over 5 min and got 6 kB back; a normal host uploads about 20 kB in a window"
    )


def test_strength_grows_with_volume(flow, watch):
    """Twenty kilobytes are nothing, a gigabyte is the limit."""
    strength = [
        max([one.strength for one in watch("exfiltration", [flow(out=size, back=0, got=9)])], default=0.0)
        for size in (20_000, 300_000, 3_000_000, 10**9)
    ]
    assert strength == sorted(strength)
    assert (strength[0], strength[-1]) == (0.0, 12.0)
    assert strength[1] < 3 < strength[2]


@pytest.mark.parametrize(
    "changed",
    [{"back": 2_000_000}, {"target": "10.0.0.9"}, {"source": "203.0.113.5"}, {"got": 0, "back": 0, "state": "S0"}],
    ids=["balanced", "inside", "from outside", "unanswered"],
)
def test_what_is_no_exfiltration(flow, watch, changed):
    """A conversation, an inside upload, an outside source, a flood."""
    assert not watch("exfiltration", [flow(**({"out": 3_000_000, "back": 2_000} | changed))])


def test_a_host_that_always_uploads_gets_used_to(flow, watch):
    """The same upload every hour fires at first and no more after some hours; ten times as much fires again."""
    daily = [flow("192.0.2.7", at=3600 * hour + 60, out=3_000_000, back=5_000) for hour in range(30)]
    found = fired(watch("exfiltration", [*daily, flow("192.0.2.8", at=3600 * 30, out=300_000_000, back=5_000)]))
    hours = [(finding.window_start_ns - found[0].window_start_ns) // (3600 * 10**9) for finding in found]
    assert hours[0] == 0
    assert max(hours[:-1]) < 15
    assert found[-1].traces.peers == ("192.0.2.8",)
    assert "this host uploads about" in found[-1].sentence


def test_an_upload_over_a_window_edge_is_one(flow, watch):
    """Twice 1.2 MB in two windows count together in the second."""
    flows = [flow(at=3500, out=1_200_000, back=900, lasts=60), flow(at=3650, out=1_200_000, back=900, lasts=60)]
    assert [finding.fires for finding in watch("exfiltration", flows)] == [False, True]


def test_bytes_with_headers_serve_where_payload_is_not_told(flow, watch):
    """A log that only counts IP bytes is judged by those."""
    assert fired(watch("exfiltration", [flow(out=9_000_000, back=9_000)], without=("orig_payload_bytes",)))


def test_plain_ports_have_their_technique(flow, watch):
    """An upload by FTP is unencrypted."""
    (found,) = watch("exfiltration", [flow(port=20, out=9_000_000, back=9_000)])
    assert found.technique.id == "T1048.003"
