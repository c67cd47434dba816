"""The kernels of `netad extract`: one finds the wanted records of a block, one writes them as pcap or pcapng has them.

Walking and decoding are the engine's (netad.ingest.engine), so that a packet is what it is for flows and profiles.
"""

from typing import TYPE_CHECKING, Final

from netad.ingest.engine import walk as w
from netad.ingest.engine.compiled import compiled, compiled_apart, entry_point, sources
from netad.ingest.engine.decode import HANDOVER, PACKET, decode
from netad.ingest.engine.octets import Bytes, Words
from netad.ingest.engine.packet_row import (
    P_DST_HI,
    P_DST_LO,
    P_DST_PORT,
    P_PROTOCOL,
    P_SRC_HI,
    P_SRC_LO,
    P_SRC_PORT,
    P_TUNNEL,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# A record that was found: time, where its captured bytes start and end in the block, length on the wire, link type (the
# order of the walk's S_RECORD fields); then the packet in it.
F_TIME, F_START, F_END, F_WIRE, F_LINK = range(5)
F_SRC_HI, F_SRC_LO, F_DST_HI, F_DST_LO, F_SRC_PORT, F_DST_PORT, F_PROTOCOL = range(5, 12)
F_FIELDS: Final = 12
_PACKET_FIELDS: Final = (P_SRC_HI, P_SRC_LO, P_DST_HI, P_DST_LO, P_SRC_PORT, P_DST_PORT, P_PROTOCOL)

# Bytes around a record's data.
PCAP_HEAD: Final = 16
PCAPNG_HEAD, PCAPNG_FRAME = 28, 32

_ICMP, _ICMP6 = 1, 58
_TCP, _UDP, _DCCP, _SCTP, _UDPLITE = 6, 17, 33, 132, 136
_ENHANCED_PACKET: Final = 6
_SECOND_NS: Final = 1_000_000_000


@compiled
def _is_in(high: int, low: int, ends: Words, row: int) -> bool:
    """Tell whether an address is in a network, a row (first, mask) of halves."""
    return bool(high & ends[row, 2] == ends[row, 0] and low & ends[row, 3] == ends[row, 1])


@compiled
def _is_peer(high: int, low: int, ends: Words) -> bool:
    if ends.shape[0] == 1:
        return True
    for row in range(1, ends.shape[0]):  # noqa: SIM110 - kernels have no generators
        if _is_in(high, low, ends, row):
            return True
    return False


@compiled_apart
def _fits(p: Words, ends: Words, ports: Words) -> bool:
    """Tell whether a packet row is between the ends and on the ports that are wanted."""
    forth = _is_in(p[P_SRC_HI], p[P_SRC_LO], ends, 0) and _is_peer(p[P_DST_HI], p[P_DST_LO], ends)
    back = _is_in(p[P_DST_HI], p[P_DST_LO], ends, 0) and _is_peer(p[P_SRC_HI], p[P_SRC_LO], ends)
    if not (forth or back):
        return False
    if ports.shape[0] == 0:
        return True
    if p[P_PROTOCOL] not in (_TCP, _UDP, _DCCP, _SCTP, _UDPLITE):
        return False
    for place in range(ports.shape[0]):  # noqa: SIM110
        if ports[place] in (p[P_SRC_PORT], p[P_DST_PORT]):
            return True
    return False


@compiled_apart
def _outer_fits(block: Bytes, state: Words, ends: Words, ports: Words, p: Words) -> bool:
    """Tell whether the packet around the tunnel is wanted, and put it into the row."""
    start, end, wire, link = (
        state[w.S_RECORD_START],
        state[w.S_RECORD_END],
        state[w.S_RECORD_WIRE],
        state[w.S_RECORD_LINK],
    )
    return decode(block, start, end, wire, link, 0, 0, p) == PACKET and _fits(p, ends, ports)


@compiled
def _put(out: Bytes, at: int, number: int, size: int) -> None:
    """Write a number of `size` bytes, little-endian."""
    for place in range(size):
        out[at + place] = number >> 8 * place & 0xFF


def _kernel(digest: int) -> "Callable[[Bytes, Words, Words, Words, Words, Words, Words], int]":
    """Return the kernel `find`; `digest` is in its closure for the sake of the compiled code's cache."""

    @entry_point
    def find(block: Bytes, state: Words, interfaces: Words, ends: Words, ports: Words, p: Words, found: Words) -> int:
        """Walk from S_POSITION; return why it stopped: MORE, UNUSUAL, HAND_OVER or NOTES_FULL (`found` is full).

        Arrays are as `walk` has them; `ends` int64 (any, 4) and `ports` int64 (any,) are those of Wanted. The first
        S_NOTES rows of `found`, int64 (any, F_FIELDS), become the records that are wanted.
        """
        state[w.S_SOURCES] = digest
        state[w.S_NOTES] = 0
        while state[w.S_NOTES] < found.shape[0]:
            got = w.pcapng_record(block, state, interfaces) if state[w.S_PCAPNG] else w.pcap_record(block, state)
            if got != w.READ:
                return got
            state[w.S_PACKETS] += 1
            if state[w.S_RECORD_NS] < state[w.S_SINCE] or state[w.S_RECORD_NS] >= state[w.S_UNTIL]:
                continue
            start, end = state[w.S_RECORD_START], state[w.S_RECORD_END]
            outcome = decode(block, start, end, state[w.S_RECORD_WIRE], state[w.S_RECORD_LINK], 1, 0, p)
            if outcome == HANDOVER:
                return w.HAND_OVER
            if outcome != PACKET:
                continue
            if _fits(p, ends, ports) or (p[P_TUNNEL] and _outer_fits(block, state, ends, ports, p)):
                row = state[w.S_NOTES]
                for place in range(5):
                    found[row, place] = state[w.S_RECORD_NS + place]
                for place in range(7):
                    found[row, F_SRC_HI + place] = p[_PACKET_FIELDS[place]]
                state[w.S_NOTES] = row + 1
        return w.NOTES_FULL

    return find


find: Final = _kernel(sources())


@entry_point
def write_pcap(block: Bytes, found: Words, out: Bytes) -> int:
    """Write records as pcap with nanoseconds; return how many bytes of `out` they took."""
    at = 0
    for row in range(found.shape[0]):
        start, end, time_ns = found[row, F_START], found[row, F_END], found[row, F_TIME]
        _put(out, at, time_ns // _SECOND_NS, 4)
        _put(out, at + 4, time_ns % _SECOND_NS, 4)
        _put(out, at + 8, end - start, 4)
        _put(out, at + 12, found[row, F_WIRE], 4)
        at += PCAP_HEAD
        for place in range(end - start):
            out[at + place] = block[start + place]
        at += end - start
    return at


@entry_point
def write_pcapng(block: Bytes, found: Words, out: Bytes) -> int:
    """Write records as Enhanced Packet Blocks, with F_LINK for the interface; return as `write_pcap` does."""
    at = 0
    for row in range(found.shape[0]):
        start, end, time_ns = found[row, F_START], found[row, F_END], found[row, F_TIME]
        padded = end - start + 3 & ~3
        _put(out, at, _ENHANCED_PACKET, 4)
        _put(out, at + 4, PCAPNG_FRAME + padded, 4)
        _put(out, at + 8, found[row, F_LINK], 4)
        _put(out, at + 12, time_ns >> 32, 4)
        _put(out, at + 16, time_ns, 4)
        _put(out, at + 20, end - start, 4)
        _put(out, at + 24, found[row, F_WIRE], 4)
        at += PCAPNG_HEAD
        for place in range(end - start):
            out[at + place] = block[start + place]
        for place in range(end - start, padded):
            out[at + place] = 0
        at += padded
        _put(out, at, PCAPNG_FRAME + padded, 4)
        at += 4
    return at
