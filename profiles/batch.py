"""ProfileBatch: profiles of the windows that closed together, with what they met and what they were made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.ingest.facts.batch import FactKind
from netad.profiles.frame import join_frames
from netad.profiles.groups import Groups
from netad.profiles.meetings import Meetings
from netad.profiles.row_facts import RowFacts
from netad.profiles.said import Said


@dataclass(frozen=True)
class ProfileBatch:
    """Profiles of windows that closed together.

    Attributes:
        frame: the ProfileFrame (netad.profiles.frame); features of novelty are NaN until a model has measured them.
        meetings: what each row of the frame met.
        groups: the slices behind the rows: group i is row i. None after `join` and `select`.
        facts: by kind the facts of the rows; a kind that the input does not tell of is absent. Empty after `join` and
            `select`.
        said: what each row named, in words.
    """

    frame: pd.DataFrame
    meetings: Meetings
    groups: Groups | None = None
    facts: Mapping[FactKind, RowFacts] = field(default_factory=dict)
    said: Said = field(default_factory=Said.empty)

    def __len__(self) -> int:
        return len(self.frame)

    @classmethod
    def join(cls, batches: Sequence["ProfileBatch"]) -> "ProfileBatch":
        """Return the rows of all batches in their order, with their meetings; slices and facts are let go."""
        rows = [len(one) for one in batches]
        meetings = Meetings.join([one.meetings for one in batches], rows)
        said = Said.join([one.said for one in batches], rows)
        return cls(join_frames([one.frame for one in batches]), meetings, said=said)

    def without_words(self) -> "ProfileBatch":
        """Return the batch without what was said: to write that out for every row takes longer than to score it."""
        return replace(self, said=Said.empty())

    def select(self, rows: NDArray[Any]) -> "ProfileBatch":
        """Return the rows that a boolean mask, or an index array of distinct rows, names, with their meetings."""
        places = np.flatnonzero(rows) if rows.dtype == bool else rows
        return ProfileBatch(
            self.frame.iloc[places].reset_index(drop=True),
            self.meetings.select(places, len(self.frame)),
            said=self.said.select(places, len(self.frame)),
        )


# Profiles with what they met; or a ProfileFrame alone, of which novelty is not measured.
Profiles = ProfileBatch | pd.DataFrame
