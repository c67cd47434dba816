"""Whole documents: golden files, ECS 9.4 field by field, plain values."""

import ipaddress
import json
import os
import re
from pathlib import Path

import orjson
import pytest

from netad.outputs.events import ECS_VERSION, anomaly_event, flow_events

CREATED = "2026-01-12T08:00:00.000Z"
GOLDEN = Path(__file__).parent / "golden"
OWN = ("netad.", "labels.")
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(\d{3}|\d{6}|\d{9})Z")


def _ip(value):
    return isinstance(value, str) and str(ipaddress.ip_address(value)) == value


CHECKS = {
    "date": lambda value: isinstance(value, str) and ISO.fullmatch(value),
    "ip": _ip,
    "long": lambda value: type(value) is int,
    "float": lambda value: type(value) is float,
    "keyword": lambda value: isinstance(value, str) and 0 < len(value) <= 1024,
    "constant_keyword": lambda value: isinstance(value, str) and value,
    "match_only_text": lambda value: isinstance(value, str) and value,
    "boolean": lambda value: type(value) is bool,
}


def leaves(document, prefix=""):
    """Yield (dotted name, value) of everything that is no object."""
    for name, value in document.items():
        if isinstance(value, dict):
            assert value, f"{prefix}{name} is empty"
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


@pytest.fixture
def documents(anomaly_events, events_of_flows, events_of_logs):
    """One document of every kind there is."""
    return [*anomaly_events, *events_of_flows[1:], *events_of_logs]


@pytest.mark.corpus
def test_every_field_is_ecs_or_netads_own(corpus, documents):
    """Names, types, arrays and allowed values are those of ECS 9.4; all else is under netad.* or labels.*."""
    path = corpus.parent / "reference/elastic/schema/ecs-9.4.0-subset.json"
    schema = json.loads(path.read_text())
    assert schema["ecs_version"] == ECS_VERSION
    for document in documents:
        for name, value in leaves(document):
            if name.startswith(OWN):
                continue
            spec = schema["fields"][name]
            assert isinstance(value, list) is bool(spec.get("array")), name
            values = value if isinstance(value, list) else [value]
            assert values, name
            for item in values:
                assert CHECKS[spec["type"]](item), (name, item)
                assert item in spec.get("allowed", [item]), (name, item)
                assert item in spec.get("expected", [item]), (name, item)
        expected = schema["fields"]["event.category"]["expected_event_types"]
        for category in document["event"]["category"]:
            assert set(document["event"]["type"]) <= set(expected[category])


def test_documents_are_plain_json_without_nulls(documents):
    """The JSON writer takes them without NumPy support, and nothing is null."""
    for document in documents:
        assert orjson.loads(orjson.dumps(document)) == document
        assert not [name for name, value in leaves(document) if value is None or value in ([], "")]


def test_documents_name_their_data_stream_and_id(documents):
    """What an output needs to deliver an event is in it."""
    for document in documents:
        assert document["data_stream"]["type"] == "logs"
        assert document["data_stream"]["dataset"] == document["event"]["dataset"]
        assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]{20}", document["event"]["id"])
    assert len({document["event"]["id"] for document in documents}) == len(documents)


def test_the_same_input_gives_the_same_bytes(anomaly, flows, origin, inside):
    """Events are deterministic, the order of their fields included."""

    def made():
        return orjson.dumps([anomaly_event(anomaly, origin, CREATED), *flow_events(flows, origin, CREATED, inside)])

    assert made() == made()


@pytest.mark.parametrize("name", ["anomaly", "flows"])
def test_documents_are_as_recorded(name, anomaly_events, events_of_flows):
    """A change of any field shows up as a change of a golden file (NETAD_GOLDEN=write writes them anew)."""
    documents = anomaly_events[1:2] if name == "anomaly" else events_of_flows
    path = GOLDEN / f"{name}.json"
    if os.environ.get("NETAD_GOLDEN") == "write":
        path.write_bytes(orjson.dumps(documents, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    assert documents == orjson.loads(path.read_bytes())
