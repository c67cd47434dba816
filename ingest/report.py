"""What reading the inputs counted: nothing that was skipped is silent."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class InputProblem:
    """An input that was skipped, or not read to its end: one sentence."""

    path: str
    sentence: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a log that could not be used: one sentence."""

    path: str
    line: int
    sentence: str


# Of how many bad lines in all the report keeps the sentences; the first three of a log at most.
BAD_LINES_SHOWN = 30


@dataclass(slots=True)
class IngestReport:
    """Counters of one run, filled while its inputs are read.

    `skipped` counts records that became no part of a flow, by kind (`arp`, `not_ip`, `truncated_ip_header`,
    `unknown_link_type`, `outside_time_range`, ...); `problems` lists inputs that were skipped or cut; `evicted` counts
    flows that were ended early because more were active than the table may hold. `bytes` counts what was read after
    decompression, `file_bytes` how far the files themselves were read. `handed_over` counts the records among `packets`
    that the engine left to the Python decoder.

    Of logs, `logs` counts how many of the files they are, `records` the lines that became flows or facts, `waiting` the
    last lines of logs that had no end yet, `one_way` the flow records that tell of one direction only. A line that
    cannot be used is skipped as `bad_line`; `bad_lines` holds the first of them, at most BAD_LINES_SHOWN.

    `read` says by path how far inputs were read, whatever ended it, as netad.ingest.inputs.Source.after has it. With
    IngestOptions.growing `waiting` counts captures too whose last record is not all there yet.
    """

    files: int = 0
    bytes: int = 0
    file_bytes: int = 0
    packets: int = 0
    flows: int = 0
    evicted: int = 0
    handed_over: int = 0
    logs: int = 0
    records: int = 0
    waiting: int = 0
    one_way: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    skipped: Counter[str] = field(default_factory=Counter)
    problems: list[InputProblem] = field(default_factory=list)
    bad_lines: list[BadLine] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)

    def problem(self, path: str, sentence: str) -> None:
        """Record that `path` was skipped or cut."""
        self.problems.append(InputProblem(path, sentence))

    def seen(self, time_ns: int) -> None:
        """Widen the time span to `time_ns`."""
        self.first_ns = time_ns if self.first_ns is None else min(self.first_ns, time_ns)
        self.last_ns = time_ns if self.last_ns is None else max(self.last_ns, time_ns)
