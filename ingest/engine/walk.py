"""The entry kernel: walks the records of a block, decodes each and gives it to the flow table, in one pass.

It reads what well-formed captures consist of. At anything else it stops in front of the record (or block of pcapng)
and leaves that one to the Python readers, which know what to say about it.
"""

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from netad.ingest.engine.compiled import compiled, entry_point, sources
from netad.ingest.engine.decode import HANDOVER, PACKET, decode
from netad.ingest.engine.layout import Arrays
from netad.ingest.engine.notes import NOTED, SILENT, hint_of, note_packet
from netad.ingest.engine.octets import Bytes, Words, u16, u32
from netad.ingest.engine.packet_row import P_HINT, P_INPUT, P_TIME
from netad.ingest.engine.table import take
from netad.ingest.framing import MAX_CAPTURED, MAX_TIME_NS
from netad.ingest.pcapng import Interface

if TYPE_CHECKING:
    from collections.abc import Callable

# Why the walk stopped. At MORE the block's rest is the beginning of a record (or nothing), at UNUSUAL a record that a
# Python reader must read; both leave S_POSITION in front of it. At HAND_OVER the S_RECORD fields hold a packet that
# netad.ingest.decode must decode, and the walk is behind it. At NOTES_FULL there is no room for another note; notes are
# about the block at hand and have to be read before the next call. At a code above 0 the flow table did not take the
# packet in the row: the next call tries again.
MORE, UNUSUAL, HAND_OVER, NOTES_FULL = 0, -1, -2, -3

# A record, or block of pcapng, above this many bytes is UNUSUAL: room for it ahead of a block is not worth having.
MAX_IN_KERNEL: Final = MAX_CAPTURED + 1024

# The walk's state, int64. What it reads:
S_PCAPNG = 0  # 1 for pcapng
S_BIG_ENDIAN = 1
S_HEADER_SIZE = 2  # pcap: bytes of a record header
S_UNIT_NS = 3  # pcap: ns of one unit of the fraction
S_OLD = 4  # pcap: lengths may be the other way round
S_LINK_TYPE = 5  # pcap
S_INTERFACES = 6  # pcapng: rows in use in the interface table
S_SINCE, S_UNTIL = 7, 8  # ns
S_INPUT = 9
S_DECAP = 10
S_STRICT = 27
S_AFTER = 28  # records up to this number were read before
S_END = 11  # of the bytes in the block
# What it reads and moves on:
S_POSITION = 12
S_NUMBER = 13  # of the record, or packet block, last read
S_LAST_NS = 14  # pcapng: time of the last packet, -1 without one
S_READY = 15  # 1: the row holds a packet that the flow table has not taken yet
# What it counts up:
S_PACKETS = 16  # records
S_OUTSIDE = 17  # those outside the time range
S_FIRST_NS, S_LATEST_NS = 18, 19  # of the packets, first above latest without one
S_NOTES = 26  # notes that were taken
# The record at hand:
S_RECORD_NS, S_RECORD_START, S_RECORD_END, S_RECORD_WIRE, S_RECORD_LINK = 20, 21, 22, 23, 24
S_SOURCES = 25
S_FIELDS = 29

# Columns of the interface table: ns = ticks * I_MULTIPLIER // I_DIVISOR + I_OFFSET_NS.
I_LINK_TYPE, I_SNAPLEN, I_MULTIPLIER, I_DIVISOR, I_OFFSET_NS, I_MAX_TICKS = range(6)
I_FIELDS = 6

_BLOCK_HEAD, _BLOCK_FRAME = 8, 12
_SECTION_BLOCK, _INTERFACE_BLOCK = 0x0A0D0D0A, 1
_PACKET_BLOCK, _SIMPLE_BLOCK, _ENHANCED_BLOCK = 2, 3, 6
_SIMPLE_FIXED, _PACKET_FIXED = 4, 20
READ = 1


def new_state() -> Words:
    """Return a state for `walk` with nothing counted, at which it finds nothing in an empty block."""
    state = np.zeros(S_FIELDS, np.int64)
    state[S_HEADER_SIZE] = 16
    clear_counters(state)
    state[S_LAST_NS] = -1
    return state


