"""Zeek's conn_state for flows of tools that say which TCP flags each side sent, and which side sent at all."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.flows import CONN_STATES
from netad.ingest.logs.protocols import TCP, UDP

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]

_CODE: Final = {name: code for code, name in enumerate(CONN_STATES)}


def conn_states(
    protocol: Numbers, orig_sent: Mask, resp_sent: Mask, orig_flags: Numbers, resp_flags: Numbers
) -> NDArray[np.uint8]:
    """Return codes of conn_state, shape (n,).

    The order of flags is not known: where both sides finished, a reset is taken for one that came afterwards, as it
    mostly does.
    """
    states = np.full(len(protocol), _CODE["OTH"], np.uint8)
    udp = protocol == UDP
    states[udp & orig_sent & resp_sent] = _CODE["SF"]
    states[udp & orig_sent & ~resp_sent] = _CODE["S0"]
    states[udp & ~orig_sent & resp_sent] = _CODE["SHR"]
    tcp = protocol == TCP
    for name, mask in _tcp(orig_sent, resp_sent, orig_flags, resp_flags):
        states[tcp & mask] = _CODE[name]
    return states


def _tcp(orig_sent: Mask, resp_sent: Mask, orig: Numbers, resp: Numbers) -> list[tuple[str, Mask]]:
    """Return states and the flows that are in them; the last one that fits counts."""
    syn, fin, reset = (orig & SYN) != 0, (orig & FIN) != 0, (orig & RST) != 0
    resp_fin, resp_reset = (resp & FIN) != 0, (resp & RST) != 0
    answered = (resp & (SYN | ACK)) == (SYN | ACK)
    alone = syn & orig_sent & ~resp_sent
    open_ = syn & answered
    late = answered & ~syn
    return [
        ("S0", alone),
        ("SH", alone & fin),
        ("RSTOS0", alone & reset),
        ("REJ", syn & ~answered & resp_reset),
        ("RSTRH", late & resp_reset),
        ("SHR", late & resp_fin),
        ("S1", open_),
        ("S2", open_ & fin),
        ("S3", open_ & resp_fin),
        ("RSTR", open_ & resp_reset),
        ("RSTO", open_ & reset),
        ("SF", open_ & fin & resp_fin),
    ]
