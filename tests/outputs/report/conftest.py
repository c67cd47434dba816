"""Events of one beaconing host with its flows and profiles, gathered for a report."""

from dataclasses import replace

import pytest

from netad.core.timing import SECOND_NS, iso, parse_time
from netad.detectors.behaviour.base import Finding, Technique, Traces
from netad.outputs.anomaly_event import anomaly_event
from netad.outputs.report.gathering import Gathering
from netad.outputs.report.page import Told

CREATED = "2026-01-12T08:00:00.000Z"
MADE = "2026-01-12T09:00:00.000Z"
START_NS = parse_time("2026-01-11T06:00:00Z")
HOUR_NS = 3600 * SECOND_NS
PEER = "198.51.100.80"


@pytest.fixture
def told():
    """What a report says of itself."""
    return Told("netad report", MADE, "0.1.0", [("Read", "2 files"), ("Found", "4 anomalies")])


@pytest.fixture
def beacon(anomaly, origin):
    """An anomaly of a host that calls one address every minute."""
    times = tuple(START_NS + number * 60 * SECOND_NS for number in range(20))
    traces = Traces(peers=(PEER,), peer_count=1, ports=(443,), port_count=1, transports=("tcp",), times_ns=times,
                    first_ns=times[0], last_ns=times[-1], numbers={"interval_s": 60.0})  # fmt: skip
    finding = Finding("beacon", Technique("T1071.001", "Web"), anomaly.source, True, 0, START_NS, START_NS + HOUR_NS,
                      4.0, f"called {PEER} on port 443 20 times", traces, {})  # fmt: skip
    event = anomaly_event(replace(anomaly, findings=(finding,)), origin, CREATED)
    event["netad"]["anomaly"]["sample_flow_ids"] = ["019bab8f5f2a-00000000000000000007"]
    return event


@pytest.fixture
def flow():
    """Return a maker of flow events: by default the host calls its peer at a second of the window."""

    def make(number, second=0.0, **given):
        start = START_NS + int(second * SECOND_NS)
        fields = {"source": "10.4.2.2", "destination": PEER, "out": 100, "in": 900, "state": "SF", "lasts": 1.0} | given
        return {
            "@timestamp": iso(start),
            "data_stream": {"dataset": "netad.flow", "namespace": "default"},
            "event": {
                "id": f"019bab8f5f2a-{number:020d}",
                "start": iso(start),
                "end": iso(start + int(fields["lasts"] * SECOND_NS)),
            },
            "source": {"ip": fields["source"], "port": 50_000 + number, "bytes": fields["out"]},
            "destination": {"ip": fields["destination"], "port": 443, "bytes": fields["in"]},
            "network": {"transport": "tcp", "iana_number": "6"},
            "log": {"file": {"path": "captures/office.pcap"}},
            "netad": {"flow": {"state": fields["state"]}, "run": {"id": "run-1"}},
        }

    return make


@pytest.fixture
def profile():
    """Return a maker of profile events: an hour of the host that was judged."""

    def make(hour, score=0.1, **given):
        start = START_NS + hour * HOUR_NS
        return {
            "@timestamp": iso(start + HOUR_NS),
            "data_stream": {"dataset": "netad.profile", "namespace": "default"},
            "event": {"id": f"p{hour}", "start": iso(start), "end": iso(start + HOUR_NS)},
            "source": {"ip": "10.4.2.2"},
            "netad": {"profile": {"score": score, "bytes": 5000, "bytes_in": 9000}, "run": {"id": "run-1"}} | given,
        }

    return make


@pytest.fixture
def suppress():
    """Return a function that marks an anomaly as hidden by a rule."""

    def hide(event, rule="backup", **given):
        event["netad"]["suppression"] = {
            "suppressed": True, "rule_ids": [rule], "owner": ["kim"], "reason": ["nightly backup"],
            "actions": ["suppress"], "expires": ["2026-06-01T00:00:00.000Z"],
        } | given  # fmt: skip
        return event

    return hide


@pytest.fixture
def gathering(beacon, flow, profile, anomaly_events, suppress):
    """A beacon with its flows and hours, an IPv6 host, one outside, and one that a rule hides."""
    found = Gathering()
    events = [beacon, *anomaly_events[:1], *anomaly_events[2:]]
    suppress(events[2])
    for event in events:
        found.add(event)
    for hour in (-1, 2):
        found.add(profile(hour))
    for number in range(30):
        found.add(flow(number, 60 * number))
    return found
