"""Tests of netad.ingest.conn_state."""

import pytest

from netad.core.timing import SECOND_NS
from netad.ingest.conn_state import History, SilentState, UdpState
from tests.ingest.frames import datagram, ping


def test_history_is_cased_by_sender_and_cut():
    """Upper case for the originator, lower case for the responder, 24 letters at most."""
    history = History()
    history.add("S", from_originator=True)
    history.add("H", from_originator=False)
    assert str(history) == "Sh"
    for _ in range(30):
        history.add("T", from_originator=True)
    assert str(history) == "Sh" + "T" * 22


@pytest.mark.parametrize(
    ("senders", "state", "history"),
    [([], "OTH", ""), ([True, True], "S0", "D"), ([False], "SHR", "d"), ([True, False, True], "SF", "Dd")],
)
def test_udp(senders, state, history):
    """UDP knows only who has sent."""
    udp = UdpState(60 * SECOND_NS)
    for sender in senders:
        assert not udp.update(datagram(0), sender, 0)
    assert (udp.conn_state(), str(udp.history)) == (state, history)
    assert not udp.restarts(datagram(0))
    assert udp.deadline_ns(5) == 60 * SECOND_NS + 5


def test_silent():
    """ICMP is OTH without a history, as in Zeek."""
    icmp = SilentState(SECOND_NS)
    assert not icmp.update(ping(0), True, 0)
    assert (icmp.conn_state(), str(icmp.history), icmp.deadline_ns(1)) == ("OTH", "", SECOND_NS + 1)
    assert not icmp.restarts(ping(0))
