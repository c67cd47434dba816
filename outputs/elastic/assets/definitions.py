"""The source of the dashboards: what stands in `source/*.yml`, as records.

A file says what a panel asks and how it is drawn; what Kibana calls that is the business of the other modules here.
Keys are those of the records below, so that a misspelt one does not generate.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DATASETS = ("anomaly", "flow", "profile", "run")
# The orange-brown steps of ColorBrewer's YlOrBr, told apart by lightness alone, and pairs out of Okabe and Ito's
# palette: both hold for every kind of colour blindness.
COLORS = {
    "critical": "#993404",
    "high": "#D95F0E",
    "medium": "#FE9929",
    "low": "#FED98E",
    "blue": "#0072B2",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "grey": "#999999",
    "red": "#D55E00",
}
SEVERITIES = {"critical": 99, "high": 73, "medium": 47, "low": 21}


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that a panel shows: a bucket (`terms`, `time`) or a number over the documents of each bucket.

    `op` is `terms`, `time`, `count`, `unique`, `sum`, `max`, `min`, `average`, `last` or `share` (the documents that
    `kql` matches over all). `order` of terms is `value` (by the first number, largest first; if that has a `kql`, by
    the count of all documents) or `name`; with `missing` documents without the field are a value of their own.
    """

    op: str
    label: str
    field: str = ""
    kql: str = ""
    size: int = 10
    order: str = "value"
    missing: bool = False
    color: str = ""
    format: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One rectangle of a dashboard: `size` is width (of 48) and height in grid units.

    `values` are the numbers; `x` and `split` the buckets of a chart (`bars`, `lines`, `heatmap`), `rows` those of a
    `table`. `opens` is the dashboard that a click on a value leads to. An `events` panel lists documents as the saved
    search `search` does.
    """

    type: str
    title: str
    size: tuple[int, int]
    data: str = ""
    query: str = ""
    description: str = ""
    values: tuple[Column, ...] = ()
    rows: tuple[Column, ...] = ()
    x: Column | None = None
    split: Column | None = None
    horizontal: bool = False
    opens: str = ""
    search: str = ""

    @property
    def columns(self) -> dict[str, Column]:
        """All columns by their id in the panel, buckets first, outermost bucket first, as Kibana nests them."""
        named = {f"row{number}": column for number, column in enumerate(self.rows)}
        if self.split is not None and self.type == "bars" and self.x is not None and self.x.op == "time":
            named |= {"split": self.split, "x": self.x}
        else:
            named |= {name: column for name, column in (("x", self.x), ("split", self.split)) if column is not None}
        return named | {f"value{number}": column for number, column in enumerate(self.values)}


@dataclass(frozen=True, slots=True)
class Control:
    """A box above the dashboard to choose values of a field in."""

    title: str
    field: str
    data: str = "*"


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard; `datasets` are those that its panels ask."""

    id: str
    title: str
    link: str
    description: str
    datasets: tuple[str, ...]
    since: str
    controls: tuple[Control, ...]
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """A saved search: documents of a dataset in order of time, newest first, with these columns."""

    id: str
    title: str
    description: str
    data: str
    columns: tuple[str, ...]
    query: str = ""


def read_dashboard(path: Path) -> Dashboard:
    """Return the dashboard of a file."""
    found = _load(path)
    found["controls"] = tuple(Control(**control) for control in found.get("controls", ()))
    found["panels"] = tuple(_panel(panel) for panel in found["panels"])
    return Dashboard(**found | {"datasets": tuple(found["datasets"])})


def read_searches(path: Path) -> list[Search]:
    """Return the saved searches of a file."""
    return [Search(**entry | {"columns": tuple(entry["columns"])}) for entry in _load(path)["searches"]]


def read_views(path: Path) -> dict[str, str]:
    """Return the names of the data views by the part of `logs-netad.…-*` that is their dataset, `*` for all."""
    return dict(_load(path)["data_views"])


def read_rule(path: Path) -> dict[str, Any]:
    """Return the detection rule, which is written down as Kibana takes it."""
    return _load(path)


def _load(path: Path) -> dict[str, Any]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no mapping")
    return found


def _panel(entry: dict[str, Any]) -> Panel:
    entry = dict(entry)
    for name in ("values", "rows"):
        entry[name] = tuple(column for given in entry.get(name, ()) for column in _columns(given))
    for name in ("x", "split"):
        if name in entry:
            (entry[name],) = _columns(entry[name])
    if "size" in entry:
        entry["size"] = tuple(entry["size"])
    return Panel(**entry)


def _columns(given: dict[str, Any]) -> list[Column]:
    """Return a column, or for `op: severities` one count for each severity in its colour, the gravest first."""
    if given["op"] != "severities":
        return [Column(**given)]
    counts = []
    for name, severity in SEVERITIES.items():
        kql = f"{given['field']}: {severity}"
        counts.append(Column("count", name, kql=f"({given['kql']}) and {kql}" if "kql" in given else kql, color=name))
    return counts
