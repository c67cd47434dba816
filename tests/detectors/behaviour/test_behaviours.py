import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netad.core.errors import ConfigError, StateError
from netad.core.state_file import read_state, write_state
from netad.detectors.behaviour.base import LEAST_STRENGTH, MOST_STRENGTH, SHOWN, Behaviour
from netad.detectors.behaviour.behaviours import BEHAVIOURS, Behaviours, read_parameters
from netad.detectors.behaviour.sight import Sight
from netad.ingest.facts.batch import FactKind
from netad.ingest.flows import CONN_STATES
from netad.sample.rhythm import random_stream

NAMES = ("scan", "beacon", "exfiltration", "brute_force", "dga", "dns_tunnel", "lateral_movement", "flood")


@pytest.fixture
def busy(flow, failed, make_batches):
    """Two windows in which much goes on."""
    flows = [failed("10.0.0.9", port, 30 * port) for port in range(1, 200)]
    flows += [flow(at=60 * number, source="10.0.0.2", out=800) for number in range(100)]
    flows += [flow("10.0.0.9", 22, 20 * number, source="10.0.0.3") for number in range(300)]
    flows += [flow(at=9, source="10.0.0.4", out=5_000_000)]
    return make_batches(flows)


def _shown(value):
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and value > 9999 else f"{value:g}"


@pytest.mark.parametrize("name", NAMES)
def test_the_guide_has_every_parameter(name):
    """With its default, but for lists longer than 15."""
    guide = Path(__file__).parents[3].joinpath("docs", "behaviours.md").read_text(encoding="utf-8")
    chapter = guide.partition(f"(`{name}`)")[2].partition("\n## ")[0]
    for item in fields(BEHAVIOURS.load(name).parameters):
        if not isinstance(item.default, tuple) or len(item.default) < 16:
            assert f"| `{item.name}` | {_shown(item.default)} |" in chapter
        else:
            assert re.search(rf"\| `{item.name}` \| {len(item.default)} (ports|domains) \|", chapter)


@pytest.mark.parametrize("name", NAMES)
def test_contract_of_every_behaviour(name, inside, busy):
    """Its name, its parameters with a documented default each, bounded findings with evidence, nothing changed."""
    kind = BEHAVIOURS.load(name)
    assert kind.name == name
    for item in fields(kind.parameters):
        assert re.search(rf"\b{item.name}\b.*:", kind.parameters.__doc__), item.name
    behaviour = kind(kind.parameters(), inside)
    assert isinstance(behaviour, Behaviour)
    for batch in busy:
        frame, slices = batch.frame.copy(), {name: column.copy() for name, column in batch.groups.columns.items()}
        for sight in Sight.of(batch, inside):
            for found in behaviour.observe(sight):
                assert found.behaviour == name
                assert LEAST_STRENGTH <= found.strength <= MOST_STRENGTH
                assert re.fullmatch(r"T\d{4}(\.\d{3})?", found.technique.id)
                assert found.source == batch.frame["source"][found.row]
                assert found.window_start_ns == batch.frame["window_start_ns"][found.row]
                assert found.traces.first_ns <= found.traces.last_ns < found.window_end_ns
                assert max(len(found.traces.peers), len(found.traces.ports), len(found.traces.times_ns)) <= SHOWN
                assert list(found.traces.times_ns) == sorted(found.traces.times_ns)
                assert not found.sentence.endswith(".")
                assert set(found.parameters) == {item.name for item in fields(kind.parameters)}
        pd.testing.assert_frame_equal(frame, batch.frame)
        assert all(np.array_equal(column, batch.groups[name]) for name, column in slices.items())


