import numpy as np

from netad.detectors.behaviour.names import NO_NAME, Names, any_suffix
from netad.ingest.facts.batch import FactKind


def test_names_have_numbers():
    """The same name the same one; none for an empty name or a full table."""
    names = Names(most=2)
    assert [names.number(text) for text in ("a", "b", "a", "", "c")] == [0, 1, 0, NO_NAME, NO_NAME]
    assert (names.text(1), names.text(NO_NAME)) == ("b", "")


def test_slices_get_the_name_said_in_them(flow, make_facts, sights):
    """Of TLS before HTTP, matched by both ends; other slices have none."""
    flows = [flow(at=number, own_port=40_000 + number) for number in range(3)]
    common = {"target": "192.0.2.1", "resp_port": 443, "protocol": 6}
    tls = [{**common, "at": 0.1, "orig_port": 40_000, "server_name": "tls.example"}]
    http = [{**common, "at": number, "orig_port": 40_000 + number, "host": "http.example"} for number in (0, 2)]
    (sight,) = sights(flows, [make_facts(FactKind.TLS, tls), make_facts(FactKind.HTTP, http)])
    names = Names()
    told = names.of_slices(sight, np.arange(3))
    assert [names.text(number) for number in told.tolist()] == ["tls.example", "", "http.example"]


def test_domains_and_what_is_below():
    """Whole labels only."""
    assert any_suffix("a.b.example", {"b.example"})
    assert any_suffix("b.example", {"b.example"})
    assert not any_suffix("ab.example", {"b.example"})
    assert not any_suffix("", {"b.example"})


def test_names_keep_their_numbers_in_another_run():
    """What is carried has the same number, what comes then the next one."""
    one, other = Names(most=3), Names(most=3)
    for text in ("b", "a"):
        one.number(text)
    other.resume(one.carry())
    assert [other.number(text) for text in ("a", "b", "c", "d")] == [1, 0, 2, NO_NAME]
    assert other.text(1) == "a"
