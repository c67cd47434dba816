"""Anomalies by the minute."""

import copy

import pytest

from netad.core.identity import content_id
from netad.core.timing import SECOND_NS, iso
from tests.stored_events import START_NS


@pytest.fixture
def make(anomaly_events):
    """A maker of anomalies: `count` windows from `first` on, a minute each."""

    def events(count, first=0, step_s=60):
        made = []
        for number in range(first, first + count):
            event = copy.deepcopy(anomaly_events[0])
            time_ns = START_NS + number * step_s * SECOND_NS
            event["@timestamp"] = iso(time_ns)
            event["event"]["id"] = content_id(time_ns, "test", number)
            made.append(event)
        return made

    return events
