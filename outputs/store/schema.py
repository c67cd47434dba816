"""The columns of the local store: one stable Arrow schema a kind of event, named like the ECS fields they hold."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from netad.outputs.base import Event

_TEXT, _TEXTS, _COUNT, _REAL, _TRUTH = pa.string(), pa.list_(pa.string()), pa.int64(), pa.float64(), pa.bool_()
_TIME = pa.timestamp("ns", "UTC")

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
