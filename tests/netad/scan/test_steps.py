"""What is read together."""

import os

from netad.ingest.inputs import Source
from netad.ingest.logs.detect import Format
from netad.scan import steps
from netad.scan.fingerprint import Head
from netad.scan.inbox import Arrival
from netad.scan.steps import in_steps

HOUR = 3_600_000_000_000


def arrival(name, time_ns, kind=Format.CAPTURE, size=10):
    stat = os.stat_result((0, 0, 0, 0, 0, 0, size, 0, 0, 0))
    return Arrival(Source(name, format=kind, time_ns=time_ns), Head(b"", compressed=False), stat, None)


def names(found):
    return [[one.source.path for one in step] for step in found]


def test_each_capture_is_a_step():
    """Captures go one by one, in their order."""
    assert names(in_steps([arrival("a", 0), arrival("b", HOUR), arrival("c", HOUR)], HOUR)) == [["a"], ["b"], ["c"]]
    assert in_steps([], HOUR) == []


def test_logs_of_a_window_belong_together():
    """With the captures of that time; small ones are not worth a step of their own."""
    logs = [arrival("conn.1", 0, Format.ZEEK_TSV), arrival("dns.1", 5, Format.ZEEK_JSON), arrival("pcap", 6),
            arrival("conn.2", HOUR, Format.ZEEK_TSV), arrival("pcap.2", 2 * HOUR)]  # fmt: skip
    assert names(in_steps(logs, HOUR)) == [["conn.1", "dns.1", "pcap", "conn.2", "pcap.2"]]


def test_a_step_of_logs_ends_with_a_window(monkeypatch):
    """When there is enough to read, the next window begins the next step."""
    monkeypatch.setattr(steps, "_BYTES", 15)
    logs = [arrival("conn.1", 0, Format.ZEEK_TSV), arrival("dns.1", 5, Format.ZEEK_JSON),
            arrival("http.1", 6, Format.ZEEK_JSON), arrival("conn.2", HOUR, Format.ZEEK_TSV),
            arrival("unknown", None, Format.ZEEK_TSV)]  # fmt: skip
    assert names(in_steps(logs, HOUR)) == [["conn.1", "dns.1", "http.1"], ["conn.2", "unknown"]]
