"""Who named which name first: what tells names that one source alone uses from those that others use too."""

from bisect import bisect_left
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
_AT_ONCE: Final = 50_000
_NEVER: Final = (1 << 63) - 1

_Address = tuple[int, int]
_NOBODY: Final = (0, 0)


class NameUsers:
    """The first two sources that named each name, and when; two users of a name are as good as all of them."""

    def __init__(self, only: Collection[str] | None = None) -> None:
        """Begin without anybody; with `only`, other names are passed over."""
        self._forgotten = 0
        self._only = only
        self._users: dict[str, tuple[_Address, int, _Address, int]] = {}
        self._sources: dict[_Address, int] = {}
        self._begun: list[int] = []  # when each source first named something, ascending
        self._waiting: list[pd.DataFrame] = []
        self._rows = 0

    @property
    def forgotten(self) -> int:
        """Names that were not kept because there were too many: they count as used by others."""
        self._settle()
        return self._forgotten

    def add(self, batch: FactBatch, texts: Column) -> None:
        """Take who named what, shape (n,) each; empty texts are no names."""
        columns = {"text": texts, "high": batch["orig_hi"], "low": batch["orig_lo"], "time": batch["time_ns"]}
        named = pd.DataFrame(columns)
        self._waiting.append(named[texts != ""])
        self._rows += len(named)
        if self._rows >= _AT_ONCE:
            self._settle()

    def is_rare(self, text: str, before_ns: int) -> bool:
        """Tell whether by a time one source only had named a name, and enough others had named something else."""
        self._settle()
        if bisect_left(self._begun, before_ns) <= _OTHERS or text not in self._users:
            return False
        _, _, _, second_ns = self._users[text]
        return second_ns >= before_ns

    def carry(self) -> State:
        """Return who named what (netad.core.carried)."""
        self._settle()
        users = [(*one, first, *other, second) for one, first, other, second in self._users.values()]
        return {
            "names": texts_array(self._users),
            "users": np.array(users, dtype=_ROW),
            "sources": np.array([(*who, time_ns) for who, time_ns in self._sources.items()], dtype=_SOURCE),
            "forgotten": self._forgotten,
        }

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned."""
        rows = array_of(state, "users", _ROW).tolist()
        names = array_of(state, "names", object).tolist()
        self._users = {name: ((a, b), first, (c, d), second)
                       for name, (a, b, first, c, d, second) in zip(names, rows, strict=True)}  # fmt: skip
        self._sources = {(high, low): time_ns for high, low, time_ns in array_of(state, "sources", _SOURCE).tolist()}
        self._begun = sorted(self._sources.values())
        self._forgotten = int(state["forgotten"])

    def _settle(self) -> None:
        """Take in what waits: one go over many rows costs little more than over few."""
        if not self._waiting:
            return
        named = pd.concat(self._waiting, ignore_index=True)
        self._waiting, self._rows = [], 0
        sources = named.groupby(["high", "low"], sort=False)["time"].min().reset_index()
        for high, low, time_ns in sources.itertuples(index=False, name=None):
            who = int(high), int(low)
            self._sources[who] = min(self._sources.get(who, _NEVER), int(time_ns))
        self._begun = sorted(self._sources.values())
        if self._only is not None:
            named = named[named["text"].isin(self._only)]
        first = named.groupby(["text", "high", "low"], sort=False)["time"].min().reset_index()
        for text, high, low, time_ns in first.itertuples(index=False, name=None):
            self._add(str(text), (int(high), int(low)), int(time_ns))

    def _add(self, text: str, who: _Address, time_ns: int) -> None:
        known = self._users.get(text)
        if known is None:
            if len(self._users) >= MOST_NAMES:
                self._forgotten += 1
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