def clear_counters(state: Words) -> None:
    """Set what `walk` counts up back to nothing."""
    state[S_PACKETS] = state[S_OUTSIDE] = 0
    state[S_FIRST_NS], state[S_LATEST_NS] = MAX_TIME_NS, -1


def interface_row(interface: Interface) -> tuple[int, ...]:
    """Return an interface as a row of the table; I_MAX_TICKS is -1 where its times do not fit the kernel's arithmetic.

    The kernel computes whole * multiplier + rest * multiplier // divisor, with ticks = whole * divisor + rest.
    """
    common = math.gcd(interface.multiplier, interface.divisor)
    multiplier, divisor = interface.multiplier // common, interface.divisor // common
    if multiplier * divisor >= MAX_TIME_NS or abs(interface.offset_ns) >= MAX_TIME_NS // 2:
        return interface.link_type, interface.snaplen, 1, 1, 0, -1
    highest = min(MAX_TIME_NS // multiplier * divisor, MAX_TIME_NS)
    return interface.link_type, interface.snaplen, multiplier, divisor, interface.offset_ns, highest


@compiled
def pcap_record(block: Bytes, state: Words) -> int:
    """Read the pcap record at S_POSITION into the S_RECORD fields; return MORE, UNUSUAL or READ."""
    at, end, big_endian = state[S_POSITION], state[S_END], state[S_BIG_ENDIAN]
    data = at + state[S_HEADER_SIZE]
    if data > end:
        return MORE
    seconds, fraction = u32(block, at, big_endian), u32(block, at + 4, big_endian)
    captured, length = u32(block, at + 8, big_endian), u32(block, at + 12, big_endian)
    if state[S_OLD] and captured > length:
        captured, length = length, captured
    if captured > MAX_CAPTURED or (captured == 0 and length == 0 and seconds == 0):
        return UNUSUAL
    if data + captured > end:
        return MORE
    state[S_RECORD_NS] = seconds * 1_000_000_000 + fraction * state[S_UNIT_NS]
    state[S_RECORD_START] = data
    state[S_RECORD_END] = data + captured
    state[S_RECORD_WIRE] = length
    state[S_RECORD_LINK] = state[S_LINK_TYPE]
    state[S_POSITION] = data + captured
    state[S_NUMBER] += 1
    return READ


@compiled
def pcapng_record(block: Bytes, state: Words, interfaces: Words) -> int:
    """Pass over blocks from S_POSITION to the next packet block; read it and return as `pcap_record` does."""
    end, big_endian = state[S_END], state[S_BIG_ENDIAN]
    while True:
        at = state[S_POSITION]
        if at + _BLOCK_HEAD > end:
            return MORE
        kind, length = u32(block, at, big_endian), u32(block, at + 4, big_endian)
        if kind in (_SECTION_BLOCK, _INTERFACE_BLOCK) or length < _BLOCK_FRAME or length > MAX_IN_KERNEL or length & 3:
            return UNUSUAL
        if at + length > end:
            return MORE
        if u32(block, at + length - 4, big_endian) != length:
            return UNUSUAL
        if kind in (_PACKET_BLOCK, _SIMPLE_BLOCK, _ENHANCED_BLOCK):
            return _packet_block(block, state, interfaces, kind, length)
        state[S_POSITION] = at + length


@compiled
def _packet_block(block: Bytes, state: Words, interfaces: Words, kind: int, length: int) -> int:
    """Read the packet block at S_POSITION, which is there as a whole; return UNUSUAL or READ."""
    big_endian, body = state[S_BIG_ENDIAN], state[S_POSITION] + _BLOCK_HEAD
    fixed = _SIMPLE_FIXED if kind == _SIMPLE_BLOCK else _PACKET_FIXED
    there = length - _BLOCK_FRAME - fixed
    if there < 0:
        return UNUSUAL
    index = 0
    if kind == _ENHANCED_BLOCK:
        index = u32(block, body, big_endian)
    elif kind == _PACKET_BLOCK:
        index = u16(block, body, big_endian)
    if index >= state[S_INTERFACES]:
        return UNUSUAL
    time_ns = state[S_LAST_NS]
    if kind == _SIMPLE_BLOCK:
        wire = u32(block, body, big_endian)
        captured, snaplen = wire, interfaces[index, I_SNAPLEN]
        if 0 < snaplen < captured:
            captured = snaplen
    else:
        high, low = u32(block, body + 4, big_endian), u32(block, body + 8, big_endian)
        captured, wire = u32(block, body + 12, big_endian), u32(block, body + 16, big_endian)
        ticks = high << 32 | low
        if ticks < 0 or ticks > interfaces[index, I_MAX_TICKS]:
            return UNUSUAL
        multiplier, divisor = interfaces[index, I_MULTIPLIER], interfaces[index, I_DIVISOR]
        if divisor == 1:
            time_ns = ticks * multiplier
        else:
            whole = ticks // divisor
            time_ns = whole * multiplier + (ticks - whole * divisor) * multiplier // divisor
        time_ns += interfaces[index, I_OFFSET_NS]
    if captured > MAX_CAPTURED or captured > there or time_ns < 0 or time_ns >= MAX_TIME_NS:
        return UNUSUAL
    state[S_RECORD_NS] = time_ns
    state[S_RECORD_START] = body + fixed
    state[S_RECORD_END] = body + fixed + captured
    state[S_RECORD_WIRE] = wire
    state[S_RECORD_LINK] = interfaces[index, I_LINK_TYPE]
    state[S_LAST_NS] = time_ns
    state[S_POSITION] += length
    state[S_NUMBER] += 1
    return READ


def _kernel(digest: int) -> "Callable[[Bytes, Words, Words, Words, Words, Words, Arrays], int]":
    """Return the kernel `walk`; `digest` is in its closure for the sake of the compiled code's cache."""

    @entry_point
    def walk(
        block: Bytes, state: Words, interfaces: Words, skipped: Words, notes: Words, p: Words, arrays: Arrays
    ) -> int:
        """Walk from S_POSITION; return why it stopped: MORE, UNUSUAL, HAND_OVER, NOTES_FULL or the flow table's code.

        `block` is uint8 (bytes), `state` int64 (S_FIELDS,), `interfaces` int64 (any, I_FIELDS), `skipped` int64
        (len(KINDS),), counted up; `notes` int64 (any, N_FIELDS), of which S_NOTES get filled, without rows none are
        taken; `p` the packet row, `arrays` those of the FlowStore.
        """
        state[S_SOURCES] = digest
        state[S_NOTES] = 0
        while True:
            if state[S_READY]:
                code = take(p, arrays)
                if code != 0:
                    return code
                state[S_READY] = 0
                if p[P_HINT] == NOTED:
                    note_packet(notes, state[S_NOTES], p, state[S_RECORD_END])
                    state[S_NOTES] += 1
                    if state[S_NOTES] == notes.shape[0]:
                        return NOTES_FULL
            found = pcapng_record(block, state, interfaces) if state[S_PCAPNG] else pcap_record(block, state)
            if found != READ:
                return found
            if state[S_NUMBER] <= state[S_AFTER]:
                continue
            state[S_PACKETS] += 1
            time_ns = state[S_RECORD_NS]
            if time_ns < state[S_SINCE] or time_ns >= state[S_UNTIL]:
                state[S_OUTSIDE] += 1
                continue
            outcome = decode(
                block,
                state[S_RECORD_START],
                state[S_RECORD_END],
                state[S_RECORD_WIRE],
                state[S_RECORD_LINK],
                state[S_DECAP],
                state[S_STRICT],
                p,
            )
            if outcome == HANDOVER:
                return HAND_OVER
            if outcome != PACKET:
                skipped[outcome] += 1
                continue
            p[P_TIME] = time_ns
            p[P_INPUT] = state[S_INPUT]
            p[P_HINT] = hint_of(block, p, state[S_RECORD_END]) if notes.shape[0] > 0 else SILENT
            state[S_FIRST_NS] = min(state[S_FIRST_NS], time_ns)
            state[S_LATEST_NS] = max(state[S_LATEST_NS], time_ns)
            state[S_READY] = 1

    return walk


walk: Final = _kernel(sources())
