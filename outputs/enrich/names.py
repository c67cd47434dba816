"""Names of addresses, as the DNS answers in the input gave them: nothing is looked up."""

from typing import Final

import numpy as np
import pandas as pd

from netad.core.carried import State, array_of, texts_array
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.outputs.enrich.address_table import parsed_address

# Answers beyond this are not kept: about 100 MB.
MOST_ANSWERS: Final = 300_000
_ROW: Final = [("who_hi", "u8"), ("who_lo", "u8"), ("hi", "u8"), ("lo", "u8"), ("time", "i8")]
_ANYONE: Final = (0, 0)
_Address = tuple[int, int]
_Key = tuple[_Address, _Address]


class ReverseNames:
    """The name under which each host first asked for each address, and under which anybody did.

    The first by time, then by name, so that it does not matter in which order answers came.

    Attributes:
        forgotten: answers that were not kept because there were too many.
    """

    def __init__(self) -> None:
        self.forgotten = 0
        self._names: dict[_Key, tuple[int, str]] = {}

    def add(self, batch: FactBatch) -> None:
        """Take what answers say; facts of other kinds are passed over."""
        if batch.kind is not FactKind.ANSWER or not len(batch):
            return
        names = ["orig_hi", "orig_lo", "address_hi", "address_lo", "time_ns", "query"]
        rows = pd.DataFrame({name: batch[name] for name in names})
        rows = rows[rows["query"] != ""].sort_values(["time_ns", "query"], kind="stable")
        rows = rows.drop_duplicates(names[:4])
        for who_hi, who_lo, high, low, time_ns, name in rows.itertuples(index=False, name=None):
            for who in ((int(who_hi), int(who_lo)), _ANYONE):
                self._add((who, (int(high), int(low))), (int(time_ns), str(name)))

    def find(self, address: str, asker: str = "") -> str:
        """Return the name of an address, as `asker` called it if that ever asked; empty where nobody did."""
        try:
            whose = parsed_address(address)
            own = self._names.get((parsed_address(asker), whose)) if asker else None
        except ValueError:
            return ""
        return (own or self._names.get((_ANYONE, whose), (0, "")))[1]

    def carry(self) -> State:
        """Return what is known (netad.core.carried)."""
        rows = [(*who, *whose, time_ns) for (who, whose), (time_ns, _) in self._names.items()]
        return {
            "rows": np.array(rows, dtype=_ROW),
            "names": texts_array(name for _, name in self._names.values()),
            "forgotten": self.forgotten,
        }

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned."""
        rows, names = array_of(state, "rows", _ROW).tolist(), array_of(state, "names", object).tolist()
        self._names = {((a, b), (c, d)): (time_ns, name)
                       for (a, b, c, d, time_ns), name in zip(rows, names, strict=True)}  # fmt: skip
        self.forgotten = int(state["forgotten"])

    def _add(self, key: _Key, named: tuple[int, str]) -> None:
        known = self._names.get(key)
        if known is None and len(self._names) >= MOST_ANSWERS:
            self.forgotten += 1
        elif known is None or named < known:
            self._names[key] = named
