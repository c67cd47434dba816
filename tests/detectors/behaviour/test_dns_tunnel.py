from netad.ingest.facts.batch import FactKind
from netad.sample.rhythm import random_stream


def queries(count, below="t.evil.example", length=40, kind=16, pause=2.0, seed=1, **more):
    rng = random_stream(seed)
    return [
        {"at": pause * n, "query": f"{rng.randbytes(length // 2).hex()}.{below}", "query_type": kind, **more}
        for n in range(count)
    ]


def see(watch, flow, make_facts, rows, **more):
    hours = int(max(row["at"] for row in rows) // 3600) + 1
    sources = {row.get("source", "10.0.0.1") for row in rows}
    flows = [flow("10.0.0.53", 53, 3600 * h, source=s, protocol=17) for h in range(hours) for s in sources]
    return watch("dns_tunnel", flows, [make_facts(FactKind.DNS, rows)], **more)


def test_data_in_names_is_found(watch, flow, make_facts):
    """A hundred long names below one domain: which domain, how many, how much."""
    (found,) = see(watch, flow, make_facts, queries(100))
    assert found.fires
    assert found.technique.id == "T1071.004"
    assert found.traces.names[0] == "evil.example"
    assert (found.traces.numbers["names"], found.traces.numbers["bytes_in_names"]) == (100.0, 4200.0)
    assert found.traces.numbers["roomy_share"] == 1.0


def test_slow_tunnels_add_up_over_windows(watch, flow, make_facts):
    """A name every four minutes is enough in six hours."""
    found = see(watch, flow, make_facts, queries(90, pause=240))
    assert [finding.fires for finding in found] == sorted(finding.fires for finding in found)
    assert found[-1].fires


def test_what_resolvers_and_networks_of_servers_look_like(watch, flow, make_facts):
    """The same names again, short names, local ones, reverse ones: no tunnel."""
    assert not see(watch, flow, make_facts, queries(1) * 500)
    assert not see(watch, flow, make_facts, queries(300, length=8, kind=1))
    assert not see(watch, flow, make_facts, queries(300, below="office.local"))
    assert not see(watch, flow, make_facts, queries(300, below="8.e.f.ip6.arpa"))


def test_services_that_get_data_in_names_need_four_times_as_much(watch, flow, make_facts):
    """A virus scanner's reputation service stays a hint."""
    (found,) = see(watch, flow, make_facts, queries(70, below="x.sophosxl.net"))
    assert not found.fires


def test_resolvers_ask_for_others(watch, flow, make_facts):
    """What a resolver asks upstream is its clients' doing: only the client is named."""
    rows = queries(100) + queries(100, source="10.0.0.53", target="192.0.2.53")
    assert {one.source for one in see(watch, flow, make_facts, rows)} == {"10.0.0.1"}
