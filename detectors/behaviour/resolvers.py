"""Who answers DNS questions inside: what a resolver asks upstream, others asked it before."""

import numpy as np
from numpy.typing import NDArray

from netad.core.carried import State, array_of
from netad.detectors.behaviour.sight import UInt64, keyed
from netad.ingest.facts.batch import FactBatch

DNS_PORT = 53


class Resolvers:
    """The addresses that were asked by DNS at least `least` times in a run, at most `most` addresses counted."""

    def __init__(self, least: int = 10, most: int = 50_000) -> None:
        """Begin without any."""
        self._least, self._most = least, most
        self._asked: dict[int, int] = {}

    def note(self, facts: FactBatch) -> None:
        """Count the questions of DNS facts."""
        served = facts["resp_port"] == DNS_PORT
        keys, counts = np.unique(keyed(facts["resp_hi"][served], facts["resp_lo"][served]), return_counts=True)
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            if key in self._asked or len(self._asked) < self._most:
                self._asked[key] = self._asked.get(key, 0) + count

    def carry(self) -> State:
        """Return how often each address was asked (netad.core.carried)."""
        return {
            "addresses": np.array(list(self._asked), dtype=np.uint64),
            "counts": np.array(list(self._asked.values()), dtype=np.int64),
        }

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        addresses = array_of(state, "addresses", np.uint64)
        counts = array_of(state, "counts", np.int64, addresses.shape)
        self._asked = dict(zip(addresses.tolist(), counts.tolist(), strict=True))

    def among(self, sources: UInt64) -> NDArray[np.bool_]:
        """Tell which sources, by what stands for their address, answer questions themselves; shape of `sources`."""
        resolvers = [key for key, count in self._asked.items() if count >= self._least]
        return np.isin(sources, np.array(resolvers, dtype=np.uint64))
