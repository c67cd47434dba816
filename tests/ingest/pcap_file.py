"""Writes pcap files for tests."""

import struct

from netad.ingest.inputs import Source

START = 1_700_000_000


def pcap_bytes(frames, link_type=1):
    """Return (seconds after START, frame) pairs as a pcap."""
    data = [struct.pack(">IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)]
    for time, frame in frames:
        data += [struct.pack(">IIII", START + int(time), round(time % 1 * 1e6), len(frame), len(frame)), frame]
    return b"".join(data)


def write_pcap(path, frames, link_type=1):
    """Write (seconds after START, frame) pairs as a pcap and return it as a source."""
    path.write_bytes(pcap_bytes(frames, link_type))
    return Source(str(path))
