"""Addresses and networks as rules compare them: IPv4 and IPv6 apart, look-ups by prefix length and not one by one."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from netad.core.problems import shown

Address: TypeAlias = tuple[int, int]
"""IP version (4 or 6) and the address as a number; an IPv4-mapped IPv6 address (RFC 4291) is the IPv4 one."""


class Network(NamedTuple):
    """All addresses of one IP version whose first `prefix_length` bits are `prefix`."""

    version: int
    prefix_length: int
    prefix: int


@lru_cache(maxsize=65536)
def parse_address(text: str) -> Address | None:
    """Return the address of a text form, or None when it is none. A zone (`%eth0`) is left out."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.version, int(found)


def format_value(value: Address | Network) -> str:
    """Return the text form of an address, or of the first address of a network."""
    version, number = value[0], value[1]
    if isinstance(value, Network):
        number = value.prefix << ((32 if version == 4 else 128) - value.prefix_length)
    return str(ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number))


def parse_network(text: str) -> Network:
    """Return the network of a CIDR form; a plain address is a network of one.

    Raises:
        ValueError: it is none, or has bits set behind its prefix; the message is a sentence.
    """
    try:
        loose = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f"{shown(text)} is not a network in CIDR form such as 10.0.0.0/8 or 2001:db8::/32") from error
    address = text.partition("/")[0]
    if ipaddress.ip_address(address) != loose.network_address:
        raise ValueError(
            f"{shown(text)} has bits set behind its prefix: write {loose}, or {address} for the one address"
        )
    bits, start, length = loose.max_prefixlen, int(loose.network_address), loose.prefixlen
    if isinstance(loose, ipaddress.IPv6Network) and length >= 96 and loose.network_address.ipv4_mapped is not None:
        bits, start, length = 32, start & 0xFFFFFFFF, length - 96
    return Network(4 if bits == 32 else 6, length, start >> (bits - length))


def hold_everything(networks: Iterable[Network]) -> bool:
    """Tell whether every address of IPv4, or every one of IPv6, lies in one of the networks."""
    by_version: dict[int, list[tuple[int, int]]] = {}
    for version, length, prefix in networks:
        bits = 32 if version == 4 else 128
        first = prefix << (bits - length)
        by_version.setdefault(version, []).append((first, first + (1 << (bits - length))))
    for version, spans in by_version.items():
        reached = 0
        for first, end in sorted(spans):
            if first > reached:
                break
            reached = max(reached, end)
        if reached == 1 << (32 if version == 4 else 128):
            return True
    return False


class NetworkSet:
    """Networks that addresses are tested against, in one look-up for each prefix length that occurs."""

    def __init__(self, networks: Iterable[Network]) -> None:
        prefixes: dict[tuple[int, int], set[int]] = {}
        for network in networks:
            prefixes.setdefault((network.version, network.prefix_length), set()).add(network.prefix)
        self._tables = tuple(
            (version, (32 if version == 4 else 128) - length, frozenset(found))
            for (version, length), found in sorted(prefixes.items())
        )

    def __contains__(self, address: Address) -> bool:
        version, number = address
        return any(version == table and number >> shift in found for table, shift, found in self._tables)
