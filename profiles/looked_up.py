"""Which addresses DNS answers have given so far."""

import numpy as np
from numpy.typing import NDArray

from netad.core.carried import State, array_of
from netad.profiles.digest import UInt64, mix
from netad.profiles.groups import Mask

Int64 = NDArray[np.int64]

# Beyond this the addresses that were given first are forgotten: 64 MB.
MOST_ADDRESSES = 4 << 20
_SEED = 0x7B54A41DC25A59B5


class LookedUp:
    """Addresses with the time of the first answer that gave them."""

    def __init__(self) -> None:
        self._address: UInt64 = np.empty(0, dtype=np.uint64)
        self._first: Int64 = np.empty(0, dtype=np.int64)

    def add(self, high: UInt64, low: UInt64, time_ns: Int64) -> None:
        """Note the addresses of answers, each with its time, shape (n,)."""
        address = np.concatenate((self._address, mix((high, low), len(high), _SEED)))
        first = np.concatenate((self._first, time_ns))
        order = np.lexsort((first, address))
        address, first = address[order], first[order]
        kept = np.ones(len(address), dtype=bool)
        kept[1:] = address[1:] != address[:-1]
        self._address, self._first = address[kept], first[kept]
        if len(self._address) > MOST_ADDRESSES:
            latest = np.sort(np.argsort(self._first, kind="stable")[-MOST_ADDRESSES:])
            self._address, self._first = self._address[latest], self._first[latest]

    def by(self, high: UInt64, low: UInt64, time_ns: Int64) -> Mask:
        """Tell which addresses an answer had given by a time, shape (n,)."""
        if not len(self._address):
            return np.zeros(len(high), dtype=bool)
        asked = mix((high, low), len(high), _SEED)
        place = np.minimum(np.searchsorted(self._address, asked), len(self._address) - 1)
        return np.asarray((self._address[place] == asked) & (self._first[place] <= time_ns))

    def carry(self) -> State:
        """Return addresses and times (netad.core.carried)."""
        return {"address": self._address, "first_ns": self._first}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        self._address = array_of(state, "address", np.uint64)
        self._first = array_of(state, "first_ns", np.int64, self._address.shape)
