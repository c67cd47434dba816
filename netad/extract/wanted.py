"""Which packets are wanted: of whom, when, with whom, on which ports; and of which flows, where an event names them."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from netad.core.addresses import split_address
from netad.core.errors import ConfigError
from netad.core.timing import iso, parse_duration, parse_time
from netad.ingest.decode import TCP, UDP, Packet

_ALL: Final = (1 << 128) - 1
_LEAST_TIME, _TIME_END = -(1 << 63), (1 << 63) - 1
_WITH_PORTS: Final = (TCP, UDP, 33, 132, 136)  # and DCCP, SCTP, UDP-Lite

# Two ends (address as int, port) in ascending order, and the protocol.
Tuple5 = tuple[tuple[int, int], tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Network:
    """A network of one address or more, in the 16-byte form of netad.core.addresses."""

    text: str
    first: int
    mask: int

    @classmethod
    def parse(cls, text: str) -> "Network":
        """Read an address or a network in CIDR form.

        Raises:
            ConfigError: it is neither.
        """
        try:
            network = ipaddress.ip_network(text.strip(), strict=False)
        except ValueError as error:
            raise ConfigError(f"{text!r} is neither an address nor a network such as 10.1.2.0/24") from error
        host_bits = network.max_prefixlen - network.prefixlen
        high, low = split_address(network.network_address.packed)
        shown = str(network.network_address) if not host_bits else str(network)
        return cls(shown, high << 64 | low, _ALL >> host_bits << host_bits)

    def holds(self, address: int) -> bool:
        """Tell whether an address is in here."""
        return address & self.mask == self.first


@dataclass(frozen=True)
class Flows:
    """The flows of which packets are wanted: by their two ends and protocol, each with the times it was seen from to.

    `times_ns` holds (first, last) of every flow with those ends; both belong to it.
    """

    times_ns: Mapping[Tuple5, list[tuple[int, int]]]

    def hold(self, key: Tuple5, time_ns: int) -> bool:
        """Tell whether a packet is of one of the flows."""
        return any(first <= time_ns <= last for first, last in self.times_ns.get(key, ()))

    def span(self) -> tuple[int, int]:
        """Return from when to when (exclusive) the flows were seen, ns since the epoch; there must be one."""
        times = [time for some in self.times_ns.values() for time in some]
        return min(first for first, _ in times), max(last for _, last in times) + 1


@dataclass(frozen=True)
class Wanted:
    """What a packet must be to be wanted.

    Attributes:
        source: one of its ends is in here.
        since_ns, until_ns: its time is in [since_ns, until_ns), ns since the epoch; None is no bound.
        peers: the other end is in one of these; any without them.
        ports: one of its TCP, UDP, UDP-Lite, SCTP or DCCP ports is one of these; any packet without them.
        flows: it is a packet of one of these; of any without them.
    """

    source: Network
    since_ns: int | None = None
    until_ns: int | None = None
    peers: tuple[Network, ...] = ()
    ports: tuple[int, ...] = ()
    flows: Flows | None = field(default=None, repr=False)

    def fits(self, packet: Packet) -> bool:
        """Tell whether a decoded packet is between the ends and on the ports that are wanted, as the kernel does."""
        src, dst = (high << 64 | low for high, low in (packet.src, packet.dst))
        if not (self._between(src, dst) or self._between(dst, src)):
            return False
        if not self.ports:
            return True
        return packet.protocol in _WITH_PORTS and (packet.src_port in self.ports or packet.dst_port in self.ports)

    def _between(self, one: int, other: int) -> bool:
        return self.source.holds(one) and (not self.peers or any(peer.holds(other) for peer in self.peers))

    def when(self) -> str:
        """Return the wanted time for a sentence, such as ` from 2026-01-31T08:00:00.000Z`; nothing without one."""
        since = "" if self.since_ns is None else f" from {iso(self.since_ns)}"
        return since if self.until_ns is None else f"{since} until {iso(self.until_ns)}"

    def bounds(self) -> tuple[int, int]:
        """Return since and until as int64 holds them."""
        since = _LEAST_TIME if self.since_ns is None else max(self.since_ns, _LEAST_TIME)
        return since, _TIME_END if self.until_ns is None else min(self.until_ns, _TIME_END)

    def ends(self) -> NDArray[np.int64]:
        """Return source and peers for the kernel, (1 + peers, 4): the network's halves, then those of its mask."""
        return _halves(number for one in (self.source, *self.peers) for number in (one.first, one.mask))

    def port_numbers(self) -> NDArray[np.int64]:
        """Return the ports for the kernel, (ports,)."""
        return np.array(self.ports, np.int64)


def tuple5(src: int, src_port: int, dst: int, dst_port: int, protocol: int) -> Tuple5:
    """Return what packets of both directions of a flow have in common."""
    one, other = (src, src_port), (dst, dst_port)
    return (one, other, protocol) if one <= other else (other, one, protocol)


def parse_ports(given: Iterable[Any]) -> tuple[int, ...]:
    """Return port numbers, each once.

    Raises:
        ConfigError: one is none.
    """
    ports = []
    for one in given:
        if not str(one).isdecimal() or not 0 < int(one) < 1 << 16:
            raise ConfigError(f"{one!r} is no port: a number from 1 to 65535")
        ports.append(int(one))
    return tuple(dict.fromkeys(ports))


def parse_window(text: str) -> tuple[int, int]:
    """Return a window such as `2026-01-31T08:00Z/1h`, or `START/END`, as [since, until), ns since the epoch.

    Raises:
        ConfigError: it is none.
    """
    begins, slash, length = text.partition("/")
    if not slash:
        raise ConfigError(f"{text!r} is no window such as 2026-01-31T08:00Z/1h")
    start = parse_time(begins)
    try:
        return start, start + parse_duration(length)
    except ConfigError:
        return start, parse_time(length)


def _halves(numbers: Iterable[int]) -> NDArray[np.int64]:
    halves = [half for number in numbers for half in (number >> 64, number & (1 << 64) - 1)]
    return np.array(halves, np.uint64).view(np.int64).reshape(-1, 4)
