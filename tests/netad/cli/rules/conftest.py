"""What the tests of commands about rules share: a rule file with cases, and events beside it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from netad.core.identity import content_id
from netad.outputs.base import RunSummary
from netad.outputs.store.output import ParquetOutput

GOOD = """\
rules:
  - id: scanner
    comment: weekly scan
    created_by: soc
    ticket: SEC-1
    expires: 2036-12-31
    match: {source.ip: 10.0.0.7}
tests:
  - {name: the scanner is known, event: {source.ip: 10.0.0.7}, expect: suppress}
  - {name: others are not, event: {source.ip: 10.0.0.8}, expect: none}
"""
EVENT = {
    "@timestamp": "2026-01-03T07:00:00Z",
    "event": {"id": "abc-12345678", "kind": "alert", "severity": 47, "risk_score": 60.0},
    "source": {"ip": "10.0.0.8"},
    "destination": {"ip": "10.0.0.9", "port": 22},
    "netad": {"detector": "isolation_forest", "suppression": {"suppressed": False}},
}


@pytest.fixture
def rules(tmp_path):
    """A rule file with cases, and an event beside it."""
    (tmp_path / "r.yml").write_text(GOOD)
    (tmp_path / "e.ndjson").write_text(f"{json.dumps(EVENT)}\n{json.dumps({**EVENT, 'event': {'id': 'other'}})}\n")


DAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)


def stored(number, source="10.0.0.8", severity=47, **netad):
    """An anomaly of the day before yesterday, in its hour `number`, as a run wrote it."""
    start, end = (DAY + timedelta(hours=number + more) for more in (0, 1))
    identity = content_id(int(start.timestamp()) * 10**9, source)
    return {
        "@timestamp": f"{end:%Y-%m-%dT%H:%M:%S}.000Z",
        "data_stream": {"type": "logs", "dataset": "netad.anomaly", "namespace": "default"},
        "event": {
            "id": identity,
            "kind": "alert",
            "severity": severity,
            "risk_score": 60.0,
            "start": f"{start:%Y-%m-%dT%H:%M:%S}.000Z",
            "end": f"{end:%Y-%m-%dT%H:%M:%S}.000Z",
            "created": f"{end:%Y-%m-%dT%H:%M:%S}.000Z",
        },
        "observer": {"name": "sensor"},
        "source": {"ip": source},
        "netad": {"detector": "isolation_forest", "suppression": {"suppressed": False}, **netad},
    }


@pytest.fixture
def store(run, tmp_path):
    """Put events into a store `s` and return them."""

    def fill(*events):
        output = ParquetOutput(str(tmp_path / "s"))
        output.write(events)
        output.close(RunSummary())
        return list(events)

    return fill


@pytest.fixture
def write_rule(tmp_path):
    """Write a rule file `NAME.yml` of one rule, whose id is the name."""

    def write(name, rest="", source="10.0.0.8", end="permanent: true"):
        more = f", {rest}" if rest else ""
        (tmp_path / f"{name}.yml").write_text(
            f"rules: [{{id: {name}, comment: known, created_by: soc, {end}, match: {{source.ip: {source}}}{more}}}]\n"
        )
        return f"{name}.yml"

    return write
