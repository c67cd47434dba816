"""Tests of netad.ingest.logs.states."""

import numpy as np
import pytest

from netad.ingest.flows import CONN_STATES
from netad.ingest.logs.states import ACK, FIN, RST, SYN, conn_states


def state(protocol, orig_sent, resp_sent, orig=0, resp=0):
    numbers = [np.array([value]) for value in (protocol, orig_sent, resp_sent, orig, resp)]
    (code,) = conn_states(numbers[0], numbers[1] > 0, numbers[2] > 0, numbers[3], numbers[4])
    return CONN_STATES[code]


@pytest.mark.parametrize(
    ("orig", "resp", "name"),
    [
        (SYN, 0, "S0"),
        (SYN | FIN, 0, "SH"),
        (SYN | RST, 0, "RSTOS0"),
        (SYN, RST | ACK, "REJ"),
        (SYN | ACK, SYN | ACK, "S1"),
        (SYN | ACK | FIN, SYN | ACK, "S2"),
        (SYN | ACK, SYN | ACK | FIN, "S3"),
        (SYN | ACK | FIN, SYN | ACK | FIN, "SF"),
        (SYN | ACK | FIN | RST, SYN | ACK | FIN, "SF"),
        (SYN | RST, SYN | ACK, "RSTO"),
        (SYN | ACK, SYN | ACK | RST, "RSTR"),
        (0, SYN | ACK | RST, "RSTRH"),
        (0, SYN | ACK | FIN, "SHR"),
        (ACK, ACK, "OTH"),
        (0, 0, "OTH"),
        (FIN, 0, "OTH"),
    ],
)
def test_tcp(orig, resp, name):
    """By the flags of both sides."""
    assert state(6, orig, resp, orig, resp) == name


def test_udp_and_others():
    """UDP by who sent; everything else is OTH."""
    assert [state(17, *sent) for sent in ((1, 1), (1, 0), (0, 1), (0, 0))] == ["SF", "S0", "SHR", "OTH"]
    assert state(1, 1, 1, SYN, SYN) == "OTH"
