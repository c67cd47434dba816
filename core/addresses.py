"""IP addresses as two 64-bit columns, and membership of networks over whole columns.

An address is held in the 16-byte form of RFC 4291 (IPv4 as ::ffff:a.b.c.d), split in network byte order into a high
and a low uint64, so that a column of addresses is two plain NumPy arrays.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netad.core.errors import ConfigError

UInt64 = NDArray[np.uint64]

V4_PREFIX = 0xFFFF << 32
_LOW = (1 << 64) - 1

# RFC 1918, RFC 6598 (shared address space is a provider's, left out), RFC 4193, RFC 3927 and RFC 4291 link-local.
PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")


def split_address(packed: bytes) -> tuple[int, int]:
    """Return (high, low) of a packed address of 4 or 16 bytes."""
    if len(packed) == 4:
        return 0, V4_PREFIX | int.from_bytes(packed, "big")
    return int.from_bytes(packed[:8], "big"), int.from_bytes(packed[8:], "big")


def parse_address(text: str) -> tuple[int, int]:
    """Return (high, low) of an address in text form. Raises ValueError when it is none."""
    return split_address(ipaddress.ip_address(text.partition("%")[0]).packed)


def is_v4(high: int, low: int) -> bool:
    """Tell whether the address is an IPv4 one."""
    return high == 0 and low >> 32 == 0xFFFF


def format_address(high: int, low: int) -> str:
    """Return the text form: dotted quad, or RFC 5952 for IPv6."""
    if is_v4(high, low):
        return f"{low >> 24 & 255}.{low >> 16 & 255}.{low >> 8 & 255}.{low & 255}"
    return str(ipaddress.IPv6Address(high << 64 | low))


def pack_address(high: int, low: int) -> bytes:
    """Return the address as 4 bytes (IPv4) or 16 bytes (IPv6), network byte order."""
    if is_v4(high, low):
        return (low & 0xFFFFFFFF).to_bytes(4, "big")
    return (high << 64 | low).to_bytes(16, "big")


def format_addresses(high: UInt64, low: UInt64) -> NDArray[np.object_]:
    """Return the text forms of a column of addresses, shape (n,), each distinct address formatted once."""
    pairs = np.empty(len(high), dtype=[("high", np.uint64), ("low", np.uint64)])
    pairs["high"], pairs["low"] = high, low
    distinct, inverse = np.unique(pairs, return_inverse=True)
    names = np.array([format_address(int(h), int(w)) for h, w in distinct.tolist()], dtype=object)
    return names[inverse] if len(names) else np.empty(0, dtype=object)


@dataclass(frozen=True)
class Networks:
    """A set of networks that whole columns of addresses are tested against."""

    text: tuple[str, ...]
    _bounds: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, networks: Iterable[str]) -> "Networks":
        """Read networks in CIDR form; a plain address is a network of one.

        Raises:
            ConfigError: one of them is no network.
        """
        text, bounds = [], []
        for item in networks:
            try:
                network = ipaddress.ip_network(item.strip(), strict=False)
            except ValueError as error:
                raise ConfigError(f"{item!r} is not a network in CIDR form, such as 10.0.0.0/8") from error
            first, last = (split_address(address.packed) for address in (network[0], network[-1]))
            text.append(str(network))
            bounds.append((first[0] << 64 | first[1], last[0] << 64 | last[1]))
        return cls(tuple(text), tuple(bounds))

    def contains(self, high: UInt64, low: UInt64) -> NDArray[np.bool_]:
        """Tell for each address whether any network holds it, shape (n,)."""
        found = np.zeros(len(high), dtype=bool)
        for first, last in self._bounds:
            first_high, first_low = np.uint64(first >> 64), np.uint64(first & _LOW)
            last_high, last_low = np.uint64(last >> 64), np.uint64(last & _LOW)
            above = (high > first_high) | ((high == first_high) & (low >= first_low))
            below = (high < last_high) | ((high == last_high) & (low <= last_low))
            found |= above & below
        return found
