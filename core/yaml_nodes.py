"""YAML text to nodes that know their line and column, within bounds and without building any Python object.

The tree is built from the parser's events, not by PyYAML's constructors: anchors, aliases and tags never take effect
(so there is nothing that could expand), and every scalar keeps the text it was written as.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from netad.core.problems import Position, Problems, shown

MAX_BYTES = 1 << 20
MAX_DEPTH = 16

# libyaml's parser where PyYAML was built with it: the same events, some twenty times faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# The complement of YAML's printable characters; PyYAML finds them too, but without a line and column.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it was written. `plain`: without quotes, so that its form may say that it is a number."""

    line: int
    column: int
    text: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence."""

    line: int
    column: int
    nodes: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A YAML mapping, in the order of the file, each key once."""

    line: int
    column: int
    entries: "tuple[tuple[Scalar, Node], ...]"


@dataclass(frozen=True, slots=True)
class Refused:
    """What stands where an alias was: a problem has been noted, there is no value."""

    line: int
    column: int


Node: TypeAlias = Scalar | Items | Mapping | Refused


class _Abandoned(Exception):  # noqa: N818 - control flow inside this file, never seen outside
    """The rest of the document is not read; the problem has been noted."""


def read_document(content: bytes, problems: Problems) -> Node | None:
    """Return the root of the file's only YAML document, or None when there is none to go on with.

    Whatever is wrong is noted in `problems`; nodes beside it are still returned, so that their problems are found in
    the same run.
    """
    if len(content) > MAX_BYTES:
        problems.add(Position(1, 1), f"the file is larger than {MAX_BYTES >> 20} MiB; split it into several")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        problems.add(_position(before, len(before)), f"byte 0x{content[error.start]:02x} is not UTF-8 text")
        return None
    if unprintable := _UNPRINTABLE.search(text):
        place = _position(text, unprintable.start())
        problems.add(place, f"the character {unprintable.group()!r} may not stand in a YAML file")
        return None
    try:
        return _Composer(yaml.parse(text, Loader=_LOADER), problems).document()
    except _Abandoned:
        return None
    except yaml.MarkedYAMLError as error:
        _note_syntax(error, text, problems)
        return None


def _position(text: str, offset: int) -> Position:
    start = text.rfind("\n", 0, offset) + 1
    return Position(text.count("\n", 0, offset) + 1, offset - start + 1)


def _note_syntax(error: yaml.MarkedYAMLError, text: str, problems: Problems) -> None:
    mark = error.problem_mark or error.context_mark
    place = Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
    lines = text.split("\n")
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if line[place.column - 1 : place.column] == "\t":
        problems.add(place, "YAML does not allow a tab here: indent with spaces")
        return
    said = ", ".join(part.replace("\n", " ") for part in (error.context, error.problem) if part)
    problems.add(place, f"this is not valid YAML: {said}")


class _Composer:
    """Builds the tree from the parser's events, which it takes one at a time: it never reads ahead of a refusal."""

    def __init__(self, events: Iterator[yaml.Event], problems: Problems) -> None:
        self._events = events
        self._problems = problems

    def document(self) -> Node | None:
        next(self._events)  # StreamStartEvent
        if isinstance(next(self._events), yaml.StreamEndEvent):
            self._problems.add(Position(1, 1), "the file is empty")
            return None
        root = self._node(next(self._events), 1)
        next(self._events)  # DocumentEndEvent
        following = next(self._events)
        if not isinstance(following, yaml.StreamEndEvent):
            self._problems.add(_place(following), "a file holds one document; put the next one into its own file")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        place = _place(event)
        if depth > MAX_DEPTH:
            self._problems.add(place, f"maps and lists are nested deeper than {MAX_DEPTH} levels")
            raise _Abandoned
        if isinstance(event, yaml.AliasEvent):
            said = f"aliases are not supported ({shown(f'*{event.anchor}')}): write the values out"
            self._problems.refuse(place, said)
            return Refused(place.line, place.column)
        self._check_properties(event, place)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(place.line, place.column, event.value, not event.style)
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(place.line, place.column, tuple(self._items(depth)))
        return Mapping(place.line, place.column, tuple(self._entries(depth)))

    def _check_properties(self, event: yaml.Event, place: Position) -> None:
        if (anchor := getattr(event, "anchor", None)) is not None:
            said = f"anchors are not supported ({shown(f'&{anchor}')}): write the values out"
            self._problems.add(place, said)
        if (tag := getattr(event, "tag", None)) is not None:
            self._problems.add(place, f"YAML tags are not supported ({shown(tag)}): put text in quotes")

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _entries(self, depth: int) -> Iterator[tuple[Scalar, Node]]:
        first_lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, Scalar):
                self._problems.add(key, "a key must be a plain name, not a map, a list or an alias")
            elif key.text in first_lines:
                first = first_lines[key.text]
                self._problems.add(key, f"the key {shown(key.text)} is given twice, first on line {first}")
            else:
                first_lines[key.text] = key.line
                yield key, value


def _place(event: yaml.Event) -> Position:
    mark = event.start_mark
    return Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
