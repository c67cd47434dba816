"""Events on disk for a while."""

import resource
import signal

import pytest

from netad.core.errors import OutputError
from netad.event_spool import AT_ONCE, EventSpool


def test_events_come_back_in_order_and_as_they_were(tmp_path):
    """Floats to the last digit, whole numbers as such; nothing is left behind."""
    events = [{"n": number, "score": number / 7, "text": "\u00e9\n"} for number in range(AT_ONCE + 1)]
    with EventSpool(tmp_path) as spool:
        spool.add(events[:5])
        spool.add(iter(events[5:]))
        batches = list(spool.batches())
    assert [len(batch) for batch in batches] == [AT_ONCE, 1]
    assert [event for batch in batches for event in batch] == events
    assert list(tmp_path.iterdir()) == []


def test_without_events_there_are_no_batches(tmp_path):
    """A run without profiles reads nothing."""
    with EventSpool(tmp_path) as spool:
        assert list(spool.batches()) == []


def test_a_place_that_is_full_is_a_sentence(tmp_path):
    """It names the variable with which another place is chosen."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with EventSpool(tmp_path) as spool:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
            with pytest.raises(OutputError, match="TMPDIR"):
                spool.add([{"text": "x" * 100_000}])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
