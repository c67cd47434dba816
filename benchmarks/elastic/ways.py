"""The two ways to ship: netad's output as a run uses it, and raw bulk requests of bodies that were built before."""

import contextlib
import http.client
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks.elastic.flows import shipped
from netad.outputs.base import Delivery, RunSummary
from netad.outputs.elastic.bulk import request_lines
from netad.outputs.elastic.cluster import ElasticCluster
from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.elastic.output import ElasticOutput
from netad.outputs.ledger import Ledger
from netad.outputs.spool import Spool

Say = Callable[[str], None]


@dataclass(slots=True)
class Timed:
    """How many events took how long, in seconds of the clock and of this process's CPU, and its resident memory."""

    events: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    memory: list[int] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    def add(self, other: "Timed") -> None:
        """Add another round."""
        self.events += other.events
        self.seconds += other.seconds
        self.cpu_s += other.cpu_s
        self.memory += other.memory


def ship(url: str, namespace: str, first: int, end: int) -> tuple[Timed, Delivery]:
    """Ship flows as `netad ingest --flows all --to elastic` does: documents are built, ids looked up, chunks sent."""
    timed = Timed(end - first)
    me = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        cluster = ElasticCluster(ElasticConfig.from_target(url, {}))
        output = ElasticOutput(cluster, Spool(Path(folder) / "spool", url), Ledger(Path(folder) / "ledger"))
        began, cpu = time.perf_counter(), time.process_time()
        for events in shipped(namespace, first, end):
            output.write(events)
            timed.memory.append(me.memory_info().rss)
        delivery = output.close(RunSummary())
        timed.seconds, timed.cpu_s = time.perf_counter() - began, time.process_time() - cpu
    assert not delivery.problems, delivery.problems
    return timed, delivery


@contextlib.contextmanager
def bodies(namespace: str, first: int, end: int) -> Iterator[list[bytes]]:
    """Yield the bulk bodies that `ship` would send, a thousand events each."""
    built: list[bytes] = []
    for events in shipped(namespace, first, end):
        ingested = events[0]["event"]["created"]
        built.append(b"".join(request_lines(event, ingested, ElasticCluster.action) for event in events))
    yield built


def post(url: str, ready: list[bytes], events: int) -> Timed:
    """Post bodies one after the other over one connection, and look for nothing but `errors` in the answers."""
    parts = urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)) as connection:
        began, cpu = time.perf_counter(), time.process_time()
        for body in ready:
            connection.request("POST", "/_bulk", body, {"Content-Type": "application/x-ndjson"})
            answer = connection.getresponse().read()
            assert b'"errors":false' in answer[:200], answer[:500]
        return Timed(events, time.perf_counter() - began, time.process_time() - cpu)
