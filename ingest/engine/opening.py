"""How a flow begins: its place in the table, and who its originator is (netad.ingest.server_ports)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.decode import TCP, UDP
from netad.ingest.engine.compiled import compiled
from netad.ingest.engine.expiry import NEVER
from netad.ingest.engine.history import add_letter
from netad.ingest.engine.layout import (
    E_FIELDS,
    E_FIN_AT,
    E_RST_AT,
    E_SYN_AT,
    ORIGINATOR_IS_B,
    R_A_HI,
    R_A_LO,
    R_B_HI,
    R_B_LO,
    R_BITS,
    R_ENDPOINTS,
    R_FIELDS,
    R_KEY,
    R_NEXT,
    R_ORIGIN,
    R_PAST,
    R_WAKE,
    S_FREE,
    S_LIVE,
    S_USED,
    SERVES_DNS,
    SERVES_TCP,
    SERVES_UDP,
    SHORT_LIVED,
    Arrays,
    Int64,
)
from netad.ingest.engine.packet_row import (
    P_DST_HI,
    P_DST_LO,
    P_DST_PORT,
    P_FLAGS,
    P_INPUT,
    P_ONE_WAY,
    P_PROTOCOL,
    P_SRC_HI,
    P_SRC_LO,
    P_SRC_PORT,
    P_TUNNEL,
    P_VLAN,
)

# E_SYN_AT and its like before the letter was seen: further than sequence numbers lead.
_NOWHERE: Final = -(1 << 62)
_BROADCAST_LO: Final = 0xFFFF_FFFF_FFFF
_SYN: Final = 2
_ACK: Final = 16
_CARET: Final = 94


@compiled
def source_is_b(p: Int64) -> bool:
    """Tell whether a packet's source is the second end of its flow's key. Any order serves that does not change."""
    if p[P_ONE_WAY]:
        return False
    if p[P_SRC_LO] != p[P_DST_LO]:
        return bool(p[P_SRC_LO] > p[P_DST_LO])
    if p[P_SRC_HI] != p[P_DST_HI]:
        return bool(p[P_SRC_HI] > p[P_DST_HI])
    return bool(p[P_SRC_PORT] > p[P_DST_PORT])


@compiled
def open_flow(arrays: Arrays, p: Int64, is_b: bool, key: int) -> int:
    """Return the row of a new flow without packets, -1 when there is none left. The caller enters it in the slots."""
    state, rows = arrays.state, arrays.rows
    row = state[S_FREE]
    if row >= 0:
        state[S_FREE] = rows[row, R_NEXT]
    elif state[S_USED] < rows.shape[0]:
        row = state[S_USED]
        state[S_USED] = row + 1
    else:
        return -1
    state[S_LIVE] += 1
    for field in range(R_FIELDS):
        rows[row, field] = 0
    rows[row, R_A_HI] = p[P_DST_HI] if is_b else p[P_SRC_HI]
    rows[row, R_A_LO] = p[P_DST_LO] if is_b else p[P_SRC_LO]
    rows[row, R_B_HI] = p[P_SRC_HI] if is_b else p[P_DST_HI]
    rows[row, R_B_LO] = p[P_SRC_LO] if is_b else p[P_DST_LO]
    rows[row, R_KEY] = key
    rows[row, R_WAKE] = NEVER
    rows[row, R_PAST] = -1
    rows[row, R_ORIGIN] = p[P_VLAN] | (p[P_TUNNEL] << 16) | (p[P_INPUT] << 32)
    for endpoint in (R_ENDPOINTS, R_ENDPOINTS + E_FIELDS):
        rows[row, endpoint + E_SYN_AT] = _NOWHERE
        rows[row, endpoint + E_FIN_AT] = _NOWHERE
        rows[row, endpoint + E_RST_AT] = _NOWHERE
    turned = _comes_from_responder(p, arrays.ports)
    rows[row, R_BITS] = ORIGINATOR_IS_B if turned != is_b else 0
    responder_port = p[P_SRC_PORT] if turned else p[P_DST_PORT]
    if p[P_PROTOCOL] == UDP and arrays.ports[responder_port] & SERVES_DNS:
        rows[row, R_BITS] |= SHORT_LIVED
    if turned:
        add_letter(rows, row, _CARET, True)
    return int(row)


@compiled
def _comes_from_responder(p: Int64, ports: NDArray[np.uint8]) -> bool:
    if p[P_DST_HI] == 0 and p[P_DST_LO] == _BROADCAST_LO:
        return False
    # Indices only of TCP's and UDP's ports.
    if p[P_PROTOCOL] == UDP:
        return bool(ports[p[P_SRC_PORT]] & SERVES_UDP != 0 and ports[p[P_DST_PORT]] & SERVES_UDP == 0)
    flags = p[P_FLAGS]
    if p[P_PROTOCOL] != TCP or flags < 0 or (flags & _SYN and not flags & _ACK):
        return False
    if ports[p[P_SRC_PORT]] & SERVES_TCP == 0:
        return False
    if ports[p[P_DST_PORT]] & SERVES_TCP != 0:
        return not flags & _SYN and bool(p[P_SRC_PORT] < p[P_DST_PORT])
    return True
