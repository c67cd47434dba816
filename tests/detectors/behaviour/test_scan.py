import pytest

from netad.detectors.behaviour.scan import Scan, ScanParameters


def fired(findings):
    return [finding for finding in findings if finding.fires]


def test_many_ports_of_one_host_are_a_scan(failed, watch):
    """A vertical scan names the host, its ports and the technique."""
    (found,) = watch("scan", [failed("10.0.0.9", port, port / 10) for port in range(1, 101)])
    assert (found.strength, found.technique.id, found.source) == (12.0, "T1046", "10.0.0.1")
    assert found.traces.peers == ("10.0.0.9",)
    assert (found.traces.port_count, found.traces.ports[0], found.traces.transports) == (100, 1, ("tcp",))
    assert found.sentence == "tried 100 ports on 1 host in 9.9 s, 100 of 100 first contacts failed"


def test_one_port_of_many_hosts_is_a_scan(failed, watch):
    """A horizontal scan outside fires at the eighth failure in a row, not at the seventh."""
    flows = [failed(f"192.0.2.{number}", 23, number) for number in range(1, 9)]
    assert fired(watch("scan", flows))
    assert not fired(watch("scan", flows[:7]))


def test_slow_scans_are_found_across_windows(failed, flow, watch):
    """Four contacts an hour, each with another host and port, fire in the third hour and stay, on a busy host."""
    probes = [failed(f"10.0.1.{number}", 20 + number % 5, number * 900) for number in range(24)]
    busy = [flow(f"198.51.100.{number % 250}", 443, number * 20) for number in range(1000)]
    found = watch("scan", probes + busy)
    windows = [finding.window_start_ns for finding in fired(found)]
    assert windows == [found[0].window_start_ns + hour * 3600 * 10**9 for hour in range(len(found))][-len(windows) :]
    assert len(windows) >= 4
    assert fired(found)[0].traces.numbers["contacts_per_hour"] == pytest.approx(4, abs=1)


def test_contacts_that_succeed_speak_for_a_host(failed, flow, watch):
    """Failures among successes on the same port are what browsing looks like."""
    flows = [(failed if number % 4 == 0 else flow)(f"192.0.2.{number}", 443, number * 10) for number in range(1, 200)]
    assert not watch("scan", flows)


def test_the_same_failure_counts_once(failed, watch):
    """A service that is down is tried again and again, through all windows: that is no scan."""
    assert not watch("scan", [failed("10.0.0.9", 8443, number * 60) for number in range(300)])


def test_names_that_were_looked_up_are_no_scan(failed, make_facts, watch):
    """Failures towards addresses that DNS had just given are the network's fault."""
    from netad.core.addresses import parse_address
    from netad.ingest.facts.batch import FactKind

    flows = [failed(f"192.0.2.{number}", 443, number) for number in range(1, 40)]
    answers = []
    for number in range(1, 40):
        high, low = parse_address(f"192.0.2.{number}")
        answers.append({"at": number - 0.5, "query": "a.example", "address_hi": high, "address_lo": low})
    assert fired(watch("scan", flows))
    assert not watch("scan", flows, [make_facts(FactKind.ANSWER, answers)])


def test_ping_sweeps_are_host_discovery(flow, watch):
    """ICMP echo without answers has a technique of its own and no ports."""
    pings = [
        flow(f"10.0.3.{number}", 0, number, protocol=1, own_port=8, out=56, back=0, got=0, state="OTH")
        for number in range(1, 40)
    ]
    (found,) = watch("scan", pings)
    assert (found.technique.id, found.traces.ports, found.traces.transports) == ("T1018", (), ("icmp",))
    assert found.fires


def test_udp_counts_less_and_one_way_services_not_at_all(flow, watch):
    """Silence of UDP needs more hosts; syslog and time services never answer."""

    def probe(number, port):
        return flow(f"192.0.2.{number}", port, number, protocol=17, out=20, back=0, got=0, state="S0")

    assert not fired(watch("scan", [probe(number, 161) for number in range(1, 11)]))
    assert fired(watch("scan", [probe(number, 161) for number in range(1, 40)]))
    assert not watch("scan", [probe(number, port) for number in range(1, 100) for port in (123, 514)])


def test_outside_scanners_are_reported_with_whom_they_reached(failed, flow, watch):
    """Inside hosts that answered come first and are in the sentence."""
    probes = [failed(f"10.0.0.{number}", 22, number, source="203.0.113.5") for number in range(10, 40)]
    probes += [flow("10.0.0.7", 22, 50, source="203.0.113.5"), failed("10.0.0.41", 22, 60, source="203.0.113.5")]
    (found,) = watch("scan", probes)
    assert (found.inside, found.technique.id) == (False, "T1595.001")
    assert found.traces.peers[0] == "10.0.0.7"
    assert found.sentence.endswith("1 inside host answered: 10.0.0.7")


def test_one_sided_captures_of_real_connections_are_no_scan(flow, watch):
    """Without the answers all connections look unanswered, but they carry payload."""
    flows = [flow(f"192.0.2.{number}", 443, number, out=900, got=0, back=0, state="S0") for number in range(1, 100)]
    assert not watch("scan", flows)


def test_inputs_without_states_and_answers(failed, watch):
    """Without connection states silence counts; without counts of answers nothing can fail."""
    flows = [failed("10.0.0.9", port, port) for port in range(1, 60)]
    assert fired(watch("scan", flows, without=("conn_state",)))
    assert not watch("scan", flows, without=("conn_state", "resp_packets"))


def test_memory_is_bounded_and_says_so(failed, sights, inside):
    """Above its bound the oldest contacts go, and their number is told."""
    scan = Scan(ScanParameters(most_of_a_source=50), inside)
    for sight in sights([failed("10.0.0.9", port, port) for port in range(1, 201)]):
        assert scan.observe(sight)[0].fires
    assert scan.forgotten == 150
