"""The columns of the local store: one stable Arrow schema a kind of event, named like the ECS fields they hold."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
from orjson import dumps, loads

from netad.detectors.behaviour.behaviours import BEHAVIOURS
from netad.outputs.base import STORE_ONLY, Event, shipped
from netad.profiles.features import FEATURES

_TEXT, _TEXTS, _COUNT, _REAL, _TRUTH = pa.string(), pa.list_(pa.string()), pa.int64(), pa.float64(), pa.bool_()
_TIME = pa.timestamp("ns", "UTC")

# All that a profile was judged by, so that another model can judge it: features, strengths of behaviours, meetings.
FEATURE = "netad.profile.features."
STRENGTH = f"netad.{STORE_ONLY}.strengths."
DIGEST = f"netad.{STORE_ONLY}.digest"
MET = {name: f"netad.{STORE_ONLY}.met.{name}" for name in ("kind", "item", "count", "failed")}

# The id comes first: the store reads its statistics to tell which files can hold an event.
ID, WHOLE_EVENT = "event.id", "event"
_COMMON = [
    (ID, _TEXT),
    ("@timestamp", _TIME),
    ("event.start", _TIME),
    ("event.end", _TIME),
    ("event.duration", _COUNT),
    ("event.created", _TIME),
    ("event.ingested", _TIME),
    ("observer.name", _TEXT),
    ("data_stream.namespace", _TEXT),
    ("netad.run.id", _TEXT),
    ("source.ip", _TEXT),
    ("source.bytes", _COUNT),
    ("source.packets", _COUNT),
    ("destination.ip", _TEXT),
    ("destination.port", _COUNT),
    ("network.transport", _TEXT),
]
_COLUMNS = {
    "anomaly": [
        ("event.kind", _TEXT),
        ("event.severity", _COUNT),
        ("event.risk_score", _REAL),
        ("event.reason", _TEXT),
        ("message", _TEXT),
        ("rule.id", _TEXT),
        ("related.ip", _TEXTS),
        ("netad.detector", _TEXT),
        ("netad.behaviours", _TEXTS),
        ("netad.entity.inside", _TRUTH),
        ("netad.entity.known", _TRUTH),
        ("netad.model.name", _TEXT),
        ("netad.model.version", _TEXT),
        ("netad.anomaly.score", _REAL),
        ("netad.anomaly.threshold", _REAL),
        ("netad.anomaly.percentile", _REAL),
        ("netad.anomaly.is_interim", _TRUTH),
        ("netad.anomaly.window", _TEXT),
        ("netad.anomaly.top_features", _TEXTS),
        ("netad.anomaly.flow_count", _COUNT),
        ("netad.anomaly.sample_flow_ids", _TEXTS),
        ("netad.anomaly.destination_count", _COUNT),
        ("related.hosts", _TEXTS),
        ("netad.evidence.alert_count", _COUNT),
        *(
            (f"netad.evidence.{name}", _TEXTS)
            for name in ("rare_names", "domains", "server_names", "http_hosts", "user_agents", "ja4")
        ),
        ("network.direction", _TEXT),
        ("netad.incident.id", _TEXT),
        ("netad.incident.start", _TIME),
        ("netad.incident.windows", _COUNT),
        ("netad.suppression.suppressed", _TRUTH),
        ("netad.suppression.rule_ids", _TEXTS),
        *((f"netad.verdict.{name}", _TEXT) for name in ("label", "comment", "by")),
        ("netad.verdict.at", _TIME),
    ],
    "flow": [
        ("event.type", _TEXTS),
        ("source.port", _COUNT),
        ("destination.bytes", _COUNT),
        ("destination.packets", _COUNT),
        ("network.type", _TEXT),
        ("network.iana_number", _TEXT),
        ("network.protocol", _TEXT),
        ("network.direction", _TEXT),
        ("network.community_id", _TEXT),
        ("network.vlan.id", _TEXT),
        ("netad.flow.state", _TEXT),
        ("netad.flow.history", _TEXT),
        ("netad.flow.tunnel", _TEXT),
        ("log.file.path", _TEXT),
    ],
    "profile": [
        ("event.severity", _COUNT),
        ("event.risk_score", _REAL),
        ("message", _TEXT),
        ("netad.detector", _TEXT),
        ("netad.behaviours", _TEXTS),
        ("netad.entity.inside", _TRUTH),
        ("netad.entity.known", _TRUTH),
        ("netad.model.name", _TEXT),
        ("netad.model.version", _TEXT),
        ("netad.profile.score", _REAL),
        ("netad.profile.threshold", _REAL),
        ("netad.profile.percentile", _REAL),
        ("netad.profile.severity", _TEXT),
        ("netad.profile.flagged", _TRUTH),
        ("netad.profile.is_interim", _TRUTH),
        ("netad.profile.window", _TEXT),
        ("netad.profile.flows", _COUNT),
        ("netad.profile.bytes", _COUNT),
        ("netad.profile.packets", _COUNT),
        ("netad.profile.bytes_in", _COUNT),
        ("netad.profile.destinations", _COUNT),
        ("netad.profile.anomaly_id", _TEXT),
        *((FEATURE + name, _REAL) for name in FEATURES.names()),
        (DIGEST, _TEXT),
        *((STRENGTH + name, _REAL) for name in BEHAVIOURS),
        (MET["kind"], pa.list_(pa.uint8())),
        (MET["item"], pa.list_(pa.uint64())),
        (MET["count"], pa.list_(pa.int32())),
        (MET["failed"], pa.list_(pa.int32())),
    ],
    "run": [
        ("event.outcome", _TEXT),
        ("message", _TEXT),
        ("agent.version", _TEXT),
        ("netad.model.name", _TEXT),
        ("netad.model.version", _TEXT),
        ("netad.run.exit_code", _COUNT),
        ("netad.run.ended", _TEXT),
        ("netad.run.inputs.files", _COUNT),
        ("netad.run.inputs.bytes", _COUNT),
        ("netad.run.packets", _COUNT),
        ("netad.run.records", _COUNT),
        ("netad.run.flows", _COUNT),
        ("netad.run.profiles", _COUNT),
        ("netad.run.skipped_records", _COUNT),
        ("netad.run.problems", _TEXTS),
        ("netad.run.anomalies.total", _COUNT),
        ("netad.run.suppressed", _COUNT),
        ("netad.run.dropped", _COUNT),
        ("netad.run.delivered", _COUNT),
        ("netad.run.duplicates", _COUNT),
        ("netad.run.spooled", _COUNT),
        ("netad.run.dead", _COUNT),
        ("netad.run.seconds.total", _REAL),
    ],
}
SCHEMAS = {kind: pa.schema([*_COMMON, *columns, (WHOLE_EVENT, _TEXT)]) for kind, columns in _COLUMNS.items()}
_PATHS = {
    kind: [tuple(name.split(".")) for name in schema.names if name != WHOLE_EVENT] for kind, schema in SCHEMAS.items()
}


# Columns that stand for a part of the whole event, which is without it: an object's fields, by the object's path.
_APART = {"profile": {("netad", "profile", "features"): FEATURE}}
APART = {
    kind: [name for name in SCHEMAS[kind].names if name.startswith(tuple(_APART.get(kind, {}).values()))]
    if kind in _APART else [] for kind in SCHEMAS
}  # fmt: skip


def row(kind: str, event: Event) -> list[Any]:
    """Return the event's values in the order of the schema without the last column, None for fields it has not."""
    values: list[Any] = []
    for path in _PATHS[kind]:
        value: Any = event
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        values.append(value)
    return values


