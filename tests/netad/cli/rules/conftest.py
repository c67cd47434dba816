"""What the tests of commands about rules share: a rule file with cases, and events beside it."""

import json

import pytest

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
