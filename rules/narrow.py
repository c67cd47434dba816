"""A rule as narrow as one event: the same source doing the same again, and nothing worse."""

from collections.abc import Mapping
from typing import Any

from netad.rules.fields import find_field
from netad.rules.view import leaves

# What must be as it is in the event, as far as the event has it. Times, ids and counts are its own.
_SAME = (
    "source.ip", "destination.ip", "destination.port", "network.transport", "netad.detector", "netad.model.name",
    "observer.name",
)  # fmt: skip
_ALL_SAME = ("netad.behaviours", "netad.anomaly.top_features")
# What the behaviours are about, where the event names all of it and it is little.
_NOTHING_ELSE = {
    "netad.findings.peers": "netad.findings.peer_count",
    "netad.findings.ports": "netad.findings.port_count",
}
_FEW = 5
_NOT_ABOVE = "event.severity"


def narrow_match(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `match` of a rule for events like this one: everything that tells it from others, but when it was.

    Raises:
        ValueError: the event has no source address; the message is a sentence.
    """
    match: dict[str, Any] = {}
    for name in _SAME:
        values = list(leaves(event, find_field(name).paths[0]))
        if values:
            match[name] = escaped(values[0])
    if "source.ip" not in match:
        raise ValueError("the event has no source.ip, so a rule from it would be for too many others")
    for name in _ALL_SAME:
        values = [escaped(value) for value in leaves(event, name)]
        if len(values) == 1:
            match[name] = values[0]
        elif values:
            match[f"{name}|all"] = values
    for name, count in _NOTHING_ELSE.items():
        named = list(leaves(event, name))
        told = sum(number for number in leaves(event, count) if isinstance(number, int))
        if 0 < len(set(named)) <= _FEW and len(named) == told:
            match[f"{name}|only"] = list(dict.fromkeys(named))
    severity = next(iter(leaves(event, _NOT_ABOVE)), None)
    if isinstance(severity, int):
        match[f"{_NOT_ABOVE}|lte"] = severity
    return match


def rule_id(event: Mapping[str, Any]) -> str:
    """Return an id for a rule from this event: its source, and the end of its id."""
    parts = [str(value) for name in ("source.ip", "event.id") for value in list(leaves(event, name))[:1]]
    words = [parts[0], *(part[-8:] for part in parts[1:])] if parts else ["event"]
    text = "-".join(words).lower()
    return "known-" + "".join(
        letter if (letter.isascii() and letter.isalnum()) or letter == "." else "-" for letter in text
    )


def escaped(value: Any) -> Any:  # noqa: ANN401 - what an event holds
    """Return a text so that a rule that holds it means this very text; any other value as it is."""
    if not isinstance(value, str):
        return value
    text = "".join(f"\\{letter}" if letter in "*?\\" else letter for letter in value)
    return f"${text}" if text.startswith("$") else text
