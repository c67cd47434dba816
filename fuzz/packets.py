"""Target: one captured packet of any link type. The kernel says what the reference says, or hands it over."""

import numpy as np

from netad.ingest.checksums import Strict
from netad.ingest.decode import Packet, decode, decode_payload
from netad.ingest.engine.decode import HANDOVER, KINDS, PACKET
from netad.ingest.engine.decode import decode as kernel
from netad.ingest.engine.packet_row import P_ACK, P_FIELDS, P_SRC_HI, fill_row
from netad.ingest.framing import Record

LONGEST = 512
# Those of netad.ingest.link_layers, and one that nobody knows.
LINK_TYPES = (1, 0, 9, 12, 50, 51, 101, 104, 105, 108, 113, 119, 127, 163, 166, 192, 204, 228, 276, 9999)
_DECAP, _STRICT_SHIFT = 1, 1
_HEAD = 3
_DECODED = slice(P_SRC_HI, P_ACK + 1)


def seed(frame: bytes, link_type: int, *, decap: bool = True, strict: Strict = Strict.NONE, cut: int = 0) -> bytes:
    """Return the input that stands for this frame with `cut` bytes missing."""
    options = (_DECAP if decap else 0) | strict << _STRICT_SHIFT
    return bytes((LINK_TYPES.index(link_type), options, cut)) + frame


def one_input(data: bytes) -> None:
    """Decode the packet that the input stands for in both ways and compare."""
    if len(data) < _HEAD:
        return
    link_type, decap = LINK_TYPES[data[0] % len(LINK_TYPES)], bool(data[1] & _DECAP)
    strict = Strict((data[1] >> _STRICT_SHIFT) % len(Strict))
    frame = data[_HEAD:]
    record = Record(0, frame, len(frame) + data[2], link_type)
    packet = decode(record, decap, strict)
    found = [_by_kernel(record, decap, strict, around) for around in (b"\0", b"\xff")]
    assert found[0] == found[1], "the kernel reads outside the record"
    assert found[0] in (None, _wanted(packet)), (found[0], packet)
    _check(decode(record, decap), decode_payload(record, decap))


def _by_kernel(record: Record, decap: bool, strict: Strict, around: bytes) -> list[int] | str | None:
    """Return the kernel's packet row or kind, None for what it hands over; `around` lies beside the packet."""
    block = np.frombuffer(around * 4 + record.data + around * 64, np.uint8)
    row = np.full(P_FIELDS, 99, np.int64)
    start, end = 4, 4 + len(record.data)
    with np.errstate(over="ignore"):  # compiled code wraps without a word
        outcome = kernel(block, start, end, record.wire_length, record.link_type, int(decap), int(strict), row)
    if outcome == HANDOVER:
        return None
    return row[_DECODED].tolist() if outcome == PACKET else KINDS[outcome]


def _wanted(packet: Packet | str) -> list[int] | str:
    if isinstance(packet, str):
        return packet
    row = np.full(P_FIELDS, 99, np.int64)
    fill_row(row, packet, 0)
    return row[_DECODED].tolist()  # type: ignore[no-any-return]


def _check(packet: Packet | str, with_payload: tuple[Packet, bytes] | str) -> None:
    """Check what the reference promises by itself."""
    if isinstance(packet, str):
        assert with_payload == packet
        return
    assert with_payload[0] == packet
    assert len(with_payload[1]) <= packet.payload_length <= packet.length
    assert 0 <= packet.src_port <= 0xFFFF
    assert 0 <= packet.dst_port <= 0xFFFF
    assert 0 <= packet.vlan <= 0xFFF
