"""Facts with the profiles they belong to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from netad.ingest.facts.batch import FactBatch
from netad.profiles.groups import Mask
from netad.profiles.meetings import Int32


@dataclass(frozen=True)
class RowFacts:
    """Facts of one kind, sorted by row, time and content, with the row of the frame that each belongs to.

    Attributes:
        row: row of the frame, int32, shape (m,).
        facts: the facts, m of them. Where an input does not carry a column that another one does, it holds what says
            "not known" there: "" for text, -1 for rcode and bytes, 0 for other numbers.
        lacking: for each column that some input does not carry, which facts lack it, shape (m,).
        absent: columns that no input has carried so far.
    """

    row: Int32
    facts: FactBatch
    lacking: Mapping[str, Mask] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.row)
