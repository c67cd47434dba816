"""One decoded packet as a row of int64: what the decoding kernel fills and the flow table's kernel takes.

Addresses are the two halves of netad.core.addresses, bit for bit as int64. The fields mean what they mean in
netad.ingest.decode.Packet, with -1 for what is not there.
"""

import numpy as np
from numpy.typing import NDArray

from netad.ingest.decode import Packet
from netad.ingest.icmp_ports import is_one_way

P_TIME = 0  # ns since the epoch
P_SRC_HI = 1
P_SRC_LO = 2
P_DST_HI = 3
P_DST_LO = 4
P_PROTOCOL = 5
P_SRC_PORT = 6  # ICMP as Zeek logs it, netad.ingest.icmp_ports
P_DST_PORT = 7
P_ONE_WAY = 8  # 1 for ICMP messages that expect no answer: both directions are flows of their own
P_LENGTH = 9  # IP total length
P_PAYLOAD = 10  # transport payload
P_TTL = 11
P_VLAN = 12
P_TUNNEL = 13  # index into netad.ingest.flows.TUNNELS
P_FLAGS = 14  # TCP flags, -1 where none were captured
P_WINDOW = 15
P_SEQ = 16
P_ACK = 17
P_INPUT = 18  # index of the input the packet came from
P_INNER = 19  # of TCP and UDP: where the payload begins in the block; else where what the IP header carries does
P_HINT = 20  # netad.ingest.engine.notes
P_FIELDS = 21


def fill_row(row: NDArray[np.int64], packet: Packet, input_index: int) -> None:
    """Write a packet of the input `input_index` into a row of P_FIELDS."""
    row[P_TIME] = packet.time_ns
    row[P_SRC_HI], row[P_SRC_LO] = _signed(packet.src[0]), _signed(packet.src[1])
    row[P_DST_HI], row[P_DST_LO] = _signed(packet.dst[0]), _signed(packet.dst[1])
    row[P_PROTOCOL], row[P_SRC_PORT], row[P_DST_PORT] = packet.protocol, packet.src_port, packet.dst_port
    row[P_ONE_WAY] = is_one_way(packet.protocol, packet.src_port)
    row[P_LENGTH], row[P_PAYLOAD] = packet.length, packet.payload_length
    row[P_TTL], row[P_VLAN], row[P_TUNNEL] = packet.ttl, packet.vlan, packet.tunnel
    row[P_FLAGS] = -1 if packet.tcp_flags is None else packet.tcp_flags
    row[P_WINDOW], row[P_SEQ], row[P_ACK] = packet.tcp_window, packet.seq, packet.ack
    row[P_INPUT] = input_index
    row[P_HINT] = 0  # the driver has such packets at hand


def _signed(half: int) -> int:
    return half - (1 << 64) if half >> 63 else half
