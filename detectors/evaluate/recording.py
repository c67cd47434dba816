"""One recording of a suite: its flows and facts, the truth of each, and its samples."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.addresses import Networks, format_addresses
from netad.detectors.evaluate.suite import Address, Labels, SuiteInput
from netad.detectors.verdicts import NO_VERDICTS, Verdicts
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import Column, FlowBatch
from netad.profiles.digest import mix
from netad.profiles.groups import LINK_LOCAL
from netad.profiles.windows import NO_HOST

Mask = NDArray[np.bool_]
Truth = NDArray[np.int8]
Int64 = NDArray[np.int64]

UNKNOWN, BENIGN, MALICIOUS = 0, 1, 2

_ENDS = ("orig_hi", "orig_lo", "resp_hi", "resp_lo", "orig_port", "resp_port", "protocol")

# A window is malicious from so many malicious flows, and so large a share of all its flows.
LEAST_MALICIOUS, LEAST_SHARE = 3, 0.1


@dataclass(frozen=True)
class Part:
    """Flows (slices) or facts of a recording, and the truth of each, shape (n,). The label column is gone."""

    batch: FlowBatch | FactBatch
    truth: Truth

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def is_flows(self) -> bool:
        """Whether it holds flows, not facts."""
        return isinstance(self.batch, FlowBatch)

    @property
    def times(self) -> Int64:
        """What decides the window each counts in: the end of a slice, the time of a fact."""
        return np.asarray(self.batch["last_ns" if isinstance(self.batch, FlowBatch) else "time_ns"])

    def windows(self, window_ns: int) -> Int64:
        """Return the window each counts in, shape (n,)."""
        return self.times // window_ns

    def select(self, rows: Column) -> "Part":
        """Return what a boolean mask or an index array names."""
        return Part(self.batch.select(rows), self.truth[rows])

    def at(self, source: Address, window: int, window_ns: int) -> Mask:
        """Tell what a source did in a window, shape (n,)."""
        high, low = (np.uint64(half) for half in source)
        own = (self.batch["orig_hi"] == high) & (self.batch["orig_lo"] == low)
        return np.asarray(own & (self.windows(window_ns) == window))

    def moved(self, source: Address, by_ns: int) -> "Part":
        """Return it as another source's, so much later; everything else stays."""
        columns = dict(self.batch.columns)
        for name, half in zip(("orig_hi", "orig_lo"), source, strict=True):
            columns[name] = np.full(len(self), half, dtype=np.uint64)
        for name in ("first_ns", "last_ns", "opened_ns", "time_ns"):
            if name in columns:
                columns[name] = columns[name] + by_ns
        return Part(replace(self.batch, columns=columns), self.truth)


@dataclass(frozen=True)
class Recording:
    """What one input of a suite holds.

    `samples` has a row for every sample, ordered by source and window: `scenario`, `host` (scenario and address),
    `source_hi`, `source_lo`, `window` (number since the epoch), `flows`, `bad` (malicious flows), `malicious` (bool).
    """

    scenario: str
    inside: Networks
    parts: tuple[Part, ...]
    samples: pd.DataFrame


def record(
    item: SuiteInput, batches: Iterable[FlowBatch | FactBatch], window_ns: int, verdicts: Verdicts = NO_VERDICTS
) -> Recording:
    """Return the recording that an input's batches make up; `label` columns are read and taken off.

    `verdicts` are those of the store that the labels name.
    """
    parts = tuple(_parts(batches, item.labels))
    if item.labels.verdicts:
        parts = tuple(replace(part, truth=_judged(part, verdicts, window_ns)) for part in parts)
    return Recording(item.scenario, item.inside, parts, _samples(item, parts, window_ns))


def _parts(batches: Iterable[FlowBatch | FactBatch], labels: Labels) -> list[Part]:
    flows, facts = [], []
    for batch in _gathered(batches):
        if isinstance(batch, FactBatch):
            facts.append(batch)
        else:
            slices = batch.slices()
            flows.append(Part(_unlabelled(slices), _labelled(slices) if labels.column else _named(slices, labels)))
    told = [Part(_unlabelled(one), _followed(one, flows) if labels.column else _named(one, labels)) for one in facts]
    return [*flows, *told]


def _gathered(batches: Iterable[FlowBatch | FactBatch]) -> Iterator[FlowBatch | FactBatch]:
    """Join flows, and facts of one kind, that carry the same columns: readers yield many small batches."""
    groups: dict[tuple[FactKind | None, frozenset[str]], list[FlowBatch | FactBatch]] = {}
    for batch in batches:
        kind = batch.kind if isinstance(batch, FactBatch) else None
        groups.setdefault((kind, frozenset(batch.columns)), []).append(batch)
    for (kind, names), group in groups.items():
        # Which file a flow came from is nobody's business here.
        columns = {name: np.concatenate([one[name] for one in group]) for name in sorted(names - {"input"})}
        yield FlowBatch(columns) if kind is None else FactBatch(kind, columns)


