"""What a local store knows of sources: which windows were judged how, and a summary of each source."""

import heapq
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from netad.core.addresses import Networks, format_address, parse_address
from netad.core.errors import ConfigError
from netad.core.timing import iso
from netad.detectors.anomaly import Severity
from netad.outputs.store.schema import ID
from netad.outputs.store.stored import ParquetStored

# What is told of a window, and the column it is in: `{kind}` is anomaly or profile.
_COLUMNS = {
    "id": ID,
    "source": "source.ip",
    "start": "event.start",
    "end": "event.end",
    "severity": "event.severity",
    "score": "netad.{kind}.score",
    "threshold": "netad.{kind}.threshold",
    "detector": "netad.detector",
    "behaviours": "netad.behaviours",
    "model": "netad.model.name",
    "version": "netad.model.version",
    "created": "event.created",
    "observer": "observer.name",
    "message": "message",
}
_OF_ANOMALIES = {
    "suppressed": "netad.suppression.suppressed",
    "verdict": "netad.verdict.label",
    "verdict_by": "netad.verdict.by",
    "verdict_comment": "netad.verdict.comment",
    "incident": "netad.incident.id",
}
_TIMES = ("start", "end", "created")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which windows are asked for; None is no bound.

    `kind` is `anomaly`, or `profile` for all that were stored, normal ones too. Times are ns since the epoch and bound
    the windows' ends, `severity` is the least.
    """

    kind: str = "anomaly"
    source: str | None = None
    since_ns: int | None = None
    until_ns: int | None = None
    severity: Severity | None = None
    min_score: float | None = None


@dataclass(slots=True)
class SourceHistory:
    """What is known of one source: its windows, how high they went, between when, and what became of them."""

    source: str
    windows: int = 0
    anomalous: int = 0
    severity: int = 0
    score: float = 0.0
    first: str = ""
    last: str = ""
    suppressed: int = 0
    true_positive: int = 0
    false_positive: int = 0
    models: list[str] = field(default_factory=list)

    def add(self, window: dict[str, Any]) -> None:
        """Count a window of this source."""
        self.windows += 1
        self.anomalous += window["severity"] is not None
        self.severity = max(self.severity, window["severity"] or 0)
        self.score = max(self.score, window["score"])
        self.first = min(self.first or window["start"], window["start"])
        self.last = max(self.last, window["start"])
        self.suppressed += bool(window.get("suppressed"))
        if window.get("verdict") in ("true_positive", "false_positive"):
            setattr(self, window["verdict"], getattr(self, window["verdict"]) + 1)
        if window["model"] not in self.models:
            self.models = sorted([*self.models, window["model"]])

    def to_json(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        return asdict(self)


def summarise(store: ParquetStored, asked: Asked) -> list[SourceHistory]:
    """Return a summary of each source with such windows, the most severe and highest scored first.

    Memory is that of the sources, not of their windows.

    Raises:
        ConfigError: the source is neither an address nor a network.
        OutputError: the store cannot be read.
    """
    found: dict[str, SourceHistory] = {}
    for window in windows(store, asked):
        found.setdefault(window["source"], SourceHistory(window["source"])).add(window)
    return sorted(found.values(), key=lambda one: (-one.severity, -one.score, -one.anomalous, one.source))


def newest(store: ParquetStored, asked: Asked, most: int | None) -> tuple[list[dict[str, Any]], int]:
    """Return the newest such windows, at most so many (None: all), the oldest first, and how many there are.

    Raises: as `summarise`.
    """
    total = 0
    held: list[tuple[str, str, dict[str, Any]]] = []
    for window in windows(store, asked):
        total += 1
        entry = (window["start"], window["id"], window)
        if most is None or len(held) < most:
            heapq.heappush(held, entry)
        else:
            heapq.heappushpop(held, entry)
    return [window for _, _, window in sorted(held, key=lambda entry: entry[:2])], total


def windows(store: ParquetStored, asked: Asked) -> Iterator[dict[str, Any]]:
    """Yield such windows, day after day, those of a day in no order; times as ISO 8601.

    Raises: as `summarise`.
    """
    columns = {name: column.format(kind=asked.kind) for name, column in _COLUMNS.items()}
    columns |= _OF_ANOMALIES if asked.kind == "anomaly" else {}
    fits, networks = _condition(asked)
    read = list(dict.fromkeys(columns.values()))
    for table in store.tables(asked.kind, read, asked.since_ns, asked.until_ns, fits):
        rows = table if networks is None else table.filter(_inside(table.column("source.ip"), networks))
        for name in _TIMES:
            place = read.index(columns[name])
            rows = rows.set_column(place, columns[name], rows.column(place).cast(pa.int64()))
        for row in rows.to_pylist():
            window = {name: row[column] for name, column in columns.items()}
            yield window | {name: iso(window[name]) for name in _TIMES if window[name] is not None}


def _condition(asked: Asked) -> tuple[pc.Expression | None, Networks | None]:
    """Return what columns say, and the networks that sources must be in."""
    parts, networks = [], None
    if asked.source is not None:
        if "/" in asked.source:
            networks = Networks.parse((asked.source,))
        else:
            parts.append(pc.field("source.ip") == _address(asked.source))
    if asked.severity is not None:
        parts.append(pc.field("event.severity") >= int(asked.severity))
    if asked.min_score is not None:
        parts.append(pc.field(f"netad.{asked.kind}.score") >= asked.min_score)
    fits = None
    for part in parts:
        fits = part if fits is None else fits & part
    return fits, networks


def _address(text: str) -> str:
    try:
        return format_address(*parse_address(text))
    except ValueError as error:
        raise ConfigError(f"{text!r} is neither an address nor a network") from error


def _inside(sources: pa.ChunkedArray, networks: Networks) -> pa.Array:
    """Tell which of a column of addresses are inside networks."""
    codes = sources.combine_chunks().dictionary_encode()
    parsed = np.array([parse_address(text) for text in codes.dictionary.to_pylist()], dtype=np.uint64).reshape(-1, 2)
    inside = networks.contains(parsed[:, 0], parsed[:, 1])
    return pa.array(inside[codes.indices.to_numpy()], pa.bool_())
