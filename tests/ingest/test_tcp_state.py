"""Tests of netad.ingest.tcp_state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.timing import SECOND_NS
from netad.ingest.conn_state import Timeouts
from netad.ingest.flows import CONN_STATES
from netad.ingest.tcp_state import TcpState
from tests.ingest.frames import datagram, seconds, segment


def follow(*packets, first=100, second=900):
    """Play packets `(from_originator, flags[, seq, ack, size])`; numbers count from the first ones of each side."""
    state = TcpState(Timeouts())
    for time, (from_originator, flags, *numbers) in enumerate(packets):
        seq, ack, size = (*numbers, 0, 0, 0)[:3]
        mine, theirs = (first, second) if from_originator else (second, first)
        packet = segment(time, flags, mine + seq, theirs + ack if "A" in flags else 0, size, back=not from_originator)
        state.update(packet, from_originator, packet.time_ns)
    return state


# Who sends: the originator or the responder.
ORIG, RESP = True, False
HANDSHAKE = [(ORIG, "S"), (RESP, "SA", 0, 1), (ORIG, "A", 1, 1)]
EXCHANGE = [*HANDSHAKE, (ORIG, "PA", 1, 1, 10), (RESP, "A", 1, 11), (RESP, "PA", 1, 11, 20), (ORIG, "A", 11, 21)]


@pytest.mark.parametrize(
    ("packets", "state", "history"),
    [
        ([(ORIG, "S")], "S0", "S"),
        ([(ORIG, "S"), (ORIG, "S"), (ORIG, "S")], "S0", "S"),
        ([(ORIG, "S"), (RESP, "RA", 0, 1)], "REJ", "Sr"),
        ([(ORIG, "S"), (ORIG, "R", 1)], "RSTOS0", "SR"),
        ([(ORIG, "S"), (ORIG, "F", 1)], "SH", "SF"),
        (HANDSHAKE, "S1", "ShA"),
        (EXCHANGE, "S1", "ShADad"),
        ([*EXCHANGE, (ORIG, "FA", 11, 21), (RESP, "FA", 21, 12), (ORIG, "A", 12, 22)], "SF", "ShADadFf"),
        ([*EXCHANGE, (RESP, "FA", 21, 11), (ORIG, "FA", 11, 22), (RESP, "A", 22, 12)], "SF", "ShADadfF"),
        ([*EXCHANGE, (ORIG, "FA", 11, 21)], "S2", "ShADadF"),
        ([*EXCHANGE, (RESP, "FA", 21, 11)], "S3", "ShADadf"),
        ([*EXCHANGE, (ORIG, "R", 11)], "RSTO", "ShADadR"),
        ([*EXCHANGE, (RESP, "R", 21)], "RSTR", "ShADadr"),
        ([*HANDSHAKE, (RESP, "R", 1), (ORIG, "R", 1)], "REJ", "ShArR"),
        ([*EXCHANGE, (ORIG, "FA", 11, 21), (ORIG, "R", 12)], "RSTO", "ShADadFR"),
        ([*EXCHANGE, (ORIG, "FA", 11, 21), (ORIG, "R", 12), (RESP, "FA", 21, 12)], "SF", "ShADadFRf"),
        ([*EXCHANGE, (ORIG, "FA", 11, 21), (RESP, "FA", 21, 12), (ORIG, "R", 12)], "SF", "ShADadFfR"),
        ([(RESP, "SA", 0, 1), (RESP, "R", 1)], "RSTRH", "hr"),
        ([(RESP, "SA", 0, 1), (RESP, "FA", 1, 1)], "SHR", "hf"),
        ([(RESP, "SA", 0, 1), (ORIG, "A", 1, 1)], "S1", "hA"),
        ([(RESP, "SA", 0, 1), (ORIG, "R", 1)], "RSTO", "hR"),
        ([(ORIG, "A", 5, 5)], "OTH", "A"),
        ([(ORIG, "PA", 5, 5, 9), (RESP, "A", 5, 14)], "OTH", "Da"),
        ([(ORIG, "R", 5)], "OTH", "R"),
        ([(ORIG, "FA", 5, 5)], "SH", "F"),
        ([(ORIG, "SA", 0, 1)], "OTH", "H"),
        ([(ORIG, "S"), (RESP, "A", 1, 1), (RESP, "SA", 0, 1), (ORIG, "A", 1, 1)], "S1", "SahA"),
        ([(ORIG, "FRA", 5, 5)], "OTH", "I"),
        ([(ORIG, "SF")], "SH", "Q"),
        ([(ORIG, "FPU", 5)], "SH", "F"),
        ([(ORIG, "", 5)], "OTH", ""),
    ],
)
def test_states_and_histories(packets, state, history):
    """What Zeek logs for these packets."""
    found = follow(*packets)
    assert (found.conn_state(), str(found.history)) == (state, history)


def test_retransmissions_are_written_logarithmically():
    """The first, the tenth and the hundredth repeated segment leave a T."""
    packets = [*HANDSHAKE, *[(ORIG, "PA", 1, 1, 10)] * 100]
    assert str(follow(*packets).history) == "ShADTT"
    assert str(follow(*packets, (ORIG, "PA", 1, 1, 10)).history) == "ShADTTT"


def test_zero_windows():
    """A closed window leaves a W, one that comes with a reset does not."""
    state = follow(*EXCHANGE)
    state.update(segment(9, "A", 921, 111, back=True, window=0), from_originator=False, now_ns=0)
    assert str(state.history) == "ShADadw"
    state = follow(*EXCHANGE)
    state.update(segment(9, "R", 921, back=True, window=0), from_originator=False, now_ns=0)
    assert str(state.history) == "ShADadr"


def test_resets_with_new_numbers_are_written_again():
    """S, F and R are written whenever their sequence number is another one."""
    assert str(follow(*EXCHANGE, (ORIG, "R", 11), (ORIG, "R", 11), (ORIG, "R", 12)).history) == "ShADadRR"


def test_sequence_numbers_wrap():
    """Numbers that pass 2**32 are no retransmission."""
    state = follow(*EXCHANGE, (ORIG, "PA", 11, 21, 5), first=2**32 - 8, second=2**32 - 15)
    assert str(state.history) == "ShADad"
    assert state.originator.payload_sent(state.responder) == 15
    assert state.responder.payload_sent(state.originator) == 20


def test_syn_after_its_answer_turns_the_roles():
    """A SYN-ACK that was captured before its SYN came from the responder after all."""
    state = TcpState(Timeouts())
    assert not state.update(segment(0, "SA", 900, 101, back=True), from_originator=True, now_ns=0)
    syn = segment(0, "S", 100)
    assert not state.restarts(syn)
    assert state.update(syn, from_originator=False, now_ns=0)
    assert (state.conn_state(), str(state.history)) == ("S1", "Hs^")


def test_deadlines():
    """Unanswered, established, half closed by a reset, and closed flows end at different times."""
    timeouts = Timeouts()
    now = 100 * SECOND_NS
    assert follow((ORIG, "S")).deadline_ns(now) == timeouts.tcp_attempt_ns
    assert follow((ORIG, "S"), (ORIG, "S")).deadline_ns(now) == timeouts.tcp_attempt_ns
    assert follow(*HANDSHAKE).deadline_ns(now) == now + timeouts.tcp_inactivity_ns
    assert follow((ORIG, "A", 5, 5)).deadline_ns(now) == now + timeouts.tcp_inactivity_ns
    assert follow(*EXCHANGE, (ORIG, "FA", 11, 21)).deadline_ns(now) == now + timeouts.tcp_inactivity_ns
    assert follow(*EXCHANGE, (ORIG, "FA", 11, 21), (ORIG, "R", 12)).deadline_ns(now) == now + timeouts.tcp_linger_ns
    closed = seconds(len(EXCHANGE)) + timeouts.tcp_close_ns
    assert follow(*EXCHANGE, (ORIG, "R", 11)).deadline_ns(now) == closed
    assert follow(*EXCHANGE, (ORIG, "R", 11), (ORIG, "R", 11)).deadline_ns(now) == closed


@pytest.mark.parametrize(
    ("before", "flags", "seq", "restarts"),
    [
        ([(ORIG, "S")], "S", 100, False),  # sent again
        ([(ORIG, "S")], "S", 5000, True),
        (EXCHANGE, "S", 5000, True),
        (EXCHANGE, "A", 5000, False),
        (EXCHANGE, "SA", 5000, False),
        ([*EXCHANGE, (ORIG, "FA", 11, 21)], "S", 100, True),
        ([*EXCHANGE, (RESP, "R", 21)], "S", 5000, True),
        ([(RESP, "SA", 0, 1)], "SA", 900, False),
        ([(RESP, "SA", 0, 1)], "SA", 5000, True),
        ([(RESP, "SA", 0, 1)], "S", 100, False),
    ],
)
def test_restarts(before, flags, seq, restarts):
    """A SYN opens a new connection after a close, or with a number of its own."""
    assert follow(*before).restarts(segment(60, flags, seq)) is restarts


def test_packets_without_flags_change_nothing():
    """A later fragment is no segment."""
    state = follow(*EXCHANGE)
    assert not state.update(datagram(0), from_originator=True, now_ns=0)
    assert not state.restarts(datagram(0))
    assert str(state.history) == "ShADad"


PACKETS = st.tuples(
    st.booleans(), st.text("SAFRPU", max_size=4), st.integers(0, 2**33), st.integers(0, 2**33), st.integers(0, 2000)
)


@given(st.lists(PACKETS, max_size=30), st.integers(0, 2**32 - 1))
def test_any_packets_leave_a_known_state(packets, first):
    """Nonsense never raises, the state is one of Zeek's and byte counts are not negative."""
    state = follow(*[(who, "".join(set(flags)), *rest) for who, flags, *rest in packets], first=first)
    assert state.conn_state() in CONN_STATES
    assert state.originator.payload_sent(state.responder) >= 0
    assert state.deadline_ns(0) <= Timeouts().tcp_inactivity_ns or state.originator.closed or state.responder.closed
    assert len(str(state.history)) <= 24
