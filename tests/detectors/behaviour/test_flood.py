def test_a_flood_of_attempts(failed, watch):
    """Very many attempts at one service from one source, and how fast."""
    flows = [failed("10.0.0.9", 80, n / 1000, source="203.0.113.5", sent=10) for n in range(800)]
    (found,) = watch("flood", flows)
    assert found.fires
    assert (found.technique.id, found.traces.peers, found.traces.ports) == ("T1499.001", ("10.0.0.9",), (80,))
    assert found.traces.numbers["packets"] == 8000
    assert "8,000 packets of connection attempts that were not accepted to 10.0.0.9 port 80" in found.sentence


def test_forged_sources_are_counted_per_victim(failed, watch):
    """A flood from everywhere is reported for the few that sent most of it."""
    flows = [
        failed("10.0.0.9", 80, n / 1000, source=f"203.0.{n // 250}.{n % 250}", sent=4 if n < 2 else 3)
        for n in range(1500)
    ]
    found = watch("flood", flows)
    assert len(found) == 3
    assert all(finding.fires for finding in found)
    assert {"203.0.0.0", "203.0.0.1"} < {finding.source for finding in found}
    assert found[0].traces.numbers["sources"] == 1500


def test_udp_and_icmp_floods(flow, watch):
    """Packets nobody answers, very many and fast."""
    for protocol, own_port in ((17, 5000), (1, 8)):
        flows = [flow("192.0.2.9", 9, n, protocol=protocol, own_port=own_port, sent=30_000, got=0, back=0, state="S0")
                 for n in range(5)]  # fmt: skip
        (found,) = watch("flood", flows)
        assert found.fires
        assert found.technique.id == "T1498.001"


def test_reflected_answers(flow, watch):
    """Answers of time services that the victim did not ask for, from many servers."""
    flows = [
        flow("10.0.0.9", 30_000 + n, n / 100, source=f"203.0.113.{n % 200}", own_port=123, protocol=17, sent=9, got=0,
             back=0, state="S0")
        for n in range(400)
    ]  # fmt: skip
    found = watch("flood", flows)
    assert {finding.technique.id for finding in found} == {"T1498.002"}
    assert "answers nobody asked for from 1 port (123) to 10.0.0.9" in found[0].sentence


def test_answers_to_forged_attempts_are_told_at_the_victim(flow, watch):
    """SYN-ACKs nobody asked for: the capture shows their victim as the originator."""
    flows = [flow(f"203.0.{n // 250}.{n % 250}", 80, n / 1000, sent=0, out=0, back=0, state="OTH") for n in range(900)]
    (found,) = watch("flood", flows)
    assert (found.source, found.fires, found.traces.peer_count) == ("10.0.0.1", True, 900)


def test_busy_is_not_a_flood(flow, failed, watch):
    """Streams with answers, slow trickles and a dead service are none."""
    assert not watch("flood", [flow("192.0.2.9", 5004, protocol=17, sent=200_000, got=190_000, lasts=600)])
    assert not watch("flood", [flow("192.0.2.9", 514, protocol=17, sent=30_000, got=0, back=0, lasts=3500, state="S0")])
    assert not watch("flood", [failed("10.0.0.9", 80, n) for n in range(3000)])


def test_inputs_without_packet_counts(failed, watch):
    """Nothing can be said about packets that were not counted."""
    flows = [failed("10.0.0.9", 80, n / 1000, sent=10) for n in range(800)]
    assert not watch("flood", flows, without=("orig_packets",))
