"""The console report as a whole."""

import io
import json
import re
from dataclasses import replace

import pytest

from netad.core.errors import OutputError
from netad.outputs.anomaly_event import anomaly_event
from netad.outputs.base import RunSummary
from netad.outputs.console import ConsoleOutput


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


class Gone(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, _text):
        raise BrokenPipeError(32, "Broken pipe")


class Full(io.StringIO):
    """A file on a disk that is full."""

    def write(self, _text):
        raise OSError(28, "No space left on device")


def report(events, summary, stream=None):
    stream = io.StringIO() if stream is None else stream
    output = ConsoleOutput(stream)
    output.write(events)
    output.close(summary)
    return stream.getvalue()


def suppress(event, reason="weekly scan"):
    marks = {"suppressed": True, "rule_ids": ["nessus"], "owner": ["soc"], "reason": [reason]}
    event["netad"]["suppression"] = marks
    event["event"]["kind"] = "event"


def test_sources_are_ranked_and_outside_ones_apart(anomaly_events, events_of_flows, summary):
    """One block a source, inside by score, then outside ones under their own heading; flows are not printed."""
    text = report(anomaly_events + events_of_flows, summary)
    order = ["Suspicious sources: 2", "1. 10.4.2.2", "2. fd00::5", "outside the inside networks: 1", "1. 203.0.113.77"]
    positions = [text.index(part) for part in order]
    assert positions == sorted(positions)
    assert "Also anomalous: 1 other window of this source" in text
    assert "198.51.100.80" not in text


def test_it_ends_with_three_lines(anomaly_events, summary):
    """Read, found, sent; the last of them at the end."""
    text = report(anomaly_events, summary)
    assert re.findall(r"^(\w+): ", text, re.MULTILINE)[-3:] == ["Read", "Found", "Sent"]


def test_nothing_anomalous_says_what_was_looked_at(summary):
    """Silence would leave the operator guessing."""
    assert report([], summary).startswith("Nothing anomalous. Looked at 2 files with 12,345 packets")


def test_suppressed_anomalies_come_last_with_their_rule(anomaly_events, summary):
    """They are not suspicious any more, and still visible."""
    suppress(anomaly_events[2])
    text = report(anomaly_events, summary)
    assert text.index("Suspicious sources: 1") < text.index("Suppressed by rules: 1") < text.index("fd00::5  score")
    assert "rule nessus of soc: weekly scan" in text


def test_only_suppressed_anomalies_are_nothing_anomalous(anomaly_events, summary):
    """Both are said."""
    suppress(anomaly_events[1])
    summary.suppressed = 1
    text = report(anomaly_events[1:2], summary)
    assert text.startswith("Nothing anomalous that is not suppressed")
    assert "Suppressed by rules: 1" in text


def test_a_pipe_gets_plain_ascii_in_80_columns(anomaly_events, summary):
    """No colours, no boxes, no trailing blanks."""
    text = report(anomaly_events, summary)
    assert text.isascii()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert not re.search(r" $", text, re.MULTILINE)


def test_a_terminal_gets_colours_unless_told_otherwise(monkeypatch, anomaly_events, summary):
    """NO_COLOR wins."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31mHIGH" in report(anomaly_events, summary, Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in report(anomaly_events, summary, Terminal())


def test_text_from_outside_cannot_drive_the_terminal(anomaly_events, summary):
    """Escapes in a rule's comment or a path are shown as such, markup is no markup."""
    suppress(anomaly_events[2], "\x1b[2J[red]gone\u202e")
    summary.problems = ["/data/\x1b]0;owned\x07.pcap: empty"]
    text = report(anomaly_events, summary)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert r"\x1b[2J[red]gone\u202e" in text
    assert r"/data/\x1b]0;owned\x07.pcap: empty" in text


def test_a_stream_without_utf8_gets_what_it_can_carry(anomaly_events, summary):
    """A path with umlauts does not end an ASCII session."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    summary.problems = ["/data/m\u00fcll.pcap: empty"]
    ConsoleOutput(stream).close(summary)
    assert rb"/data/m\xfcll.pcap" in raw.getvalue()


def test_json_is_one_line_an_anomaly_and_nothing_else(anomaly_events, events_of_flows, summary):
    """Lines come as they are written; suppressed ones too, flows and the report not."""
    suppress(anomaly_events[0], "\u00e4\x9b")
    stream = io.StringIO()
    output = ConsoleOutput(stream, "json")
    output.write(anomaly_events)
    output.write(events_of_flows)
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == anomaly_events
    assert stream.getvalue().isascii()
    before = stream.getvalue()
    output.close(summary)
    assert stream.getvalue() == before


@pytest.mark.parametrize("report_format", ["json", "text"])
def test_a_reader_that_leaves_has_seen_enough(anomaly_events, report_format):
    """`| head` ends neither the run nor its good conscience."""
    output = ConsoleOutput(Gone(), report_format)
    output.write(anomaly_events)
    delivery = output.close(RunSummary())
    assert (delivery.delivered, delivery.dead, delivery.problems) == (len(anomaly_events), 0, [])


def test_a_full_disk_is_told_in_one_sentence(anomaly_events):
    """JSON fails while writing, the report when it is printed; nothing counts as delivered."""
    output = ConsoleOutput(Full(), "json")
    with pytest.raises(OutputError, match="cannot print the results: No space left on device"):
        output.write(anomaly_events)
    delivery = output.close(RunSummary())
    assert (delivery.delivered, delivery.dead) == (0, len(anomaly_events))
    output = ConsoleOutput(Full())
    output.write(anomaly_events)
    delivery = output.close(RunSummary())
    assert (delivery.delivered, delivery.dead) == (0, len(anomaly_events))
    assert delivery.problems == ["cannot print the results: No space left on device"]


def test_a_closed_standard_output_is_a_sentence(monkeypatch):
    """`netad ... >&-` has nowhere to print to."""
    monkeypatch.setattr("sys.stdout", None)
    with pytest.raises(OutputError, match="standard output is closed"):
        ConsoleOutput()


@pytest.mark.parametrize("columns", [40, 64, 80, 200])
def test_a_narrow_terminal_loses_no_figure(monkeypatch, anomaly_events, summary, columns):
    """Labels fold before a number is cut; a line is never longer than 110."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    text = re.sub(r"\x1b\[[0-9;]*m", "", report(anomaly_events, summary, Terminal()))
    assert max(map(len, text.splitlines())) <= max(64, min(columns, 110))
    assert re.search(r"812 +6 +100 % +61\.0 %", text)


def test_more_sources_than_listed_are_told(anomaly, origin, summary):
    """The heading does not pretend that those listed are all."""
    text = report([anomaly_event(replace(anomaly, source=f"10.0.0.{n}"), origin, "now") for n in range(30)], summary)
    assert "Suspicious sources: the 25 with the highest scores" in text
    assert "Not listed: 5 anomalous windows" in text


def test_a_source_is_explained_in_the_place_of_all_others(anomaly_events, summary):
    """Its windows that are no anomaly are told as what they are; what is written to the console is not printed."""
    normal = anomaly_events[0]
    del normal["event"]["severity"]
    stream = io.StringIO()
    output = ConsoleOutput(stream)
    output.explain(normal["source"]["ip"], [normal])
    output.write(anomaly_events)
    assert output.close(summary).delivered == len(anomaly_events)
    told = stream.getvalue().splitlines()
    assert told[1].startswith(f"{normal['source']['ip']}  anomaly score")
    assert "below the threshold" in told[1]
    assert "Suspicious sources" not in stream.getvalue()
