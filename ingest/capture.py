"""Captures to flows: one flow table over all inputs, batches of finished flows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from netad.core.carried import State
from netad.core.timing import SECOND_NS
from netad.ingest.checksums import Strict
from netad.ingest.facts.batch import FactBatch
from netad.ingest.flows import Column, FlowBatch
from netad.ingest.inputs import Source
from netad.ingest.report import IngestReport

if TYPE_CHECKING:
    from netad.ingest.engine.driver import Engine

_Columns = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How captures become flows: windows (ns; None: flows are not cut), the time range [since, until), and bounds.

    `lateness_ns` is how long after a window's end a flow that goes on waits for late packets before it is cut there;
    `decap` takes packets out of the tunnels they came in; `facts` looks into payloads for DNS, TLS and HTTP greetings.

    `growing` inputs may be written to while they are read: the last line of a log is left for later until its newline
    is there, and a capture that ends inside a record is not said to be cut. Compressed inputs are taken to be complete.

    Of logs: `labels` keeps the labels of labelled data sets (LOG_COLUMNS), `unknown` the fields of conn.log that netad
    does not know, as text columns `zeek.<field>`; `facts` reads dns, ssl, http, notice and weird logs and events.
    """

    window_ns: int | None = 3600 * SECOND_NS
    since_ns: int | None = None
    until_ns: int | None = None
    lateness_ns: int = 600 * SECOND_NS
    max_flows: int = 1_000_000
    batch_flows: int = 65_536
    decap: bool = True
    strict: Strict = Strict.NONE
    facts: bool = False
    labels: bool = False
    unknown: bool = False
    growing: bool = False


@dataclass(slots=True)
class OpenFlows:
    """What captures leave open for those that are read later: flows, halves of look-ups, greetings, fragments' ports.

    `state` is empty at first (netad.core.carried). With `last` nothing comes later: all that is open ends.
    """

    state: State = field(default_factory=dict)
    last: bool = False


def read_flows(
    sources: Sequence[Source],
    options: IngestOptions,
    report: IngestReport,
    progress: Callable[[int], None] | None = None,
    open_flows: OpenFlows | None = None,
) -> Iterator[FlowBatch | FactBatch]:
    """Yield the flows of all sources, which are read in the given order as if they were one capture.

    Batches come while reading, so memory holds the active flows and one batch. `report` counts as reading goes on;
    `progress` is called now and then with the bytes of the files read so far. A source that cannot be opened or read
    to its end is a problem in the report, never an exception.

    With `options.facts` batches of facts come between those of flows, before the flows that ended meanwhile.

    With `open_flows` reading goes on from what it holds, and what is open at the end is left in it, once the last batch
    was taken. All that is finished comes at the end of each source, in batches of its own: it makes no difference
    whether sources are read by one call or by several.

    Raises:
        StateError: `open_flows` is damaged, or was left by a run with other options.
    """
    from netad.ingest.engine.loading import engine

    running, size = engine()(options, report, progress), max(options.batch_flows, 1)
    if open_flows is None:
        return _batches(running.flows(sources), size, tuple(source.path for source in sources))
    return _going_on(running, sources, size, open_flows)


def _going_on(
    running: "Engine", sources: Sequence[Source], size: int, open_flows: OpenFlows
) -> Iterator[FlowBatch | FactBatch]:
    if open_flows.state:
        running.resume(open_flows.state)
    for source in sources:
        parts = running.read(source)
        yield from _batches(parts, size, (*running.paths, source.path))
    if open_flows.last:
        yield from _batches(running.finish(), size, tuple(running.paths))
        open_flows.state = {}
    else:
        open_flows.state = running.carry()


def _batches(
    parts: Iterable[_Columns | FactBatch], size: int, paths: tuple[str, ...]
) -> Iterator[FlowBatch | FactBatch]:
    """Yield facts as they come and batches of `size` flow records, the last one of what is left."""
    waiting: list[_Columns] = []
    count = 0
    for part in parts:
        if isinstance(part, FactBatch):
            yield part
            continue
        waiting.append(part)
        count += len(part["first_ns"])
        if count >= size:
            joined = _joined(waiting)
            whole = count - count % size
            for start in range(0, whole, size):
                yield FlowBatch({name: column[start : start + size] for name, column in joined.items()}, paths)
            waiting = [{name: column[whole:] for name, column in joined.items()}]
            count -= whole
    if count:
        yield FlowBatch(_joined(waiting), paths)


def _joined(parts: Sequence[_Columns]) -> _Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
