import numpy as np
import pytest

from netad.ingest.flows import DTYPES, FLOW_COLUMNS, SLICE, WHOLE, FlowBatch


def record(**values):
    return dict.fromkeys(DTYPES, 0) | {"history": b""} | values


def test_every_column_is_described():
    """Names are unique and each column says what it means."""
    assert len({spec.name for spec in FLOW_COLUMNS}) == len(FLOW_COLUMNS)
    assert all(spec.meaning for spec in FLOW_COLUMNS)


def test_whole_flows_and_slices_are_told_apart():
    """A flow in one window is both; a cut flow is a whole record and slices."""
    batch = FlowBatch.from_records([record(part=WHOLE | SLICE), record(part=SLICE), record(part=WHOLE)])
    assert (len(batch.whole()), len(batch.slices())) == (2, 2)


def test_joining_keeps_where_flows_came_from():
    """Input indices are renumbered into the joined list of inputs."""
    first = FlowBatch.from_records([record(input=0)], ("a",))
    second = FlowBatch.from_records([record(input=1), record(input=0)], ("b", "a"))
    joined = FlowBatch.concat([first, second])
    assert [joined.inputs[index] for index in joined["input"]] == ["a", "a", "b"]


def test_joining_drops_what_one_side_does_not_carry():
    """A column that an input lacks is missing afterwards, never zero."""
    full = FlowBatch.from_records([record()])
    lean = FlowBatch({name: column for name, column in full.columns.items() if name != "orig_ttl_min"})
    assert "orig_ttl_min" not in FlowBatch.concat([full, lean])
    assert len(FlowBatch.concat([])) == 0


def test_when_a_flow_began_is_known_of_every_record():
    """By a column of its own, or without one by the first packet; joined batches know it of all."""
    plain = FlowBatch.from_records([record(first_ns=5)])
    cut = FlowBatch.from_records([record(first_ns=9, opened_ns=2)])
    assert "opened_ns" not in plain
    assert (plain.opened_ns.tolist(), cut.opened_ns.tolist()) == ([5], [2])
    assert FlowBatch.concat([plain, cut]).opened_ns.tolist() == [5, 2]
    assert "opened_ns" not in FlowBatch.concat([plain, plain])


def test_columns_of_different_lengths_are_refused():
    """A batch is a table."""
    with pytest.raises(ValueError, match="different lengths"):
        FlowBatch({"first_ns": np.zeros(1, np.int64), "last_ns": np.zeros(2, np.int64)})
