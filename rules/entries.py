"""What all parts of a rule file are read with: the known keys of a map, texts, numbers and moments."""

import re
from collections.abc import Sequence

from netad.core.problems import Problems, did_you_mean, shown
from netad.core.yaml_nodes import Items, Mapping, Node, Refused, Scalar
from netad.rules.scalars import parse_moment, read_scalar

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
LONGEST = {"comment": 2000, "created_by": 200, "ticket": 200}
"""The most characters of a text, 200 where it is not named here."""


def known_entries(node: Mapping, known: Sequence[str], problems: Problems) -> dict[str, Node]:
    """Return the map's values by key, noting the keys that nobody knows."""
    entries = {}
    for key, value in node.entries:
        if problems.full:
            break
        if key.text in known:
            entries[key.text] = value
        else:
            problems.add(key, f"unknown key {shown(key.text)}{did_you_mean(key.text, known)}")
    return entries


def map_entries(node: Node, known: Sequence[str], example: str, problems: Problems) -> dict[str, Node] | None:
    """Return the values of a node that must be a map, by key; None, with the problems noted, when it does not hold."""
    if isinstance(node, Refused):
        return None
    if not isinstance(node, Mapping) or not node.entries:
        problems.add(node, f"this must be a map such as {example}")
        return None
    before = len(problems)
    entries = known_entries(node, known, problems)
    return entries if len(problems) == before else None


def read_text(name: str, node: Node, problems: Problems) -> str | None:
    """Return a text of a rule without the white space around it."""
    try:
        value = read_scalar(node) if isinstance(node, Scalar) else None
    except ValueError as error:
        problems.add(node, f"{name!r} must be text: {error}")
        return None
    longest = LONGEST.get(name, 200)
    if isinstance(value, int | float):
        problems.add(node, f"{name!r} must be text: put it in quotes")
    elif value is None or not value.strip():
        problems.add(node, f"{name!r} must be text, and not empty")
    elif len(value) > longest:
        problems.add(node, f"{name!r} has {len(value)} characters, {longest} are the most")
    elif _CONTROL.search(value):
        problems.add(node, f"{name!r} holds a control character")
    else:
        return value.strip()
    return None


def read_texts(name: str, node: Node, problems: Problems) -> tuple[str, ...] | None:
    """Return a text or a list of texts, each once."""
    nodes = node.nodes if isinstance(node, Items) else (node,)
    if not nodes:
        problems.add(node, f"{name!r} is an empty list")
        return None
    texts = [read_text(name, each, problems) for each in nodes]
    found = tuple(dict.fromkeys(text for text in texts if text is not None))
    return found if all(text is not None for text in texts) else None


def read_number(
    name: str, node: Node, least: float, most: float, problems: Problems, *, whole: bool = False
) -> float | None:
    """Return a number from `least` to `most`."""
    try:
        value = read_scalar(node) if isinstance(node, Scalar) else None
    except ValueError:
        value = None
    right = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not right or not isinstance(value, int | float) or not least <= value <= most:
        problems.add(node, f"{name!r} must be a {'whole ' * whole}number from {least:g} to {most:g}")
        return None
    return value


def read_moment(node: Node, problems: Problems) -> int | None:
    """Return ns since the epoch of a date or time."""
    try:
        return parse_moment(node.text if isinstance(node, Scalar) else "")
    except ValueError as error:
        problems.add(node, str(error))
        return None
