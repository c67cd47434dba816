"""What scans did, for Prometheus: a text file that node_exporter's textfile collector reads.

Totals count over all scans of a state folder, and are kept there; they begin anew with it, as counters may.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from netad.core.carried import State, part_of
from netad.core.errors import OutputError
from netad.core.timing import SECOND_NS, parse_time
from netad.outputs.base import Delivery, RunSummary

if TYPE_CHECKING:
    from prometheus_client import Metric

    from netad.scan.recent_profiles import DriftFigures


@dataclass
class Totals:
    """Counts over all scans: what was read, found and skipped."""

    read: Counter[str] = field(default_factory=Counter)
    anomalies: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    def add(self, summary: RunSummary) -> None:
        """Add what a run read and found."""
        self.read.update({name: getattr(summary, name) for name in ("bytes", "packets", "records", "flows", "profiles",
                                                                    "files", "suppressed", "dropped")})  # fmt: skip
        self.anomalies.update(summary.severities)
        self.skipped.update(summary.skipped)

    def carry(self) -> State:
        """Return the totals, for the state of a scan."""
        return {"read": dict(self.read), "anomalies": dict(self.anomalies), "skipped": dict(self.skipped)}

    def resume(self, state: State) -> None:
        """Take what `carry` gave."""
        for name, counter in (("read", self.read), ("anomalies", self.anomalies), ("skipped", self.skipped)):
            counter.update({key: int(count) for key, count in part_of(state, name).items()})


@dataclass(frozen=True, slots=True)
class Last:
    """How the last run ended: its exit code, when it began and ended (ns), when one succeeded last (None: never).

    `model_created` is when the model was made, "" where none was opened; `drift` what was told of its drift last.
    """

    code: int
    began_ns: int
    ended_ns: int
    succeeded_ns: int | None
    model_created: str
    drift: "DriftFigures | None" = None


def write_metrics(path: Path, totals: Totals, last: Last, deliveries: Mapping[str, Delivery], waiting: int) -> None:
    """Write the file, whole or not at all. `waiting` is how many captures are not ready yet.

    Raises:
        OutputError: it cannot be written.
    """
    from prometheus_client import CollectorRegistry, write_to_textfile

    registry = CollectorRegistry()
    registry.register(_Collector(totals, last, deliveries, waiting))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise OutputError(f"the metrics cannot be written to {path}: {error.strerror or error}") from error


class _Collector:
    """Gives the numbers in the form that prometheus_client takes."""

    def __init__(self, totals: Totals, last: Last, deliveries: Mapping[str, Delivery], waiting: int) -> None:
        self._totals, self._last, self._deliveries, self._waiting = totals, last, deliveries, waiting

    def collect(self) -> "Iterator[Metric]":
        """Yield the metrics."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        last, totals = self._last, self._totals
        gauges = {
            "last_run_timestamp_seconds": (last.ended_ns / SECOND_NS, "When the last scan ended."),
            "last_run_duration_seconds": ((last.ended_ns - last.began_ns) / SECOND_NS, "How long the last scan took."),
            "last_run_exit_code": (last.code, "How the last scan ended: 0 is success."),
            "waiting_captures": (self._waiting, "Captures that are still written to, or may be."),
        }
        if last.succeeded_ns is not None:
            gauges["last_success_timestamp_seconds"] = last.succeeded_ns / SECOND_NS, "When a scan last succeeded."
        if last.model_created:
            age = (last.ended_ns - parse_time(last.model_created)) / SECOND_NS
            gauges["model_age_seconds"] = age, "How old the model is."
        if last.drift is not None:
            gauges["model_drift"] = last.drift.state, "0 stable, 1 drifting, 2 time to train again."
            gauges["model_drifting_features_ratio"] = last.drift.features, "Judged features that have drifted."
            gauges["model_odd_profiles_ratio"] = last.drift.odd, "New profiles as odd as one in 100 normal ones."
        for name, (value, text) in gauges.items():
            yield GaugeMetricFamily(f"netad_{name}", text, value=value)
        for name, count in totals.read.items():
            yield CounterMetricFamily(f"netad_{name}", f"{name.capitalize()} of all scans.", value=count)
        for name, label, counter, text in (
            ("anomalies", "severity", totals.anomalies, "Anomalies that were found, those that rules hide included."),
            ("skipped", "kind", totals.skipped, "Records that became no part of a flow."),
        ):
            family = CounterMetricFamily(f"netad_{name}", text, labels=[label])
            for key, count in counter.items():
                family.add_metric([key], count)
            yield family
        spool = GaugeMetricFamily("netad_spool_bytes", "Events that wait to be delivered.", labels=["output"])
        for name, delivery in self._deliveries.items():
            spool.add_metric([name], delivery.waiting_bytes)
        yield spool
