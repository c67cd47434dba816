"""Notes of packets whose payload may hold facts (netad.ingest.facts), so that Python looks at those and no others.

Noted are DNS by its ports, and what the originator of a TCP flow sends first if that looks like a TLS handshake or an
HTTP request, with the segments behind it up to a bound: a ClientHello may take several.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from netad.ingest.decode import TCP, UDP
from netad.ingest.engine.compiled import compiled, compiled_apart
from netad.ingest.engine.layout import (
    GREETS,
    ORIGINATOR_IS_B,
    PART_A,
    PART_B,
    R_BITS,
    R_PART,
    R_PAST,
    T_PAYLOAD,
    Int64,
)
from netad.ingest.engine.octets import Bytes, Words, u8
from netad.ingest.engine.packet_row import (
    P_DST_HI,
    P_DST_LO,
    P_DST_PORT,
    P_HINT,
    P_INNER,
    P_PAYLOAD,
    P_PROTOCOL,
    P_SEQ,
    P_SRC_HI,
    P_SRC_LO,
    P_SRC_PORT,
    P_TIME,
)
from netad.ingest.facts.spoken import Spoken

# P_HINT. The two above NOTED become one of those below once the packet's flow is known.
SILENT: Final = 0
NOTED: Final = 1
GREETING: Final = 2  # TCP payload that begins like a greeting
GOES_ON: Final = 3  # other TCP payload

# How much the originator may have sent before a packet that is still noted.
GREETING_BYTES: Final = 8192
# What a note holds: these fields of the packet, and where its captured payload begins and ends in the block.
_NOTED_FIELDS: Final = (
    P_TIME, P_PROTOCOL, P_SRC_PORT, P_DST_PORT, P_PAYLOAD, P_SEQ, P_SRC_HI, P_SRC_LO, P_DST_HI, P_DST_LO,
)  # fmt: skip
_START: Final = len(_NOTED_FIELDS)
_END: Final = _START + 1
_ADDRESSES: Final = _NOTED_FIELDS.index(P_SRC_HI)
N_FIELDS: Final = _END + 1
_NOTES: Final = 4096

_DNS, _MDNS, _LLMNR = 53, 5353, 5355
_HANDSHAKE, _TLS_MAJOR = 0x16, 0x03
_LETTER_A, _LETTER_Z = 65, 90


def new_notes(wanted: bool) -> Words:
    """Return room for notes, (n, N_FIELDS): none unless they are wanted, and then the kernel takes none."""
    return np.zeros((_NOTES if wanted else 0, N_FIELDS), np.int64)


def spoken_in(block: Bytes, notes: Words) -> Iterator[Spoken]:
    """Yield what the packets say that notes about this block name."""
    octets = block.data
    addresses = notes[:, _ADDRESSES:_START].astype(np.uint64).tolist()
    for note, (src_hi, src_lo, dst_hi, dst_lo) in zip(notes.tolist(), addresses, strict=True):
        time_ns, protocol, src_port, dst_port, length, seq = note[:_ADDRESSES]
        payload = bytes(octets[note[_START] : note[_END]])
        yield Spoken(time_ns, (src_hi, src_lo), (dst_hi, dst_lo), protocol, src_port, dst_port, length, seq, payload)


@compiled
def note_packet(notes: Words, at: int, p: Words, end: int) -> None:
    """Note a packet, a row int64 (P_FIELDS,), whose record is captured up to `end`, in row `at`."""
    for place in range(_START):
        notes[at, place] = p[_NOTED_FIELDS[place]]
    notes[at, _START] = p[P_INNER]
    notes[at, _END] = min(p[P_INNER] + p[P_PAYLOAD], end)


@compiled
def hint_of(block: Bytes, p: Words, end: int) -> int:
    """Return what a decoded packet says by itself about its payload, which is captured up to `end`."""
    start = p[P_INNER]
    protocol = p[P_PROTOCOL]
    if p[P_PAYLOAD] <= 0 or protocol not in (TCP, UDP) or start >= end:
        return SILENT
    one, other = p[P_SRC_PORT], p[P_DST_PORT]
    if _DNS in (one, other):
        return NOTED
    if protocol == UDP:
        return NOTED if one in (_MDNS, _LLMNR) or other in (_MDNS, _LLMNR) else SILENT
    first = u8(block, start)
    if _LETTER_A <= first <= _LETTER_Z:
        return GREETING
    if first == _HANDSHAKE and start + 1 < end and u8(block, start + 1) == _TLS_MAJOR:
        return GREETING
    return GOES_ON


@compiled_apart
def is_said(rows: Int64, row: int, past: Int64, is_b: bool, p: Words) -> bool:
    """Tell whether a packet, not counted yet, with a hint above NOTED is to be noted in its flow, and remember it."""
    bits = rows[row, R_BITS]
    if is_b != (bits & ORIGINATOR_IS_B != 0):
        return False
    part = PART_B if is_b else PART_A
    sent = rows[row, R_PART + part + T_PAYLOAD]
    cut = rows[row, R_PAST]
    if cut >= 0:
        sent += past[cut, part + T_PAYLOAD]
    if sent == 0:
        if p[P_HINT] != GREETING:
            return False
        rows[row, R_BITS] = bits | GREETS
        return True
    return bool(bits & GREETS != 0 and sent < GREETING_BYTES)
