"""Mappings: every field that events carry has its ECS type."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from netad.outputs.elastic.fields import OPEN_TYPES, TABLES, field_types, mappings
from netad.rules.ruleset import RuleSet

RULES = """
version: 1
rules:
  - id: scanner
    comment: weekly scan
    created_by: soc
    expires: 2126-01-01T00:00:00Z
    match: {source.ip|cidr: [10.4.2.0/24]}
"""


DOCS = Path(__file__).resolve().parents[3] / "docs" / "fields.md"
WORDS = {"constant": "constant_keyword, else keyword", "message": "match_only_text, else text", "opaque": "stored only"}
TITLES = {
    "common": "In events of every kind, as far as they have them",
    "anomaly": "Anomalies",
    "flow": "Flows",
    "profile": "Profiles",
    "run": "Runs",
}

OPAQUE = {name for name, kind in field_types("anomaly").items() if kind == "opaque"}


def leaves(document, prefix=""):
    for name, value in document.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from leaves(value, f"{path}.")
        elif isinstance(value, list) and isinstance(value[0], dict) and path not in OPAQUE:
            for item in value:
                yield from leaves(item, f"{path}.")
        else:
            yield path


def mapped(path, table):
    types = field_types("common") | field_types(table)
    return path in types or any(path.startswith(f"{name}.") for name, kind in types.items() if kind == "open")


def test_every_field_of_an_anomaly_is_mapped(anomaly_events):
    """What an anomaly event carries can be searched, or is left out on purpose."""
    paths = {path for event in anomaly_events for path in leaves(event)}
    assert len(paths) > 50
    assert {path for path in paths if not mapped(path, "anomaly")} == set()


def test_every_mark_of_a_rule_is_mapped(anomaly_events, tmp_path):
    """A suppressed event says by which rule, whose, why and until when in fields that can be searched."""
    (tmp_path / "rules.yml").write_text(RULES)
    rules = RuleSet.load([tmp_path])
    assert rules.apply(anomaly_events[0], datetime(2026, 1, 12, tzinfo=UTC))
    marks = {path for path in leaves(anomaly_events[0]) if path.startswith("netad.suppression.")}
    assert "netad.suppression.expires" in marks
    assert {path for path in marks if not mapped(path, "anomaly")} == set()


def test_an_analysts_verdict_is_mapped():
    """All of it can be searched; the time is a time."""
    types = field_types("anomaly")
    kinds = {name: types[f"netad.verdict.{name}"] for name in ("label", "comment", "by", "at")}
    assert kinds == {"label": "keyword", "comment": "keyword", "by": "keyword", "at": "date"}


def test_every_field_of_profiles_and_runs_is_mapped(events_of_profiles, events_of_runs):
    """What they carry can be searched, and what the tables list is carried."""
    for table, events in (("profile", events_of_profiles), ("run", events_of_runs)):
        paths = {path for event in events for path in leaves(event)}
        assert {path for path in paths if not mapped(path, table)} == set()
        own = {name for name in field_types(table) if name.startswith(f"netad.{table}.")}
        assert {name for name in own if not any(path == name or path.startswith(f"{name}.") for path in paths)} == set()


def test_every_field_of_a_flow_is_mapped(events_of_flows, events_of_logs):
    """What a flow event carries can be searched."""
    paths = {path for event in (*events_of_flows, *events_of_logs) for path in leaves(event)}
    assert len(paths) > 35
    assert {path for path in paths if not mapped(path, "flow")} == set()


def test_tables_do_not_contradict_each_other():
    """A stream's field has its type in one place, and a field of several streams the same type in all of them."""
    common = field_types("common")
    for table in TABLES.keys() - {"common"}:
        assert common.keys().isdisjoint(field_types(table))
        assert sum(len(line.split()) - 1 for line in TABLES[table].splitlines() if line) == len(field_types(table))
    opened = {name for table in TABLES for name, kind in field_types(table).items() if kind == "open"}
    assert opened == set(OPEN_TYPES)
    pairs = {pair for table in TABLES for pair in field_types(table).items()}
    assert len(pairs) == len({name for name, _ in pairs})


@pytest.mark.parametrize(
    ("extras", "stream", "message"), [(True, "constant_keyword", "match_only_text"), (False, "keyword", "text")]
)
def test_field_types_follow_the_distribution(extras, stream, message):
    """Types beyond the server's own are used only where the cluster has them."""
    properties = mappings("common", extras)["properties"]
    assert properties["data_stream"]["properties"]["dataset"] == {"type": stream}
    assert properties["message"] == {"type": message}
    assert properties["source"]["properties"]["ip"] == {"type": "ip"}


def test_nothing_unknown_is_indexed():
    """A mapping grows only below the open fields."""
    mapping = mappings("anomaly", extras=False)
    assert mapping["dynamic"] is False
    assert [template for entry in mapping["dynamic_templates"] for template in entry.values()] == [
        {"path_match": "netad.anomaly.features.*", "mapping": {"type": "float"}},
        {"path_match": "netad.anomaly.detectors.*", "mapping": {"type": "float"}},
        {"path_match": "netad.anomaly.totals.*", "mapping": {"type": "long"}},
    ]


def test_the_page_of_fields_is_what_the_mappings_are():
    """The documentation lists every field with its type (NETAD_GOLDEN=write writes it anew)."""
    if os.environ.get("NETAD_GOLDEN") == "write":
        DOCS.write_text(page())
    assert DOCS.read_text() == page()


def page():
    """The text of docs/fields.md."""
    lines = [
        "# Fields",
        "",
        "Every field of netad's events with its type in Elasticsearch. Names outside `netad.*` are those of ECS 9.4.",
        "Fields that end with `.*` are open: the names below are labels, features, detectors or kinds of records. What",
        "is stored only is shown, and not searchable. The page is made from the mappings that `netad setup elastic`",
        "puts; a test compares them.",
    ]
    for table, title in TITLES.items():
        lines += ["", f"## {title}", "", "| field | type |", "|---|---|"]
        for name, kind in sorted(field_types(table).items()):
            shown = f"{name}.*" if kind == "open" else name
            lines.append(f"| `{shown}` | {WORDS.get(kind, OPEN_TYPES.get(name, kind))} |")
    return "\n".join([*lines, ""])