def table(kind: str, rows: Iterable[list[Any]]) -> pa.Table:
    """Return rows, each with the whole event as JSON at its end, as a table of the kind's schema."""
    schema = SCHEMAS[kind]
    arrays = []
    for column, values in zip(schema, zip(*rows, strict=True), strict=True):
        if column.type == _TIME:
            arrays.append(pa.array(values, _TEXT).cast(_TIME))
        else:
            arrays.append(pa.array(values, column.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def text_of(kind: str, event: Event) -> str:
    """Return the last column of an event's row: what it holds beside the columns that stand for a part of it."""
    told = shipped(event)
    for path in _APART.get(kind, {}):
        told = _without(told, path)
    return dumps(told).decode()


def event_of(kind: str, text: str, apart: Mapping[str, Any]) -> Event:
    """Return the event whose last column is `text`; `apart` are its values of the columns `APART[kind]`.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    event: Event = loads(text)
    for path, prefix in _APART.get(kind, {}).items():
        there = {name.removeprefix(prefix): value for name, value in apart.items()
                 if value is not None and name.startswith(prefix)}  # fmt: skip
        if there:
            inner: Any = event
            for name in path[:-1]:
                inner = inner[name]
            inner[path[-1]] = there
    return event


def as_now(kind: str, rows: pa.Table) -> pa.Table:
    """Return rows with the columns of this version: an older one had fewer, and those are null."""
    columns = [rows.column(field.name).cast(field.type) if field.name in rows.column_names
               else pa.nulls(len(rows), field.type) for field in SCHEMAS[kind]]  # fmt: skip
    return pa.Table.from_arrays(columns, schema=SCHEMAS[kind])


def _without(event: Event, path: tuple[str, ...]) -> Event:
    name, rest = path[0], path[1:]
    if name not in event:
        return event
    if not rest:
        return {key: value for key, value in event.items() if key != name}
    return {**event, name: _without(event[name], rest)}