@pytest.fixture
def slow(flow, failed, make_batches, make_facts):
    """Six windows in which the same things go on, so slowly that each needs the windows before to be seen."""
    chance = random_stream(1)
    names = ["".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(12)) + ".com" for _ in range(36)]
    rows = [{"at": 600 * number, "query": name, "query_type": 1, "rcode": 3} for number, name in enumerate(names)]
    rows += [
        {"at": 240 * number, "query": f"{chance.randbytes(20).hex()}.t.evil.example", "query_type": 16}
        for number in range(90)
    ]
    flows = [failed(f"10.0.5.{number}", 445, 900 * number) for number in range(24)]
    flows += [flow(port=4444, at=600 * number, source="10.0.0.2", out=800) for number in range(36)]
    flows += [flow("10.0.0.9", 22, 60 * number, source="10.0.0.3", lasts=0.3, out=1500) for number in range(360)]
    flows += [flow("192.0.2.5", at=3600 * hour + 9, source="10.0.0.4", out=400_000) for hour in range(6)]
    flows += [
        flow(f"10.0.6.{number}", port, 1800 * number + port / 1000, source="10.0.0.5", out=500, back=500)
        for number in range(12)
        for port in (445, 135, 49_700)
    ]
    flows += [flow("10.0.0.53", 53, 3600 * hour, protocol=17) for hour in range(6)]
    return make_batches(flows, [make_facts(FactKind.DNS, rows)])


@pytest.mark.parametrize("name", NAMES)
def test_every_behaviour_goes_on_in_another_run(name, inside, slow, tmp_path):
    """Cut between any two windows, through a state file: the same findings; all that it has is in its state."""
    kind = BEHAVIOURS.load(name)
    seen = [sight for batch in slow for sight in Sight.of(batch, inside)]
    assert len(seen) == 6
    whole = kind(kind.parameters(), inside)
    expected = [found for sight in seen for found in whole.observe(sight)]
    differs = []
    for cut in range(1, len(seen)):
        before, after, forgetful = (kind(kind.parameters(), inside) for _ in range(3))
        found = [found for sight in seen[:cut] for found in before.observe(sight)]
        write_state(tmp_path / "state", before.carry())
        assert set(before.carry()) == set(vars(before)) - {"_p", "_inside"}
        after.resume(read_state(tmp_path / "state"))
        assert found + [found for sight in seen[cut:] for found in after.observe(sight)] == expected
        differs.append(found + [found for sight in seen[cut:] for found in forgetful.observe(sight)] != expected)
    assert any(differs) == (name != "flood"), "the windows before make no difference, so that this test shows nothing"
    assert after.forgotten == whole.forgotten


def test_all_behaviours_go_on_together(inside, slow, tmp_path, caplog):
    """One state for all of them; a bound that was said to be reached is not said again."""
    given = {"scan": {"most_of_a_source": 3}}
    one, other = Behaviours(given, inside), Behaviours(given, inside)
    expected = [found for batch in slow for found in one.observe(batch)]
    found = []
    for batch in slow:
        found += other.observe(batch)
        write_state(tmp_path / "state", other.carry())
        other = Behaviours(given, inside)
        other.resume(read_state(tmp_path / "state"))
    assert found == expected
    assert other.forgotten == one.forgotten
    assert len(caplog.records) == 2


def test_a_state_without_a_behaviour_is_refused(inside):
    """Nobody goes on with half a memory."""
    state = Behaviours(None, inside).carry()
    del state["scan"]
    with pytest.raises(StateError, match="scan"):
        Behaviours(None, inside).resume(state)


def test_each_is_named_after_what_it_did(busy, inside):
    """A scan, a beacon, guessing and an upload, each of another host, and nothing else fires."""
    behaviours = Behaviours(None, inside)
    found = {(one.source, one.behaviour) for batch in busy for one in behaviours.observe(batch) if one.fires}
    assert found == {
        ("10.0.0.1", "scan"),
        ("10.0.0.2", "beacon"),
        ("10.0.0.3", "brute_force"),
        ("10.0.0.4", "exfiltration"),
    }
    assert behaviours.forgotten == {}


def test_strengths_are_columns(busy, inside):
    """One column a behaviour, one value a row: the strongest finding, 0 without."""
    behaviours = Behaviours(None, inside)
    assert behaviours.names == NAMES
    found = behaviours.observe(busy[0])
    table = behaviours.strengths(busy[0], found)
    assert list(table.columns) == [f"behaviour.{name}" for name in NAMES]
    assert (table.dtypes == np.float64).all()
    assert len(table) == len(busy[0])
    strongest = {(one.row, one.behaviour): one.strength for one in found}
    for (row, name), strength in strongest.items():
        assert table[f"behaviour.{name}"][row] == strength
    assert np.count_nonzero(table.to_numpy()) == len(strongest)


