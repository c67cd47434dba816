"""Tests of netad.ingest.icmp_ports."""

import pytest

from netad.ingest.decode import ICMP, ICMP6, TCP
from netad.ingest.icmp_ports import icmp_ports, is_one_way


@pytest.mark.parametrize(
    ("protocol", "kind", "code", "ports"),
    [(ICMP, 8, 0, (8, 0)), (ICMP, 0, 0, (0, 8)), (ICMP, 13, 0, (13, 14)), (ICMP, 3, 1, (3, 1)), (ICMP, 11, 0, (11, 0)),
     (ICMP6, 128, 0, (128, 129)), (ICMP6, 136, 0, (136, 135)), (ICMP6, 1, 4, (1, 4)), (ICMP6, 143, 0, (143, 0))],
)  # fmt: skip
def test_ports_of_messages(protocol, kind, code, ports):
    """A request's second port is its answer's type, another message's is its code."""
    assert icmp_ports(protocol, kind, code) == ports


def test_requests_and_answers_mirror_each_other():
    """An answer has its request's ports the other way round, so both are one flow."""
    for protocol in (ICMP, ICMP6):
        for kind in range(256):
            if not is_one_way(protocol, kind):
                one, other = icmp_ports(protocol, kind, 0)
                assert icmp_ports(protocol, other, 0) == (other, one)


def test_one_way():
    """Errors have no answer; for other protocols the question does not arise."""
    assert is_one_way(ICMP, 3)
    assert not is_one_way(ICMP, 8)
    assert not is_one_way(TCP, 3)
