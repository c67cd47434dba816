import pytest

from netad.core.yaml_nodes import Scalar
from netad.rules.fields import find_field
from netad.rules.networks import Network
from netad.rules.patterns import Pattern
from netad.rules.values import event_value, fits_every_value, folded, rule_value


def written(text: str) -> Scalar:
    quoted = text[:1] == "'"
    return Scalar(1, 1, text.strip("'"), not quoted)


@pytest.mark.parametrize(
    ("name", "modifier", "text", "value"),
    [("labels.a", "exact", "x", "x"), ("labels.a", "exact", "'22'", "22"), ("labels.a", "exact", "''", ""),
     ("source.ip", "exact", "10.0.0.1", (4, 10 << 24 | 1)), ("source.ip", "exact", "'::1'", (6, 1)),
     ("labels.a", "exact", "Big", "big"), ("labels.a", "exact", "a*", Pattern((("a",), ("",)))),
     ("labels.a", "contains", "a?b", Pattern((("",), ("a", "b"), ("",)))), ("labels.a", "re", "A+", "A+"),
     ("labels.a", "domain", "Example.COM.", "example.com"),
     ("source.ip", "cidr", "10.0.0.0/8", Network(4, 8, 10)), ("destination.port", "exact", "22", 22),
     ("destination.port", "exact", "2.2e1", 22), ("source.bytes", "gt", "1.5e6", 1_500_000.0),
     ("event.risk_score", "lt", "95", 95), ("@timestamp", "gte", "1970-01-02", 86_400_000_000_000),
     ("netad.entity.inside", "exact", "false", False), ("tags", "exists", "true", True),
     ("event.severity", "exists", "false", False)],
)  # fmt: skip
def test_values_are_read_for_the_field_they_stand_for(name, modifier, text, value):
    """The kind of the field decides what a value is."""
    result = rule_value(find_field(name), modifier, written(text))
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("name", "modifier", "text", "sentence"),
    [("labels.a", "exact", "22", "labels.a holds text: put 22 in quotes"),
     ("labels.a", "exact", "true", "labels.a holds text: put true in quotes"),
     ("labels.a", "exact", "", "labels.a is given no value; a field that must be missing is labels.a|exists: false"),
     ("labels.a", "exact", "no", "'no' may be read as a boolean: write true or false, or put it in quotes as text"),
     ("labels.a", "exact", "x" * 1001, "a text to compare with may have 1000 characters, this one has 1001"),
     ("labels.a", "contains", "''", "an empty text fits every value: use labels.a|exists: true if that is meant"),
     ("labels.a", "startswith", "''", "an empty text fits every value: use labels.a|exists: true if that is meant"),
     ("source.ip", "exact", "10.0.0.0/8", "'10.0.0.0/8' is not an IP address: write source.ip|cidr for networks"),
     ("source.ip", "exact", "host", "'host' is not an IP address"),
     ("source.ip", "cidr", "10.1.0.0/8", "'10.1.0.0/8' has bits set behind its prefix: write 10.0.0.0/8, or 10.1.0.0 "
      "for the one address"),
     ("source.ip", "cidr", "lan", "'lan' is not a network in CIDR form such as 10.0.0.0/8 or 2001:db8::/32"),
     ("destination.port", "exact", "'22'",
      "destination.port holds a whole number, which '22' is not (numbers are written without quotes)"),
     ("destination.port", "exact", "ssh", "destination.port holds a whole number, which 'ssh' is not"),
     ("destination.port", "exact", "22.5", "destination.port holds a whole number, which '22.5' is not"),
     ("destination.port", "exact", "true", "destination.port holds a whole number, which 'true' is not"),
     ("destination.port", "exact", "022", "'022' may be read as a number: write it in decimal, or put it in quotes as "
      "text"),
     ("event.risk_score", "lt", "high", "event.risk_score holds a number, which 'high' is not"),
     ("@timestamp", "lt", "now", "'now' is not a date or time such as 2026-12-31 or 2026-12-31T18:00:00Z"),
     ("netad.entity.inside", "exact", "1", "netad.entity.inside takes true or false, not '1'"),
     ("tags", "exists", "'true'", "tags|exists takes true or false, not 'true'")],
)  # fmt: skip
def test_a_value_that_a_field_can_never_hold_is_refused(name, modifier, text, sentence):
    """It would be a rule that silently does nothing."""
    with pytest.raises(ValueError) as error:
        rule_value(find_field(name), modifier, written(text))
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [("text", "a", "a"), ("text", 3, "3"), ("text", True, "true"), ("text", {"a": 1}, None), ("ip", "::ffff:1.2.3.4",
     (4, 0x01020304)), ("ip", "host", None), ("ip", 5, None), ("integer", 5, 5), ("integer", True, None),
     ("integer", "5", None), ("number", 0.5, 0.5), ("number", float("nan"), None), ("boolean", False, False),
     ("boolean", 0, None), ("date", "1970-01-01T00:00:01.000Z", 1_000_000_000), ("date", "soon", None),
     ("date", 7, None)],
)  # fmt: skip
def test_values_of_events_are_brought_into_the_same_form(kind, value, expected):
    """What a field cannot hold counts as missing."""
    result = event_value(kind, value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("name", "modifier", "value", "broad"),
    [("source.ip", "exists", True, True), ("source.ip", "exists", False, False),
     ("source.ip", "cidr", Network(4, 0, 0), True), ("source.ip", "cidr", Network(4, 1, 0), False),
     ("message", "exact", Pattern((("",), ("",), ("",))), True), ("message", "exact", Pattern((("",), ("a",))), False),
     ("message", "exact", "", False), ("message", "re", "x*", True), ("message", "re", "^x*$", False),
     ("event.severity", "gte", 0, True), ("event.severity", "gt", 0, False), ("event.severity", "gt", -1, True),
     ("netad.anomaly.features.x", "gte", 0, False), ("event.severity", "lt", 0, False)],
)  # fmt: skip
def test_conditions_that_say_nothing_are_recognised(name, modifier, value, broad):
    """They would make a rule that matches everything look like one that does not."""
    assert fits_every_value(find_field(name), modifier, value) is broad


def test_case_and_flags_are_part_of_the_value():
    """A cased text stays as it is written; flags stand at the start of a regular expression."""
    assert rule_value(find_field("message"), "exact", written("Big"), cased=True) == "Big"
    assert rule_value(find_field("message"), "re", written("a.b"), flags="si") == "(?is)a.b"
    assert folded("STRASSE") == folded("straße") == "strasse"