def test_parameters_from_a_configuration(busy, inside):
    """`behaviours: {beacon: {least_connections: 300}}`, as YAML's text or numbers."""
    assert read_parameters({"beacon": {"least_connections": "300"}})["beacon"].least_connections == 300
    strict = Behaviours({"beacon": {"least_connections": 300}}, inside)
    assert not [one for batch in busy for one in strict.observe(batch) if one.behaviour == "beacon"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bacon": {}}, "behaviours: unknown behaviour 'bacon'; did you mean 'beacon'?"),
        ({"beacon": {"least_conections": 3}}, "beacon: unknown parameter 'least_conections'; did you mean"),
        ({"beacon": "often"}, "beacon: 'often' is not a mapping"),
    ],
)
def test_parameters_that_make_no_sense(given, message):
    """One sentence that says where."""
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_parameters(given)


def test_what_was_forgotten_is_said_once(flow, failed, make_batches, inside, caplog):
    """A bound that was reached is a warning, not one a window."""
    behaviours = Behaviours({"scan": {"most_of_a_source": 10}}, inside)
    for batch in make_batches([failed("10.0.0.9", port, 100 * port) for port in range(1, 100)]):
        behaviours.observe(batch)
    assert behaviours.forgotten["scan"] == 89
    assert [record.message for record in caplog.records] == [
        "behaviour scan saw more than it may remember and forgot its oldest"
    ]


def test_batches_without_slices_are_refused(busy, inside):
    """A joined batch has lost what behaviours look at; an empty one has nothing."""
    joined = type(busy[0]).join(busy)
    with pytest.raises(ValueError, match="slices"):
        Behaviours(None, inside).observe(joined)
    assert Behaviours(None, inside).observe(busy[0].select(np.zeros(len(busy[0]), dtype=bool))) == []


_ports = st.sampled_from([22, 53, 80, 123, 135, 443, 445, 3389, 49_700])


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_traffic_is_taken(data, flow, make_batches, make_facts, inside):
    """Whatever the flows and facts, and whatever the input lacks: findings, or none, the same every time."""
    flows = data.draw(st.lists(st.builds(
        flow, st.sampled_from(["10.0.0.2", "192.0.2.1", "224.0.0.1", "2001:db8::9", "10.0.0.255"]), _ports,
        st.floats(0, 9000), source=st.sampled_from(["10.0.0.1", "10.0.0.2", "203.0.113.9", "2001:db8::1"]),
        lasts=st.floats(0, 9000), out=st.sampled_from([0, 1, 10**6, 2**62]), back=st.sampled_from([0, 1, 10**6, 2**62]),
        state=st.sampled_from(CONN_STATES), protocol=st.sampled_from([1, 6, 17, 47, 58]), sent=st.integers(0, 2**40),
        got=st.integers(0, 2**40), own_port=st.sampled_from([0, 8, 123, 40_000]),
    ), min_size=1, max_size=30))  # fmt: skip
    queries = data.draw(st.lists(st.text(max_size=40), max_size=30))
    rows = [{"at": 9 * n, "query": query, "rcode": 3, "query_type": 16} for n, query in enumerate(queries)]
    facts = [make_facts(FactKind.DNS, rows, data.draw(st.sets(st.sampled_from(["rcode", "query_type"]))))]
    without = data.draw(st.sets(st.sampled_from(["conn_state", "resp_packets", "orig_packets", "orig_payload_bytes"])))
    batches = make_batches(flows, facts, without)
    first, second = Behaviours(None, inside), Behaviours(None, inside)
    for batch in batches:
        found = first.observe(batch)
        assert found == second.observe(batch)
        assert np.isfinite(first.strengths(batch, found).to_numpy()).all()
