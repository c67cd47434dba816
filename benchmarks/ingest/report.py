"""The results of a run, as Markdown and as JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Final

from benchmarks.ingest.machine import Machine
from benchmarks.ingest.measure import Measurement
from benchmarks.ingest.specs import CaptureFile

NETAD: Final = "netad"
_ABSENT: Final = "-"
_COLUMNS: Final = ("tool", "wall s", "M packets/s", "MB/s", "CPU s", "peak MB", "records", "time ÷ netad's", "what")


@dataclass(frozen=True, slots=True)
class Row:
    """One tool on one capture. Without `runs` it was not there; the last run's failure is the row's."""

    tool: str
    version: str | None
    note: str
    runs: tuple[Measurement, ...]
    records: int | None = None

    @property
    def failure(self) -> str | None:
        """Why there are no figures, None if there are."""
        return self.runs[-1].failure if self.runs else "not installed"

    @property
    def wall_s(self) -> float | None:
        """Median wall seconds."""
        return None if self.failure else median(run.wall_s for run in self.runs)

    @property
    def cpu_s(self) -> float:
        """Median CPU seconds."""
        return median(run.cpu_s for run in self.runs)

    @property
    def peak_bytes(self) -> float:
        """Median peak memory."""
        return median(run.peak_bytes for run in self.runs)


@dataclass(frozen=True, slots=True)
class KernelRow:
    """Reading one capture in one process without output: seconds of each run, of netad and of flow_pass.c."""

    capture: str
    netad_s: tuple[float, ...]
    c_s: tuple[float, ...]
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """Everything one invocation found. `floor_bytes` is the measuring process's memory, below which none is seen."""

    machine: Machine
    runs: int
    floor_bytes: int
    tables: tuple[tuple[CaptureFile, tuple[Row, ...]], ...]
    kernel: tuple[KernelRow, ...]


def to_json(results: Results) -> str:
    """Return the results with every single run and the medians."""
    tables = []
    for capture, rows in results.tables:
        medians = [asdict(row) | {"wall_s": row.wall_s, "failure": row.failure} for row in rows]
        tables.append({"capture": asdict(capture), "rows": medians})
    return json.dumps(asdict(results) | {"tables": tables}, indent=2)


def to_markdown(results: Results) -> str:
    """Return the results as tables, medians of the runs."""
    return "\n".join(_markdown(results)) + "\n"


def _markdown(results: Results) -> Iterator[str]:
    machine = results.machine
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    yield f"{machine.date}; {machine.cpu}, {machine.cores} cores, {machine.memory_bytes / 1e9:.0f} GB; {machine.system}"
    yield f"Python {machine.python}, {packages}"
    yield f"Medians of {results.runs} runs side by side, captures in the page cache; load before: {machine.load:.2f}"
    for capture, rows in results.tables:
        yield ""
        yield f"### {capture.name}: {capture.what}"
        yield ""
        yield f"{capture.packets:,} packets, {capture.flows:,} flows, {capture.bytes / 1e6:,.0f} MB"
        yield ""
        yield from _table(_COLUMNS, _cells(capture, rows, results.floor_bytes))
    if results.kernel:
        yield ""
        yield "### Reading without output, in one process, beside the same pass in C"
        yield ""
        yield from _table(("capture", "netad s", "C s", "netad ÷ C"), [_kernel_cells(row) for row in results.kernel])
    sentences = list(_sentences(results))
    if sentences:
        yield ""
        yield from (f"- {sentence}" for sentence in sentences)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"


def _cells(capture: CaptureFile, rows: Sequence[Row], floor_bytes: int) -> list[list[str]]:
    """Return a table's cells, the fastest tool first, those without figures last."""
    netad_s = next((row.wall_s for row in rows if row.tool == NETAD), None)
    cells = []
    for row in sorted(rows, key=lambda row: row.wall_s or float("inf")):
        name = f"{row.tool} {row.version}" if row.version else row.tool
        wall_s = row.wall_s
        if wall_s is None:
            cells.append([name, *[_ABSENT] * (len(_COLUMNS) - 2), f"{row.failure}: {row.note}"])
            continue
        seen = row.peak_bytes > floor_bytes
        cells.append(
            [
                f"**{name}**" if row.tool == NETAD else name,
                f"{wall_s:.3f}",
                f"{capture.packets / wall_s / 1e6:.3f}",
                f"{capture.bytes / wall_s / 1e6:,.0f}",
                f"{row.cpu_s:.2f}",
                f"{row.peak_bytes / 1e6:,.0f}" if seen else f"< {floor_bytes / 1e6:.0f}",
                _ABSENT if row.records is None else f"{row.records:,}",
                _ABSENT if netad_s is None else f"{wall_s / netad_s:.2f}",
                row.note,
            ]
        )
    return cells


def _kernel_cells(row: KernelRow) -> list[str]:
    if row.failure:
        return [row.capture, _ABSENT, _ABSENT, row.failure]
    netad_s = median(row.netad_s)
    if not row.c_s:
        return [row.capture, f"{netad_s:.3f}", _ABSENT, "no C compiler"]
    return [row.capture, f"{netad_s:.3f}", f"{median(row.c_s):.3f}", f"{netad_s / median(row.c_s):.2f}"]


def _sentences(results: Results) -> Iterator[str]:
    """Say what takes two captures to see: whether memory grows with length, and the speed after start-up."""
    of_netad = {
        capture.name: (capture, row)
        for capture, rows in results.tables
        for row in rows
        if row.tool == NETAD and row.wall_s is not None
    }
    if "header" in of_netad and "long" in of_netad:
        growth = of_netad["long"][1].peak_bytes / of_netad["header"][1].peak_bytes
        yield f"netad's peak memory on `long` (ten times the packets of `header`): {growth:.2f} times that on `header`"
    small = of_netad.get("small")
    for name, (capture, row) in of_netad.items():
        if small is None or name == "small" or row.wall_s is None or small[1].wall_s is None:
            continue
        seconds = row.wall_s - small[1].wall_s
        if seconds > 0:
            megabytes = (capture.bytes - small[0].bytes) / seconds / 1e6
            packets = (capture.packets - small[0].packets) / seconds / 1e6
            rate = f"{megabytes:,.0f} MB/s, {packets:.2f} M packets/s"
            yield f"netad on `{name}` after start-up (the time of `small` taken off): {rate}"
