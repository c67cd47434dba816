"""ICMP types and codes of logs in place of ports, as netad.ingest.icmp_ports has them, over whole columns."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.icmp_ports import icmp_ports
from netad.ingest.logs.protocols import ICMP, ICMP6

Numbers = NDArray[np.int64]

# What stands in the second port of a message by its type; -1: its code.
_KINDS: Final = 256
_NO_ANSWER: Final = -1


def _answers(protocol: int) -> Numbers:
    return np.array([icmp_ports(protocol, kind, _NO_ANSWER)[1] for kind in range(_KINDS)], dtype=np.int64)


_ANSWERS: Final = {protocol: _answers(protocol) for protocol in (ICMP, ICMP6)}


def ports_of_messages(protocol: Numbers, kind: Numbers, code: Numbers) -> tuple[Numbers, Numbers]:
    """Return both ports of ICMP and ICMPv6 messages of these types and codes, shape (n,); 0 for other protocols."""
    first, second = np.zeros(len(protocol), np.int64), np.zeros(len(protocol), np.int64)
    for number, answers in _ANSWERS.items():
        rows = protocol == number
        kinds = kind[rows] & (_KINDS - 1)
        answer = answers[kinds]
        first[rows] = kinds
        second[rows] = np.where(answer == _NO_ANSWER, code[rows] & (_KINDS - 1), answer)
    return first, second
