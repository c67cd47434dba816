"""Events for tests of delivery; `python -m tests.delivering URL NAMESPACE FIRST END CHUNK` delivers some."""

import sys
from typing import Any

from netad.core.errors import ExitCode
from netad.core.identity import content_id
from netad.core.timing import iso
from netad.delivery import close, write
from netad.outputs.base import Delivery, Event, RunSummary
from netad.outputs.elastic.cluster import ElasticCluster
from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.elastic.output import ElasticOutput
from netad.outputs.ledger import open_ledger
from netad.outputs.spool import open_spool

START_NS = 1_768_111_200_000_000_000


def flow(namespace: str, number: int) -> Event:
    """Return the event of a flow; the same number gives the same id."""
    start_ns = START_NS + number * 1_000_000
    return {
        "@timestamp": iso(start_ns),
        "data_stream": {"type": "logs", "dataset": "netad.flow", "namespace": namespace},
        "event": {"id": content_id(start_ns, "test", namespace, number), "kind": "event", "module": "netad"},
        "source": {"ip": f"10.0.{number >> 8 & 255}.{number & 255}", "port": 1024 + number % 60_000},
        "netad": {"flow": {"final": True}},
    }


def open_output(config: ElasticConfig, **options: Any) -> ElasticOutput:
    """Return the output of one run, with the spool and ledger that the environment names."""
    cluster = ElasticCluster(config)
    return ElasticOutput(cluster, open_spool(cluster.target), open_ledger(), **options)


def deliver(output: ElasticOutput, events: list[Event]) -> tuple[ExitCode, Delivery]:
    """Deliver events as a run does, and return its exit code with what became of them."""
    outputs, failed = [("elastic", output)], {}
    for event in events:
        write(outputs, [event], failed)
    result = close(outputs, RunSummary(), failed)
    return result.exit_code, result.deliveries["elastic"]


def main(url: str, namespace: str, first: str, end: str, chunk: str) -> int:
    """Deliver the events of a range of numbers."""
    output = open_output(ElasticConfig.from_target(url, {}), chunk_events=int(chunk))
    print("started", flush=True)
    code, _ = deliver(output, [flow(namespace, number) for number in range(int(first), int(end))])
    return int(code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