def _unlabelled(batch: FlowBatch | FactBatch) -> FlowBatch | FactBatch:
    return replace(batch, columns={name: column for name, column in batch.columns.items() if name != "label"})


def _labelled(flows: FlowBatch) -> Truth:
    """Read the label column."""
    if "label" not in flows or not len(flows):
        return np.full(len(flows), UNKNOWN, dtype=np.int8)
    codes, names = pd.factorize(flows["label"])
    meant = {"benign": BENIGN, "malicious": MALICIOUS}
    values = np.array([meant.get(name.strip().lower(), UNKNOWN) for name in names], dtype=np.int8)
    return np.asarray(values[codes])


def _named(batch: FlowBatch | FactBatch, labels: Labels) -> Truth:
    """Tell by the source's address."""
    truth = np.full(len(batch), BENIGN if labels.all_normal else UNKNOWN, dtype=np.int8)
    for addresses, value in ((labels.normal, BENIGN), (labels.malicious, MALICIOUS)):
        for high, low in addresses:
            truth[(batch["orig_hi"] == np.uint64(high)) & (batch["orig_lo"] == np.uint64(low))] = value
    return truth


def _judged(part: Part, verdicts: Verdicts, window_ns: int) -> Truth:
    """Tell by what analysts said of the anomalies in the window of its source; what nobody has judged is unknown."""
    keys = {"high": part.batch["orig_hi"], "low": part.batch["orig_lo"], "window": part.windows(window_ns)}
    groups = pd.DataFrame(keys).groupby(list(keys), sort=False)
    windows = groups.size().index.to_frame(index=False)
    rows = pd.DataFrame({
        "source": format_addresses(windows["high"].to_numpy(np.uint64), windows["low"].to_numpy(np.uint64)),
        "window_start_ns": windows["window"] * window_ns,
        "window_end_ns": (windows["window"] + 1) * window_ns,
    })  # fmt: skip
    truth = np.full(len(rows), BENIGN, dtype=np.int8)
    truth[verdicts.open(rows)] = UNKNOWN
    truth[verdicts.true(rows)] = MALICIOUS
    return np.asarray(truth[groups.ngroup().to_numpy(np.intp)])


def _followed(facts: FactBatch, flows: Sequence[Part]) -> Truth:
    """Return the truth of the flow that each fact was said in: same ends, ports and protocol, nearest start."""
    told = pd.DataFrame({"key": _ends(facts), "time_ns": facts["time_ns"], "fact": np.arange(len(facts))})
    known = [
        pd.DataFrame({"key": _ends(one.batch), "time_ns": one.batch["first_ns"], "truth": one.truth}) for one in flows
    ]
    truth = np.full(len(facts), UNKNOWN, dtype=np.int8)
    if known and len(facts):
        ordered = pd.concat(known).sort_values(["time_ns", "truth"], kind="stable")
        found = pd.merge_asof(told.sort_values("time_ns", kind="stable"), ordered, on="time_ns", by="key",
                              direction="nearest")  # fmt: skip
        truth[found["fact"]] = found["truth"].fillna(UNKNOWN).to_numpy(np.int8)
    return truth


def _ends(batch: FlowBatch | FactBatch) -> NDArray[np.uint64]:
    return mix([batch[name] for name in _ENDS], len(batch), seed=0)


def _samples(item: SuiteInput, parts: Iterable[Part], window_ns: int) -> pd.DataFrame:
    names = ["source_hi", "source_lo", "window"]
    tables = []
    for part in parts:
        if not isinstance(part.batch, FlowBatch):
            continue
        high, low = part.batch["orig_hi"], part.batch["orig_lo"]
        scored = item.inside.contains(high, low) & ~NO_HOST.contains(high, low) & ~LINK_LOCAL.contains(high, low)
        counted = {"source_hi": high, "source_lo": low, "window": part.windows(window_ns), "flows": np.int64(1),
                   "bad": part.truth == MALICIOUS, "good": part.truth == BENIGN}  # fmt: skip
        tables.append(pd.DataFrame(counted)[scored])
    if not tables:
        tables = [pd.DataFrame({name: np.empty(0, np.int64) for name in (*names, "flows", "bad", "good")})]
    table: pd.DataFrame = pd.concat(tables).groupby(names, sort=True, as_index=False).sum()
    bad = table["bad"].to_numpy(np.int64)
    malicious = (bad >= LEAST_MALICIOUS) & (bad >= LEAST_SHARE * table["flows"].to_numpy())
    known = malicious | ((bad == 0) & (table["good"].to_numpy(np.int64) > 0))
    table = table.assign(malicious=malicious)[known].drop(columns="good").reset_index(drop=True)
    addresses = format_addresses(table["source_hi"].to_numpy(np.uint64), table["source_lo"].to_numpy(np.uint64))
    hosts = [f"{item.scenario}:{address}" for address in addresses]
    table.insert(0, "scenario", item.scenario)
    table.insert(1, "host", np.array(hosts, dtype=object))
    return table
