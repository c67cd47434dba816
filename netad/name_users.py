"""Who named which name first: what tells names that one source alone uses from those that others use too."""

from collections.abc import Collection
from typing import Final

import numpy as np
import pandas as pd

from netad.core.carried import State, array_of, texts_array
from netad.ingest.facts.batch import FactBatch
from netad.ingest.flows import Column

# A name that nobody else used says something where so many others named something at all.
_OTHERS: Final = 2
# Names beyond this are not kept: about 100 MB.
MOST_NAMES: Final = 300_000
_NEVER: Final = (1 << 63) - 1

_Address = tuple[int, int]
_NOBODY: Final = (0, 0)


class NameUsers:
    """The first two sources that named each name, and when; two users of a name are as good as all of them.

    Attributes:
        forgotten: names that were not kept because there were too many: they count as used by others.
    """

    def __init__(self, only: Collection[str] | None = None) -> None:
        """Begin without anybody; with `only`, other names are passed over."""
        self.forgotten = 0
        self._only = only
        self._users: dict[str, tuple[_Address, int, _Address, int]] = {}
        self._sources: dict[_Address, int] = {}

    def add(self, batch: FactBatch, texts: Column) -> None:
        """Take who named what, shape (n,) each; empty texts are no names."""
        columns = {"text": texts, "high": batch["orig_hi"], "low": batch["orig_lo"], "time": batch["time_ns"]}
        named = pd.DataFrame(columns)
        named = named[named["text"] != ""]
        sources = named.groupby(["high", "low"], sort=False)["time"].min().reset_index()
        for high, low, time_ns in sources.itertuples(index=False, name=None):
            who = int(high), int(low)
            self._sources[who] = min(self._sources.get(who, _NEVER), int(time_ns))
        if self._only is not None:
            named = named[named["text"].isin(self._only)]
        first = named.groupby(["text", "high", "low"], sort=False)["time"].min().reset_index()
        for text, high, low, time_ns in first.itertuples(index=False, name=None):
            self._add(str(text), (int(high), int(low)), int(time_ns))

    def is_rare(self, text: str, before_ns: int) -> bool:
        """Tell whether by a time one source only had named a name, and enough others had named something else."""
        if sum(time_ns < before_ns for time_ns in self._sources.values()) <= _OTHERS or text not in self._users:
            return False
        _, _, _, second_ns = self._users[text]
        return second_ns >= before_ns

    def carry(self) -> State:
        """Return who named what (netad.core.carried)."""
        users = [(*one, first, *other, second) for one, first, other, second in self._users.values()]
        return {
            "names": texts_array(self._users),
            "users": np.array(users, dtype=_ROW),
            "sources": np.array([(*who, time_ns) for who, time_ns in self._sources.items()], dtype=_SOURCE),
            "forgotten": self.forgotten,
        }

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned."""
        rows = array_of(state, "users", _ROW).tolist()
        names = array_of(state, "names", object).tolist()
        self._users = {name: ((a, b), first, (c, d), second)
                       for name, (a, b, first, c, d, second) in zip(names, rows, strict=True)}  # fmt: skip
        self._sources = {(high, low): time_ns for high, low, time_ns in array_of(state, "sources", _SOURCE).tolist()}
        self.forgotten = int(state["forgotten"])

    def _add(self, text: str, who: _Address, time_ns: int) -> None:
        known = self._users.get(text)
        if known is None:
            if len(self._users) >= MOST_NAMES:
                self.forgotten += 1
                return
            self._users[text] = who, time_ns, _NOBODY, _NEVER
            return
        seen = {known[0]: known[1], known[2]: known[3]}
        seen[who] = min(seen.get(who, _NEVER), time_ns)
        (one, first), (other, second) = sorted(seen.items(), key=lambda item: (item[1], item[0]))[:2]
        self._users[text] = one, first, other, second


_SOURCE: Final = [("high", "u8"), ("low", "u8"), ("time", "i8")]
_ROW: Final = [("one_hi", "u8"), ("one_lo", "u8"), ("first", "i8"), ("other_hi", "u8"), ("other_lo", "u8"),
               ("second", "i8")]  # fmt: skip
