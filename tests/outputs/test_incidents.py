"""Incidents."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.timing import iso
from netad.outputs.anomaly_event import anomaly_event
from netad.outputs.incidents import join_incidents
from tests.outputs.conftest import CREATED, HOUR_NS, START_NS


@pytest.fixture
def windows(anomaly, origin):
    """A maker of anomaly events of one source in the hours that are given by number."""

    def make(*hours, **changes):
        starts = [START_NS + hour * HOUR_NS for hour in hours]
        return [
            anomaly_event(
                replace(anomaly, window_start_ns=start, window_end_ns=start + HOUR_NS, **changes), origin, CREATED
            )
            for start in starts
        ]

    return make


def incidents(events):
    return [event["netad"]["incident"] for event in events]


def test_an_all_day_beacon_is_one_incident(windows):
    """Twenty-four windows in a row share an id; each says which one it is, and when it began."""
    events = windows(*range(24))
    join_incidents(reversed(events))
    assert len({one["id"] for one in incidents(events)}) == 1
    assert [one["windows"] for one in incidents(events)] == list(range(1, 25))
    assert {one["start"] for one in incidents(events)} == {iso(START_NS)}


def test_a_quiet_window_ends_an_incident(windows):
    """What comes after a gap is another one."""
    events = windows(0, 1, 3)
    join_incidents(events)
    first, second, third = incidents(events)
    assert first["id"] == second["id"] != third["id"]
    assert third == {"id": third["id"], "start": iso(START_NS + 3 * HOUR_NS), "windows": 1}


@pytest.mark.parametrize("change", [{"source": "10.4.2.3"}, {"model_name": "other"}])
def test_others_have_incidents_of_their_own(windows, change):
    """Another source, or what another model says, is another incident."""
    events = [*windows(0), *windows(1, **change)]
    join_incidents(events)
    assert len({one["id"] for one in incidents(events)}) == 2


def test_a_window_that_was_seen_in_two_parts_is_in_one_incident(windows):
    """A capture that is cut inside a window makes two events of it."""
    events = [*windows(0, 2), *windows(1, window_digest="ab"), *windows(1, window_digest="cd")]
    join_incidents(events)
    assert len({one["id"] for one in incidents(events)}) == 1
    assert [one["windows"] for one in incidents(events)] == [1, 3, 2, 2]


@given(cut=st.integers(0, 8), anomalous=st.sets(st.integers(0, 8), min_size=1))
def test_runs_that_know_what_was_before_join_incidents_as_one_run_does(windows_of, cut, anomalous):
    """Wherever the input is cut into two runs, the incidents are the same."""
    whole = windows_of(*sorted(anomalous))
    join_incidents(whole)
    before, after = (
        windows_of(*sorted(h for h in anomalous if h < cut)),
        windows_of(*sorted(anomalous - set(range(cut)))),
    )
    join_incidents(before)
    join_incidents(after, before)
    assert incidents(before + after) == incidents(whole)


@pytest.fixture(scope="module")
def windows_of():
    """Like `windows`, for a property that makes events again and again."""

    def make(*hours):
        return [
            {
                "observer": {"name": "sensor-1"},
                "data_stream": {"namespace": "default"},
                "source": {"ip": "10.4.2.2"},
                "event": {
                    "id": f"{hour:02}",
                    "start": iso(START_NS + hour * HOUR_NS),
                    "end": iso(START_NS + (hour + 1) * HOUR_NS),
                    "duration": HOUR_NS,
                },
                "netad": {"model": {"name": "office"}},
            }
            for hour in hours
        ]

    return make


def test_the_same_windows_once_more_have_the_same_incident(windows):
    """A run that is repeated, with its own events in the store, gives the same ids, and so without the store."""
    first, again, alone = windows(0, 1), windows(0, 1), windows(0, 1)
    join_incidents(first)
    join_incidents(again, first)
    join_incidents(alone)
    assert incidents(first) == incidents(again) == incidents(alone)


def test_stored_events_without_an_incident_are_passed_over(windows):
    """A store that an older netad wrote does not stop anything."""
    before, after = windows(0), windows(1)
    join_incidents(after, before)
    assert incidents(after)[0]["windows"] == 1
