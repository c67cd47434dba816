"""What the tests of rules share: an anomaly event, and rules written in place."""

import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from netad.core.errors import RuleError
from netad.rules.ruleset import RuleSet

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The wall clock of these tests."""
    return NOW


@pytest.fixture
def event() -> dict[str, Any]:
    """An anomaly with one peer, as far as the tests look at it."""
    return {
        "@timestamp": "2026-05-30T07:00:00.000Z",
        "message": "Unusual traffic from 10.4.2.2",
        "event": {
            "kind": "alert",
            "category": ["network", "intrusion_detection"],
            "start": "2026-05-30T06:00:00.000Z",
            "severity": 73,
            "risk_score": 87.4,
        },
        "rule": {"id": "netad.isolation_forest.source_profile"},
        "source": {"ip": "10.4.2.2", "address": "10.4.2.2", "bytes": 48120},
        "destination": {"ip": "2001:db8::7", "address": "2001:db8::7", "port": 22},
        "network": {"transport": "tcp"},
        "related": {"ip": ["10.4.2.2", "2001:db8::7"]},
        "tags": ["lab", "sensor[1]*"],
        "labels": {"site": "hq", "floor": "3", "a.b": "dotted", "name": "updates.example.com"},
        "observer": {"name": "sensor-1"},
        "netad": {
            "entity": {"inside": True},
            "anomaly": {
                "score": 0.874,
                "features": {"unique_destination_ports": 812.0},
                "influencers": [{"feature": "unique_destination_ports"}, {"feature": "failed_share"}],
            },
            "suppression": {"suppressed": False},
        },
    }


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., RuleSet]:
    """Load rule files from texts: `load(text, ...)` gives them the names a.yml, b.yml, ... and may raise RuleError."""

    def load_texts(*texts: str) -> RuleSet:
        for letter, text in zip("abcdefgh", texts, strict=False):
            (tmp_path / f"{letter}.yml").write_text(textwrap.dedent(text), encoding="utf-8")
        return RuleSet.load([tmp_path], NOW)

    return load_texts


@pytest.fixture
def problems(load: Callable[..., RuleSet], tmp_path: Path) -> Callable[..., list[str]]:
    """The problems of rule files from texts, as `a.yml:LINE:COLUMN: sentence`; none when they load."""

    def problems_of(*texts: str) -> list[str]:
        try:
            load(*texts)
        except RuleError as error:
            return [line.replace(f"{tmp_path}/", "") for line in error.problems]
        return []

    return problems_of


RULE = "rules:\n- id: r\n  comment: c\n  created_by: o\n  permanent: true\n  match:\n"


@pytest.fixture
def rule(load: Callable[..., RuleSet]) -> Callable[[str], RuleSet]:
    """A rule set of one rule, whose match is the given YAML."""
    return lambda match, rest="": load(RULE + textwrap.indent(match, "    ") + rest)


@pytest.fixture
def match_problems(problems: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """The problems of a match, its first line being line 1 and its first column column 1; `lists` is a second file."""

    def problems_of(match: str, lists: str = "") -> list[str]:
        texts = [RULE + textwrap.indent(match, "    "), *([lists] if lists else [])]
        found = []
        for line in problems(*texts):
            name, row, column, sentence = line.split(":", 3)
            shift = (6, 4) if name == "a.yml" else (0, 0)
            where = f"{int(row) - shift[0]}:{int(column) - shift[1]}"
            found.append(f"{where}:{sentence}" if name == "a.yml" else f"{name}:{where}:{sentence}")
        return found

    return problems_of
