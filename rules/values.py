"""Values of a rule in the form in which they are compared, and values of an event in the same form."""

import re
from collections.abc import Callable
from math import isnan

from netad.core.errors import ConfigError
from netad.core.problems import shown
from netad.core.timing import parse_time
from netad.core.yaml_nodes import Scalar
from netad.rules.fields import KINDS, Field, Kind
from netad.rules.networks import Address, Network, parse_address, parse_network
from netad.rules.patterns import Pattern, compile_regex, parse_wildcards
from netad.rules.rule import Modifier, Value
from netad.rules.scalars import parse_moment, read_scalar

MAX_TEXT = 1000

_COMPARISONS = ("gt", "gte", "lt", "lte")
_PARTS = ("contains", "startswith", "endswith")
MODIFIERS: dict[Modifier, tuple[Kind, ...]] = {
    "exact": tuple(KINDS),
    "cidr": ("ip",),
    "gt": ("integer", "number", "date"),
    "gte": ("integer", "number", "date"),
    "lt": ("integer", "number", "date"),
    "lte": ("integer", "number", "date"),
    "contains": ("text",),
    "startswith": ("text",),
    "endswith": ("text",),
    "re": ("text",),
    "domain": ("text",),
    "exists": tuple(KINDS),
}
"""The kinds of field each modifier can be used on."""

_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# A regular expression that is found in all of these is found in anything.
_PROBES = ("", "a", "Z 9", "\x7f\n-", "10.0.0.1", "example.com/\u00e9")


def rule_value(field: Field, modifier: Modifier, node: Scalar, *, cased: bool = False, flags: str = "") -> Value:
    """Return a value of a rule in the form in which it is compared.

    Text without wildcards stays text, in the form that `folded` gives it unless it is `cased`; text with wildcards
    becomes a `Pattern`, whatever the modifier, and a regular expression its source with its `flags`. An address is a
    `netad.rules.networks.Address`, a network a `Network`, a date is ns since the epoch. Addresses, networks and dates
    are read from the text as written, quoted or not.

    Raises:
        ValueError: the field can never hold it; the message is a sentence.
    """
    if modifier == "exists":
        return _boolean(f"{field.name}|exists", node)
    if modifier == "cidr":
        return parse_network(node.text)
    if field.kind in ("integer", "number") and modifier in _COMPARISONS:
        return _number(field, node)
    value = _READERS[field.kind](field, node)
    return _text_value(field, modifier, value, cased, flags) if isinstance(value, str) else value


def _text_value(field: Field, modifier: Modifier, text: str, cased: bool, flags: str) -> str | Pattern:
    if modifier in _PARTS and text == "":
        raise ValueError(f"an empty text fits every value: use {field.name}|exists: true if that is meant")
    if modifier == "re":
        source = f"(?{''.join(sorted(flags))}){text}" if flags else text
        compile_regex(source)
        return source
    if modifier == "domain":
        return _domain(text)
    return parse_wildcards(
        text if cased else folded(text),
        before=modifier in ("contains", "endswith"),
        after=modifier in ("contains", "startswith"),
    )


def folded(text: str) -> str:
    """Return the text in the form in which upper and lower case are alike."""
    return text.lower() if text.isascii() else text.casefold()


def _domain(text: str) -> str:
    name = folded(text).rstrip(".")
    if not _DOMAIN.fullmatch(name) or len(name) > 253:
        advice = ": leave '*.' out, |domain holds for the name and all below it" if text.startswith("*.") else ""
        raise ValueError(f"{shown(text)} is not a domain such as example.com{advice}")
    return name


def _text(field: Field, node: Scalar) -> str:
    value = read_scalar(node)
    if value is None:
        raise ValueError(f"{field.name} is given no value; a field that must be missing is {field.name}|exists: false")
    if not isinstance(value, str):
        raise ValueError(f"{field.name} holds text: put {node.text} in quotes")
    if len(value) > MAX_TEXT:
        raise ValueError(f"a text to compare with may have {MAX_TEXT} characters, this one has {len(value)}")
    return value


def _ip(field: Field, node: Scalar) -> Address:
    address = parse_address(node.text)
    if address is None:
        advice = f": write {field.name}|cidr for networks" if "/" in node.text else ""
        raise ValueError(f"{shown(node.text)} is not an IP address{advice}")
    return address


def _number(field: Field, node: Scalar) -> int | float:
    value = read_scalar(node)
    if isinstance(value, bool) or not isinstance(value, int | float):
        advice = "" if node.plain else " (numbers are written without quotes)"
        raise ValueError(f"{field.name} holds {KINDS[field.kind]}, which {shown(node.text)} is not{advice}")
    return value


def _integer(field: Field, node: Scalar) -> int:
    value = _number(field, node)
    if value != int(value):
        raise ValueError(f"{field.name} holds {KINDS[field.kind]}, which {shown(node.text)} is not")
    return int(value)


def _date(_field: Field, node: Scalar) -> int:
    return parse_moment(node.text)


def _boolean(name: str, node: Scalar) -> bool:
    value = read_scalar(node)
    if not isinstance(value, bool):
        raise ValueError(f"{name} takes true or false, not {shown(node.text)}")
    return value


_READERS: dict[Kind, Callable[[Field, Scalar], Value]] = {
    "text": _text,
    "ip": _ip,
    "integer": _integer,
    "number": _number,
    "date": _date,
    "boolean": lambda field, node: _boolean(field.name, node),
}


def event_value(kind: Kind, value: object) -> Value | None:
    """Return a value of an event in the form in which it is compared, or None when the field cannot hold it.

    Labels and other text fields may come as numbers or booleans from elsewhere: they are compared as JSON writes them.
    """
    if kind == "text":
        return _event_text(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, int | float) or isnan(value):
            return None
        return value
    return _event_address_or_date(kind, value) if isinstance(value, str) else None


def _event_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def _event_address_or_date(kind: Kind, text: str) -> Address | int | None:
    if kind == "ip":
        return parse_address(text)
    try:
        return parse_time(text)
    except (ConfigError, OverflowError):
        return None


def fits_every_value(field: Field, modifier: Modifier, value: Value) -> bool:
    """Tell whether the condition says nothing about an event that has the field at all."""
    if modifier == "exists":
        return value is True
    if modifier == "cidr":
        return isinstance(value, Network) and value.prefix_length == 0
    if modifier == "re":
        return isinstance(value, str) and all(compile_regex(value).search(probe) for probe in _PROBES)
    if isinstance(value, Pattern):
        return value.everything
    if modifier in ("gt", "gte") and field.presence != "sometimes" and isinstance(value, int | float):
        return value < 0 or (value == 0 and modifier == "gte")  # counts, times, severities and scores start at nought
    return False
