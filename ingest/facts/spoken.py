"""What one TCP or UDP packet says: the part of a packet that facts are made of."""

from typing import NamedTuple

from netad.ingest.decode import decode_payload
from netad.ingest.framing import Record


class Spoken(NamedTuple):
    """Fields of netad.ingest.decode.Packet by their names, and the payload as far as it was captured."""

    time_ns: int
    src: tuple[int, int]
    dst: tuple[int, int]
    protocol: int
    src_port: int
    dst_port: int
    payload_length: int
    seq: int
    payload: bytes


def spoken_in_record(record: Record, decap: bool = True) -> Spoken | None:
    """Return what the packet in a record says; None if it is none, or nothing of its payload was captured."""
    found = decode_payload(record, decap)
    if isinstance(found, str) or not found[1]:
        return None
    packet, payload = found
    return Spoken(packet.time_ns, packet.src, packet.dst, packet.protocol, packet.src_port, packet.dst_port,
                  packet.payload_length, packet.seq, payload)  # fmt: skip
