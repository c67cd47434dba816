import numpy as np
import pytest

from netad.core.errors import StateError
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.profiles.held_facts import HeldFacts
from netad.profiles.windows import WindowAggregator

SECOND = 1_000_000_000
MINUTE = 60 * SECOND


@pytest.fixture
def at(flow):
    """Builds a flow that ends so many seconds after the epoch."""

    def build(seconds, **changes):
        return flow(**changes) | {"first_ns": int(seconds * SECOND), "last_ns": int(seconds * SECOND)}

    return build


@pytest.fixture
def said(fact):
    """Builds a batch of look-ups: (seconds after the epoch, name) pairs of one source."""

    def build(*pairs, source="10.0.0.1"):
        rows = [fact(source=source, query=name) | {"time_ns": int(time * SECOND)} for time, name in pairs]
        return FactBatch.from_rows(FactKind.DNS, rows)

    return build


def heard(batch):
    """(start of the window in s, source, name) of every look-up of a ProfileBatch."""
    facts = batch.facts[FactKind.DNS]
    rows = batch.frame.iloc[facts.row]
    return list(zip(rows["window_start_ns"] // SECOND, rows["source"], facts.facts["query"], strict=True))


def test_held_facts_are_carried(said):
    """Facts, their places and what is told of come back; of neighbours with the same columns one part is made."""
    one = HeldFacts((FactKind.TLS,))
    for batch in (said((1, "a.test")), said((2, "b.test")), said((3, "c.test")).select(np.array([0]))):
        one.hold(batch, np.array([0]), np.array([1]))
    other = HeldFacts(())
    other.resume(one.carry())
    assert list(one.carry()["held"]["DNS"]) == ["0"]
    (released,) = other.release(None)[FactKind.DNS]
    assert released["query"].tolist() == ["a.test", "b.test", "c.test"]
    assert released["slot"].tolist() == [1, 1, 1]
    assert set(other.release(None)) == {FactKind.DNS, FactKind.TLS}


@pytest.mark.parametrize(
    "change",
    [{"told": ["SPOKEN"]}, {"held": {"DNS": {"0": {"what": np.zeros(1)}}}}, {"held": {"DNS": {"0": {}}}}, {"told": 1}],
)
def test_a_state_with_other_facts_is_refused(change):
    """Kinds and columns that netad does not know, and columns that are missing, are errors of the state."""
    with pytest.raises(StateError):
        HeldFacts(()).resume(HeldFacts(()).carry() | change)


def test_facts_go_to_the_window_they_were_said_in(at, said, make_batch, inside):
    """A fact belongs to the row of its source and window, whichever of both came first, in order of time."""
    windows = WindowAggregator(MINUTE, inside)
    windows.add(said((61, "c"), (5, "b"), (3, "a")))
    windows.add(make_batch([at(10), at(70), at(70, source="10.0.0.2")]))
    windows.add(said((119, "d"), source="10.0.0.2"))
    (batch,) = windows.finish()
    assert heard(batch) == [(0, "10.0.0.1", "a"), (0, "10.0.0.1", "b"), (60, "10.0.0.1", "c"), (60, "10.0.0.2", "d")]


def test_facts_wait_for_their_window(at, said, make_batch, inside):
    """What was said in a window that is open still comes with that window, not with one that closes before."""
    windows = WindowAggregator(MINUTE, inside, lateness_ns=0)
    windows.add(said((5, "a"), (65, "b")))
    (first,) = windows.add(make_batch([at(10), at(61)]))
    (second,) = windows.finish()
    assert (heard(first), heard(second)) == ([(0, "10.0.0.1", "a")], [(60, "10.0.0.1", "b")])


def test_facts_without_a_flow_are_counted(at, said, make_batch, inside):
    """A source that only spoke, a window without its flows, a window that has closed: no profile, but a count."""
    windows = WindowAggregator(MINUTE, inside, lateness_ns=0)
    windows.add(said((5, "a"), source="10.0.0.9"))
    windows.add(make_batch([at(10), at(70)]))
    windows.add(said((6, "late"), (80, "b"), (200, "c")))
    (batch,) = windows.finish()
    assert heard(batch) == [(60, "10.0.0.1", "b")]
    assert windows.homeless_facts == 3


def test_only_facts_make_no_profiles(said, inside):
    """Without any flow there is nothing but a count."""
    windows = WindowAggregator(None, inside)
    windows.add(said((5, "a")))
    assert windows.finish() == []
    assert windows.homeless_facts == 1


def test_kinds_that_the_input_tells_of(flow, fact, make_batch, closed, inside):
    """A kind is there, without facts, when it was expected or an empty batch came; else it is not known of."""
    windows = WindowAggregator(None, inside, facts=[FactKind.TLS])
    windows.add(FactBatch.from_rows(FactKind.DNS, []))
    windows.add(make_batch([flow()]))
    (batch,) = windows.finish()
    assert {kind: len(facts) for kind, facts in batch.facts.items()} == {FactKind.DNS: 0, FactKind.TLS: 0}
    assert closed([flow()]).facts == {}


def test_columns_that_only_some_inputs_carry(flow, fact, closed):
    """What one input does not carry is "not known" beside those that do, and marked."""
    full = FactBatch.from_rows(FactKind.DNS, [fact(time=0.2, query="b", query_bytes=40, rcode=3)])
    lean = FactBatch.from_rows(FactKind.DNS, [fact(time=0.1, query="a")], without=["query_bytes", "rcode"])
    facts = closed([flow()], full, lean).facts[FactKind.DNS]
    assert facts.facts["query"].tolist() == ["a", "b"]
    assert facts.facts["query_bytes"].tolist() == [-1, 40]
    assert facts.facts["rcode"].tolist() == [-1, 3]
    assert {name: lacking.tolist() for name, lacking in facts.lacking.items()} == {
        "query_bytes": [True, False], "rcode": [True, False]
    }  # fmt: skip
    assert facts.row.dtype == np.int32
