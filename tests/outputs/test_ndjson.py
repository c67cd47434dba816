"""JSON lines to files, pipes and devices."""

import errno
import os
import subprocess
import sys

import orjson
import pytest

from netad.core.errors import OutputError
from netad.outputs.base import RunSummary
from netad.outputs.ndjson import NdjsonOutput
from netad.outputs.origin import stamped

NOW = "2026-01-12T09:00:00.000Z"


def clock():
    return NOW


def test_lines_are_the_events_in_order_with_their_send_time(tmp_path, anomaly_events, events_of_flows):
    """One event a line, only event.ingested added."""
    target = tmp_path / "new" / "events.ndjson"
    output = NdjsonOutput(str(target), clock=clock)
    output.write(anomaly_events)
    output.write(events_of_flows)
    output.close(RunSummary())
    lines = [orjson.loads(line) for line in target.read_bytes().splitlines()]
    assert lines == [stamped(event, NOW) for event in anomaly_events + events_of_flows]


def test_the_file_appears_at_the_end_and_replaces_what_was_there(tmp_path, anomaly_events):
    """A reader sees the old file or the new one, never a part."""
    target = tmp_path / "events.ndjson"
    target.write_text("old\n")
    output = NdjsonOutput(str(target))
    output.write(anomaly_events)
    assert target.read_text() == "old\n"
    output.close(RunSummary())
    assert len(target.read_bytes().splitlines()) == len(anomaly_events)


@pytest.mark.parametrize("target", [None, "-"])
def test_standard_output_is_the_default(capsysbinary, anomaly_events, target):
    """Lines go to stdout as they come."""
    output = NdjsonOutput.from_target(target)
    output.write(anomaly_events)
    assert len(capsysbinary.readouterr().out.splitlines()) == len(anomaly_events)
    assert output.close(RunSummary()).where == "standard output"


def test_a_link_stays_a_link(tmp_path, anomaly_events):
    """What the link points to is replaced, not the link."""
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to(target)
    output = NdjsonOutput(str(link))
    output.write(anomaly_events)
    output.close(RunSummary())
    assert link.is_symlink()
    assert target.read_bytes()


def test_a_device_is_written_not_replaced(tmp_path, anomaly_events):
    """A named pipe keeps being a pipe, and its reader gets the lines."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    output = NdjsonOutput(str(pipe))
    output.write(anomaly_events[:1])
    assert orjson.loads(os.read(reader, 1 << 16))["event"]["id"] == anomaly_events[0]["event"]["id"]
    output.close(RunSummary())
    os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("place", ["file/events.ndjson", "folder"])
def test_a_place_that_cannot_be_written_is_told_at_once(tmp_path, place):
    """Before hours of reading, in one sentence with the path."""
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=f"cannot write {tmp_path / place}: .+"):
        NdjsonOutput(str(tmp_path / place))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")  # noqa: PTH110
def test_a_full_disk_is_one_sentence_and_counts_as_dead(anomaly_events):
    """Nothing counts as delivered that may not have arrived."""
    output = NdjsonOutput("/dev/full")
    with pytest.raises(OutputError, match=f"cannot write /dev/full: {os.strerror(errno.ENOSPC)}"):
        output.write(anomaly_events)
    delivery = output.close(RunSummary())
    assert (delivery.delivered, delivery.dead) == (0, len(anomaly_events))


def test_a_failed_run_leaves_the_old_file(tmp_path, anomaly_events):
    """When the folder vanishes before the end, close says so and no event counts as delivered."""
    folder = tmp_path / "folder"
    folder.mkdir()
    output = NdjsonOutput(str(folder / "events.ndjson"))
    output.write(anomaly_events)
    folder.rename(tmp_path / "moved")
    delivery = output.close(RunSummary())
    assert (delivery.delivered, delivery.dead) == (0, len(anomaly_events))
    assert delivery.problems[0].startswith(f"cannot write {folder}")


def test_a_reader_that_leaves_is_one_sentence(tmp_path):
    """`| head` ends in an OutputError, not in a traceback of a broken pipe."""
    script = """
import sys
from netad.core.errors import OutputError
from netad.outputs.ndjson import NdjsonOutput
output = NdjsonOutput()
sys.stdin.read()
try:
    output.write([{"event": {"id": str(number)}} for number in range(100)])
except OutputError as error:
    sys.stderr.write(str(error))
    sys.stderr.flush()
import os
os._exit(0)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    process.stdin.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0
    assert told == b"the reader of standard output has gone before all events were written"


def test_an_abandoned_run_leaves_what_was_there(tmp_path):
    """A run that ends before there is any event replaces nothing and leaves nothing beside it."""
    target = tmp_path / "a.ndjson"
    target.write_text("yesterday's")
    NdjsonOutput(str(target)).abandon()
    assert [path.name for path in tmp_path.iterdir()] == ["a.ndjson"]
    assert target.read_text() == "yesterday's"


def test_a_closed_standard_output_is_a_sentence(monkeypatch):
    """`netad ... >&-` has nowhere to write to."""
    monkeypatch.setattr("sys.stdout", None)
    with pytest.raises(OutputError, match="standard output: it is closed"):
        NdjsonOutput()
