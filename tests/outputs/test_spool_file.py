"""One spool file: hidden until it is whole, and whatever is in it, read as events or refused in one sentence."""

import pytest

from netad.core.errors import OutputError
from netad.outputs.spool_file import SpoolFile, held_bytes, read_events, read_target

EVENT = {"event": {"id": "1"}, "data_stream": {"type": "logs", "dataset": "d", "namespace": "n"}}


def test_a_file_is_there_when_it_is_finished(tmp_path):
    """Before `finish` nothing has the file's name; after it the events and the target come back."""
    path = tmp_path / "1.ndjson.gz"
    file = SpoolFile(path, "http://a")
    file.append(EVENT)
    assert held_bytes(path) == 0
    file.finish()
    assert held_bytes(path) > 0
    assert read_target(path) == "http://a"
    assert list(read_events(path)) == [EVENT]


def test_an_abandoned_file_leaves_nothing(tmp_path):
    """After an error neither the file nor its beginning stays."""
    file = SpoolFile(tmp_path / "1.ndjson.gz", "http://a")
    file.append(EVENT)
    file.abandon(OSError("disk full"))
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_is_no_event(tmp_path):
    """Lines before it are read, then the file counts as damaged."""
    path = tmp_path / "1.ndjson.gz"
    file = SpoolFile(path, "http://a")
    for line in ({"reason": "no", "event": EVENT}, {"reason": "no", "event": 7}):
        file.append(line)
    file.finish()
    lines = read_events(path)
    assert next(lines) == EVENT
    with pytest.raises(OutputError, match="is damaged"):
        next(lines)
