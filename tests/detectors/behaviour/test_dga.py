from netad.ingest.facts.batch import FactKind
from netad.sample.rhythm import random_stream

WORDS = ("amber", "birch", "cedar", "delta", "ember", "grove", "haven", "inlet", "maple", "ocean", "pearl", "river")


def drawn(count, seed=1, length=12):
    rng = random_stream(seed)
    return ["".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(length)) + ".com" for _ in range(count)]


def look_ups(names, rcode=3, pause=5.0, **more):
    return [{"at": pause * n, "query": name, "query_type": 1, "rcode": rcode, **more} for n, name in enumerate(names)]


def see(watch, flow, make_facts, rows, **more):
    hours = int(max(row["at"] for row in rows) // 3600) + 1
    sources = {row.get("source", "10.0.0.1") for row in rows}
    flows = [flow("10.0.0.53", 53, 3600 * h, source=s, protocol=17) for h in range(hours) for s in sources]
    return watch("dga", flows, [make_facts(FactKind.DNS, rows)], **more)


def test_random_domains_that_do_not_exist(watch, flow, make_facts):
    """Forty of them fire, with names, the resolver and the share that looks drawn by lot."""
    (found,) = see(watch, flow, make_facts, look_ups(drawn(40)))
    assert found.fires
    assert found.technique.id == "T1568.002"
    assert (found.traces.numbers["domains"], found.traces.peers) == (40.0, ("10.0.0.53",))
    assert found.traces.numbers["random_domains"] >= 36
    assert len(found.traces.names) == 20
    assert found.sentence.startswith("looked up 40 domains that do not exist in 3 min")


def test_slow_generators_add_up(watch, flow, make_facts):
    """Six an hour are enough after some hours."""
    found = see(watch, flow, make_facts, look_ups(drawn(30), pause=600))
    assert [finding.fires for finding in found][-1]


def test_domains_that_exist_and_mistyped_ones_do_not_count(watch, flow, make_facts):
    """Random names with answers, a few words without, one domain many times, local and reverse names: nothing."""
    assert not see(watch, flow, make_facts, look_ups(drawn(60), rcode=0))
    assert not see(watch, flow, make_facts, look_ups([f"{word}.com" for word in WORDS]))
    assert not see(watch, flow, make_facts, look_ups([name.replace(".com", ".corp.com") for name in drawn(60)]))
    assert not see(watch, flow, make_facts, look_ups([name.replace(".com", ".local") for name in drawn(60)]))
    assert not see(watch, flow, make_facts, look_ups([f"{n}.2.0.10.in-addr.arpa" for n in range(60)]))


def test_word_lists_show_by_number(watch, flow, make_facts):
    """Domains of words need to be many."""
    names = [f"{one}{other}.net" for one in WORDS for other in WORDS]
    (found,) = see(watch, flow, make_facts, look_ups(names))
    assert found.fires


def test_resolvers_ask_for_others(watch, flow, make_facts):
    """What a resolver asks upstream is its clients' doing: only the client is named."""
    rows = look_ups(drawn(40))
    upstream = look_ups(drawn(40), source="10.0.0.53", target="192.0.2.53")
    assert {one.source for one in see(watch, flow, make_facts, rows + upstream)} == {"10.0.0.1"}


def test_without_answer_codes_nothing_is_said(watch, flow, make_facts):
    """An input that does not tell answers from failures finds no generator."""
    flows = [flow("10.0.0.53", 53, protocol=17)]
    assert not watch("dga", flows, [make_facts(FactKind.DNS, look_ups(drawn(60)), ("rcode",))])
    assert not watch("dga", flows)
