"""What every log format's parser is, what it makes of lines, and where it counts them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from netad.core.problems import shown
from netad.ingest.facts.batch import FactKind
from netad.ingest.flows import Column
from netad.ingest.logs.columns import Reading
from netad.ingest.logs.json_spans import NOT_JSON
from netad.ingest.logs.lines import Chunk, Heading
from netad.ingest.logs.spans import ABSENT, BAD_SHOWN, S_BAD, S_SHOWN, TOO_LONG, Int64
from netad.ingest.report import BAD_LINES_SHOWN, BadLine, IngestReport

ROWS: Final = 16_384  # lines taken apart at a time
_KINDS_MAX: Final = 100
_SHOWN_BYTES: Final = 200


@dataclass(frozen=True, slots=True)
class ParserOptions:
    """What to make of a log: labels of labelled data sets, fields that netad does not know, facts."""

    labels: bool = False
    unknown: bool = False
    facts: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """Records of one kind, None for flows, as columns of equal length, in the order of their lines."""

    kind: FactKind | None
    columns: Mapping[str, Column]

    @property
    def times(self) -> Int64:
        """When the records count, in ns: a flow where it ended."""
        return self.columns["last_ns" if self.kind is None else "time_ns"]

    def __len__(self) -> int:
        return len(self.times)


class Parser(Protocol):
    """Makes parts of one log. It is told of the log's lines in order, whole chunks of them.

    Attributes:
        tells_the_end: whether a line says itself that it is all there, as JSON does.
        heading: which lines say how the others are to be read.
        by_start: whether lines are in the order in which flows began, not in that in which they ended.
    """

    tells_the_end: bool
    heading: Heading
    by_start: bool

    def take(self, chunk: Chunk) -> Iterator[Part]:
        """Yield what the lines of a chunk say."""

    def finish(self) -> Iterator[Part]:
        """Yield what is left at the end."""


class Ledger:
    """Where a parser says what became of one log's lines.

    Attributes:
        tentative: the line at hand may not be all there: what is wrong with it is no fault.
        refused: lines that could not be used so far.
    """

    def __init__(self, path: str, report: IngestReport) -> None:
        self.path = path
        self.tentative = False
        self.refused = 0
        self._problems = 0
        self._report = report

    def problem(self, sentence: str) -> None:
        """Say what is wrong with the log as a whole; of a log with many headers, the first of such things only."""
        self._problems += 1
        if self._problems <= BAD_SHOWN:
            self._report.problem(self.path, sentence)

    def skip(self, kind: str, count: int) -> None:
        """Count records that are passed over by kind; a kind may come from the log."""
        skipped = self._report.skipped
        if count and not self.tentative:
            plain = kind.isascii() and kind.replace("_", "").isalnum() and len(kind) <= 40
            skipped[kind if plain and (kind in skipped or len(skipped) < _KINDS_MAX) else "other_records"] += count

    def one_way(self, count: int) -> None:
        """Count flow records that tell of one direction only."""
        self._report.one_way += count

    def bad(self, line: int, sentence: str) -> None:
        """Count a line that cannot be used, and say why."""
        if self.tentative:
            self._report.waiting += 1
            return
        if self.refused < BAD_SHOWN and len(self._report.bad_lines) < BAD_LINES_SHOWN:
            self._report.bad_lines.append(BadLine(self.path, line, sentence))
        self.refused += 1
        self._report.skipped["bad_line"] += 1

    def refuse(self, state: Int64, promised: int = 0) -> None:
        """Count the lines that a kernel refused, and clear its count; the header promised so many fields."""
        count = int(state[S_BAD])
        for at in range(min(count, BAD_SHOWN)):
            line, what = state[S_SHOWN + 2 * at : S_SHOWN + 2 * at + 2].tolist()
            if what == TOO_LONG:
                self.bad(line, "is longer than 1 MiB")
            elif what == NOT_JSON:
                self.bad(line, "is no JSON object")
            else:
                self.bad(line, f"has {what:,} fields, and the header promises {promised:,}")
        if count > BAD_SHOWN:
            self.refused += count - BAD_SHOWN
            self._report.skipped["bad_line"] += count - BAD_SHOWN
        state[S_BAD] = 0

    def refuse_lines(self, state: Int64, promised: int, fitting: int, *, known: bool = False) -> bool:
        """Count the lines with another number of fields than the header promises, where `fitting` lines had it.

        Where none had, the header is wrong: that is said once (not if it is `known`), and True is returned.
        """
        bad, line, what = state[[S_BAD, S_SHOWN, S_SHOWN + 1]].tolist()
        if not bad or fitting or self.tentative or what == TOO_LONG:
            self.refuse(state, promised)
            return False
        if not known:
            self.problem(
                f"has {what:,} {'field' if what == 1 else 'fields'} in its lines from line {line:,} on, "
                f"and its header promises {promised:,}"
            )
        self.skip("bad_line", bad)
        state[S_BAD] = 0
        return True

    def fit(self, reading: Reading, columns: Mapping[str, Column]) -> dict[str, Column]:
        """Return the columns without the rows that have a fault, which are counted."""
        if not reading.faults.any():
            return dict(columns)
        wrong = np.flatnonzero(reading.faults)
        for at in wrong[:BAD_SHOWN].tolist():
            self.bad(int(reading.fields.lines[reading.rows[at]]), _fault(reading, at))
        if len(wrong) > BAD_SHOWN:
            self.refused += len(wrong) - BAD_SHOWN
            self._report.skipped["bad_line"] += len(wrong) - BAD_SHOWN
        fine = reading.faults == 0
        return {name: column[fine] for name, column in columns.items()}


def _fault(reading: Reading, at: int) -> str:
    fields, row, column = reading.fields, int(reading.rows[at]), int(reading.faults[at]) - 1
    name = fields.names[column]
    if fields.kinds[row, column] == ABSENT:
        return f"has no {name}"
    start, end = int(fields.starts[row, column]), int(fields.ends[row, column])
    text = fields.raw[start : min(end, start + _SHOWN_BYTES)].decode("utf-8", "replace")
    return f"has {shown(text)} as its {name}"
