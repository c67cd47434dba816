"""What is said of addresses and networks, found by address."""

import ipaddress
from collections.abc import Iterator
from functools import lru_cache
from typing import Generic, TypeVar

from netad.core.addresses import parse_address, split_address

T = TypeVar("T")
_BITS = 128
# Events name the same addresses over and over.
parsed_address = lru_cache(maxsize=65_536)(parse_address)


class AddressTable(Generic[T]):
    """Values by network; what is said of the narrowest network that holds an address comes first."""

    def __init__(self) -> None:
        self._by_length: dict[int, dict[int, list[T]]] = {}

    def add(self, network: str, value: T) -> bool:
        """Say something of a network in CIDR form, or of an address; return whether it is a single address.

        Raises:
            ValueError: it is neither.
        """
        parsed = ipaddress.ip_network(network, strict=False)
        high, low = split_address(parsed.network_address.packed)
        length = parsed.prefixlen + (96 if parsed.version == 4 else 0)
        self._by_length.setdefault(length, {}).setdefault(_prefix(high, low, length), []).append(value)
        if len(self._by_length) > 1:
            self._by_length = dict(sorted(self._by_length.items(), reverse=True))
        return length == _BITS

    def values(self) -> Iterator[T]:
        """Yield all that is said."""
        for networks in self._by_length.values():
            for values in networks.values():
                yield from values

    def find(self, address: str) -> Iterator[T]:
        """Yield what is said of an address, the narrowest network first; nothing for what is no address."""
        try:
            high, low = parsed_address(address)
        except ValueError:
            return
        for length, values in self._by_length.items():
            yield from values.get(_prefix(high, low, length), ())


def _prefix(high: int, low: int, length: int) -> int:
    return (high << 64 | low) >> (_BITS - length)
