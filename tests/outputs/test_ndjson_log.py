"""JSON lines that grow from run to run."""

import errno

import orjson
import pytest

from netad.core.errors import OutputError
from netad.outputs.base import Commits, RunSummary
from netad.outputs.ndjson_log import NdjsonLog


def ids(path):
    return [orjson.loads(line)["event"]["id"] for line in path.read_bytes().splitlines()]


def written(path, events, state=None):
    """Write events in a run of its own; return what it delivered, and where the next goes on."""
    output = NdjsonLog(str(path))
    if state is not None:
        output.resume(state)
    output.write(events)
    output.commit()
    return output.close(RunSummary()), output.carry()


def test_each_run_appends_what_is_new(tmp_path, anomaly_events, events_of_flows):
    """Known ids are left out and counted, with and without a state."""
    target = tmp_path / "new" / "events.ndjson"
    first, state = written(target, anomaly_events)
    assert (first.delivered, first.duplicates) == (len(anomaly_events), 0)
    second, _ = written(target, [*anomaly_events, *events_of_flows])
    assert (second.delivered, second.duplicates) == (len(events_of_flows), len(anomaly_events))
    third, _ = written(target, events_of_flows, state)
    assert (third.delivered, third.duplicates) == (0, len(events_of_flows))
    assert ids(target) == [event["event"]["id"] for event in (*anomaly_events, *events_of_flows)]


def test_a_torn_last_line_is_cut(tmp_path, anomaly_events):
    """What a killed run has left of a line goes, and the event comes again as a whole."""
    target = tmp_path / "events.ndjson"
    written(target, anomaly_events)
    whole = target.read_bytes()
    target.write_bytes(whole[:-20])
    delivery, _ = written(target, anomaly_events)
    assert (delivery.delivered, delivery.duplicates) == (1, len(anomaly_events) - 1)
    assert len(ids(target)) == len(anomaly_events)
    target.write_bytes(whole + b"no JSON at all\n")
    assert written(target, anomaly_events)[0].delivered == 0


def test_what_is_before_the_safe_place_is_not_looked_at(tmp_path, anomaly_events):
    """A commit before anything was written does not make safe what a killed run had written behind it."""
    target = tmp_path / "events.ndjson"
    _, state = written(target, anomaly_events[:1])
    written(target, anomaly_events, state)
    output = NdjsonLog(str(target))
    output.resume(state)
    output.commit()
    assert output.carry() == state
    output.write(anomaly_events)
    assert output.close(RunSummary()).duplicates == len(anomaly_events)
    assert len(ids(target)) == len(anomaly_events) + 1  # the first is before the safe place: nobody writes it again


def test_a_file_that_was_rotated_is_begun_anew(tmp_path, anomaly_events):
    """It is shorter than the safe place: what is in it is known."""
    target = tmp_path / "events.ndjson"
    _, state = written(target, anomaly_events)
    target.write_bytes(target.read_bytes().splitlines(keepends=True)[0])
    delivery, _ = written(target, anomaly_events, state)
    assert (delivery.delivered, delivery.duplicates) == (len(anomaly_events) - 1, 1)


def test_a_full_disk_counts_what_was_not_committed_as_dead(tmp_path, anomaly_events, monkeypatch):
    """On commit as on write; close says it."""
    output = NdjsonLog(str(tmp_path / "events.ndjson"))
    assert isinstance(output, Commits)
    output.write(anomaly_events)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        output.commit()
    delivery = output.close(RunSummary())
    assert (delivery.delivered, delivery.dead) == (0, len(anomaly_events))
    assert delivery.problems


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    """A folder is no file."""
    with pytest.raises(OutputError, match="cannot write"):
        NdjsonLog(str(tmp_path))
