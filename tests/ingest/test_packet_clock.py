"""Tests of netad.ingest.packet_clock."""

from netad.core.timing import SECOND_NS
from netad.ingest.packet_clock import PacketClock

HOUR = 3600 * SECOND_NS


def test_it_follows_the_highest_time():
    """Disorder does not turn it back."""
    clock = PacketClock()
    for time_ns in (5, 9, 7):
        assert not clock.advance(time_ns)
    assert clock.now_ns == 9


def test_one_wrong_time_in_the_past_changes_nothing():
    """A single packet of another day does not count."""
    clock = PacketClock()
    clock.advance(HOUR)
    assert not clock.advance(0)
    assert clock.now_ns == HOUR


def test_it_starts_over_after_a_thousand_earlier_packets():
    """A second capture that begins before the end of the first, or a wrong time in the future, does not stop time."""
    clock = PacketClock()
    clock.advance(HOUR)
    answers = [clock.advance(time_ns) for time_ns in range(1500)]
    assert answers.index(True) == 999
    assert answers.count(True) == 1
    assert clock.now_ns == 1499


def test_disorder_without_end_does_not_start_it_over():
    """Packets that are less than a minute late are never another capture."""
    clock = PacketClock()
    clock.advance(HOUR)
    assert not any(clock.advance(HOUR - SECOND_NS) for _ in range(3000))


def test_the_first_packet_of_another_input_is_believed():
    """It starts the clock over at once if it is more than a minute late, and else changes nothing."""
    for late_ns, starts_over in ((SECOND_NS, False), (61 * SECOND_NS, True)):
        clock = PacketClock()
        clock.advance(HOUR)
        clock.begin_input()
        assert clock.advance(HOUR - late_ns) == starts_over
        assert not clock.advance(HOUR - 2 * late_ns)
