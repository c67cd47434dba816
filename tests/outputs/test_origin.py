"""Origin, the common envelope, and what cannot be stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import ConfigError
from netad.outputs.origin import Origin, envelope, stamped, storable


def test_the_envelope_shares_nothing_between_events(origin):
    """Marking one event leaves the next one and the origin alone."""
    one, other = (envelope("netad.flow", origin, 0, {"id": "a"}) for _ in range(2))
    one["labels"]["site"] = one["agent"]["id"] = "changed"
    one["tags"].append("changed")
    assert other == envelope("netad.flow", origin, 0, {"id": "a"})
    assert origin.labels == {"site": "hq"}


def test_empty_labels_and_tags_are_left_out():
    """An event has no empty field."""
    event = envelope("netad.flow", Origin("s", "default", "r", "0.1.0", "a"), 0, {"id": "a"})
    assert "labels" not in event
    assert "tags" not in event


def test_a_stamp_does_not_touch_the_event_it_is_given(origin):
    """Two outputs stamp the same event each with its own time."""
    event = envelope("netad.flow", origin, 0, {"id": "a"})
    assert stamped(event, "now")["event"]["ingested"] == "now"
    assert "ingested" not in event["event"]


def test_names_that_are_not_utf8_are_refused():
    """A sensor name made of stray bytes is a configuration error, not a crash while sending."""
    with pytest.raises(ConfigError, match="not valid UTF-8"):
        Origin("sensor\udcff", "default", "r", "0.1.0", "a")


@given(st.text(st.characters(codec=None)))
def test_everything_can_be_made_storable(text):
    """What comes out is UTF-8; what was UTF-8 comes out as it went in."""
    stored = storable(text)
    stored.encode()
    assert storable(stored) == stored
