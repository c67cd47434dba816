import fnmatch
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.rules.fields import find_field
from netad.rules.matching import EventView, wildcard_pattern


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        # exact: strings case by case, numbers by value, booleans; no wildcards
        ("observer.name: sensor-1", True), ("observer.name: Sensor-1", False), ("observer.name: sensor-*", False),
        ("tags: 'sensor[1]*'", True), ("destination.port: 22", True), ("destination.port: 22.0", True),
        ("destination.port: 23", False), ("event.risk_score: 87.4", True), ("netad.entity.inside: true", True),
        ("netad.entity.inside: false", False), ("labels.floor: '3'", True), ("labels.a.b: dotted", True),
        ("source.ip: 10.4.2.2", True), ("destination.ip: 2001:0DB8:0::7", True), ("source.ip: 10.4.2.20", False),
        ("event.start: 2026-05-30T08:00:00+02:00", True), ("event.start: 2026-05-30", False),
        # a list of values is OR, a field with several values fits when any of them does
        ("destination.port: [80, 22]", True), ("destination.port: [80, 23]", False), ("tags: lab", True),
        ("tags: [nothing, lab]", True), ("related.ip: 2001:db8::7", True),
        ("netad.anomaly.influencers.feature: failed_share", True),
        # networks
        ("source.ip|cidr: 10.4.0.0/16", True), ("source.ip|cidr: [10.5.0.0/16, 10.4.2.2]", True),
        ("source.ip|cidr: 2001:db8::/32", False), ("related.ip|cidr: 2001:db8::/32", True),
        ("destination.ip|cidr: 0.0.0.0/0", False), ("either.ip|cidr: 2001:db8::/32", True),
        ("either.ip: 10.4.2.2", True), ("either.ip: 10.4.2.3", False),
        # comparison
        ("event.risk_score|gt: 87.4", False), ("event.risk_score|gte: 87.4", True),
        ("event.risk_score|lt: 95", True), ("event.risk_score|lt: 87", False), ("event.severity|lte: 73", True),
        ("event.severity|lte: 72", False), ("netad.anomaly.features.unique_destination_ports|gt: 800", True),
        ("'@timestamp|gte': 2026-05-30T07:00:00Z", True), ("'@timestamp|lt': 2026-05-30", False),
        # parts of text
        ("message|contains: traffic", True), ("message|contains: [nothing, '10.4']", True),
        ("message|contains: TRAFFIC", False), ("message|startswith: Unusual", True),
        ("message|startswith: traffic", False), ("message|endswith: [10.4.2.1, 10.4.2.2]", True),
        ("message|endswith: from", False), ("observer.name|wildcard: sensor-?", True),
        ("observer.name|wildcard: sensor", False), ("observer.name|wildcard: '*or-*'", True),
        ("tags|wildcard: 'sensor[1]\\*'", True), ("tags|wildcard: 'sensor[1]\\?'", False),
        # presence
        ("labels.site|exists: true", True), ("labels.gone|exists: false", True), ("labels.gone|exists: true", False),
        ("labels.site|exists: false", False),
        # neq: there is a value, and none of them is among these
        ("labels.site|neq: lab", True), ("labels.site|neq: [lab, hq]", False), ("related.ip|neq: 10.4.2.2", False),
        ("either.ip|neq: 10.4.2.3", True),
        # a missing field never matches, whatever is asked
        ("labels.gone: x", False), ("labels.gone|neq: x", False), ("labels.gone|contains: x", False),
        ("netad.anomaly.features.gone|lt: 5", False), ("netad.anomaly.features.gone|gte: 0", False),
        # a map is AND, a list of maps is OR
        ("source.ip: 10.4.2.2\ndestination.port: 22", True), ("source.ip: 10.4.2.2\ndestination.port: 23", False),
        ("- source.ip: 10.9.9.9\n- destination.port: 22", True),
        ("- source.ip: 10.9.9.9\n  destination.port: 22\n- destination.port: 23", False),
    ],
)  # fmt: skip
def test_what_matches(rule, event, now, match, expected):
    """Each modifier on an event where it fits and on one where it does not."""
    assert bool(rule(match + "\n").matching(event, now)) is expected


def test_an_exception_takes_an_event_out_again(rule, event, now):
    """The rule applies where match holds and except does not; a missing field is no exception."""
    match = "source.ip|cidr: 10.0.0.0/8\n"
    assert not rule(match, "  except: {destination.port: 22}\n").matching(event, now)
    assert rule(match, "  except: {destination.port: 23}\n").matching(event, now)
    assert not rule(match, "  except: [{labels.site: x}, {tags: lab}]\n").matching(event, now)
    del event["destination"]
    assert rule(match, "  except: {destination.port: 22}\n").matching(event, now)


@pytest.mark.parametrize(
    ("event", "values"),
    [({}, ()), ({"labels": None}, ()), ({"labels": {"a": {"b": None}}}, ()), ({"labels": {"a": {"b": {"c": 1}}}}, ()),
     ({"labels": {"a": {"b": ["x", None, "y"]}}}, ("x", "y")), ({"labels": {"a.b": "x"}}, ("x",)),
     ({"labels.a.b": "x"}, ("x",)), ({"labels": {"a": [{"b": "x"}, {"c": "z"}, {"b": "y"}]}}, ("x", "y")),
     ({"labels": "x"}, ()), ({"labels": {"a": {"b": []}}}, ())],
)  # fmt: skip
def test_fields_are_found_however_the_event_is_written(event, values):
    """Nested objects, lists of objects and dotted keys; null and objects are no values."""
    assert EventView(event).values(find_field("labels.a.b")) == values


def test_a_value_of_the_wrong_kind_counts_as_missing():
    """A damaged event does not end a run."""
    view = EventView({"source": {"ip": ["broken", "10.0.0.1", 7]}, "destination": {"port": "22"}})
    assert view.values(find_field("source.ip")) == ((4, 10 << 24 | 1),)
    assert view.values(find_field("destination.port")) == ()


@given(st.text("ab*?", max_size=8), st.text("ab\n", max_size=10))
def test_wildcards_match_what_fnmatch_matches(pattern, text):
    """`*` is any text, `?` any character, newlines included."""
    expected = re.match(fnmatch.translate(pattern), text) is not None
    assert (re.fullmatch(wildcard_pattern(pattern), text, re.DOTALL) is not None) is expected


@given(st.text(r"a*?\.[", max_size=10))
def test_an_escaped_pattern_matches_itself_only(text):
    """A backslash takes the meaning of a wildcard away."""
    escaped = re.sub(r"([*?\\])", r"\\\1", text)
    assert re.fullmatch(wildcard_pattern(escaped), text, re.DOTALL)
    assert not re.fullmatch(wildcard_pattern(escaped), text + "a", re.DOTALL)


def test_a_hostile_wildcard_does_not_backtrack():
    """Forty stars over a long text that almost fits end at once; a backtracking matcher would need years."""
    pattern = re.compile(wildcard_pattern("*a" * 40 + "*b"), re.DOTALL)
    started = time.process_time()
    assert pattern.fullmatch("a" * 5000) is None
    assert time.process_time() - started < 2
