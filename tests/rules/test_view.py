import pytest

from netad.rules.fields import find_field
from netad.rules.view import EventView


@pytest.mark.parametrize(
    ("event", "values"),
    [({}, ()), ({"labels": None}, ()), ({"labels": {"a": {"b": None}}}, ()), ({"labels": {"a": {"b": {"c": 1}}}}, ()),
     ({"labels": {"a": {"b": ["x", None, "y"]}}}, ("x", "y")), ({"labels": {"a.b": "x"}}, ("x",)),
     ({"labels.a.b": "x"}, ("x",)), ({"labels.a": {"b": "x"}}, ("x",)),
     ({"labels": {"a": [{"b": "x"}, {"c": "z"}, {"b": "y"}]}}, ("x", "y")),
     ({"labels": "x"}, ()), ({"labels": {"a": {"b": []}}}, ()), ({"labels": {"a": {"b": "x"}}}, ("x",))],
)  # fmt: skip
def test_fields_are_found_however_the_event_is_written(event, values):
    """Nested objects, lists of objects and dotted keys; null and objects are no values."""
    assert EventView(event).values(find_field("labels.a.b")) == values


def test_a_value_of_the_wrong_kind_counts_as_missing():
    """A damaged event does not end a run."""
    view = EventView({"source": {"ip": ["broken", "10.0.0.1", 7]}, "destination": {"port": "22"}})
    assert view.values(find_field("source.ip")) == ((4, 10 << 24 | 1),)
    assert view.values(find_field("destination.port")) == ()


def test_texts_have_a_form_without_case():
    """Beside the one they came in."""
    view = EventView({"tags": ["Big", "STRASSE"]})
    assert view.values(find_field("tags")) == ("Big", "STRASSE")
    assert view.folded(find_field("tags")) == ("big", "strasse")


def test_both_ends_of_a_pseudo_field_are_its_values():
    """Source first."""
    view = EventView({"source": {"ip": "10.0.0.1"}, "destination": {"ip": "10.0.0.2"}})
    assert view.values(find_field("either.ip")) == ((4, 10 << 24 | 1), (4, 10 << 24 | 2))


def test_what_judging_needs_is_found_or_missing():
    """Id, times, severity and score; `@timestamp` stands in for start and end."""
    view = EventView({"@timestamp": "1970-01-01T00:00:02Z", "event": {"id": "x", "severity": 47, "risk_score": 5}})
    assert (view.identity, view.severity, view.risk_score) == ("x", 47, 5.0)
    assert (view.time_ns, view.span_ns) == (2 * 10**9, (2 * 10**9, 2 * 10**9))
    later = EventView({"event": {"start": "1970-01-01T00:00:02Z", "end": "1970-01-01T00:00:01Z"}})
    assert later.span_ns == (10**9, 2 * 10**9)
    made = EventView({"@timestamp": "1970-01-01T00:00:02Z", "event.created": "1970-01-01T00:00:09Z"})
    assert (made.created_ns, view.created_ns) == (9 * 10**9, 2 * 10**9)
    sensor = EventView({"observer": {"name": "s"}, "data_stream.namespace": "office"})
    assert (sensor.origin, view.origin) == ((("s",), ("office",)), ((), ()))
    nothing = EventView({"event": {"severity": "high"}})
    assert (nothing.identity, nothing.severity, nothing.risk_score, nothing.time_ns, nothing.span_ns) == (
        "", None, None, None, None,
    )  # fmt: skip
