"""Rule files to rules: located nodes in, frozen records out, all problems of all files noted on the way."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netad.core.problems import Problems, did_you_mean, shown
from netad.core.yaml_nodes import Items, Mapping, Node, Refused, Scalar
from netad.rules.conditions import read_match
from netad.rules.lists import Lists
from netad.rules.rule import ACTIONS, Action, Match, Rule
from netad.rules.scalars import parse_moment, read_scalar

if TYPE_CHECKING:
    from netad.core.errors import Location

VERSION = 1

_FILE_KEYS = ("version", "lists", "rules")
_RULE_KEYS = (
    "id", "comment", "created_by", "ticket", "starts", "expires", "permanent", "match", "except", "action",
)  # fmt: skip
_LATER_KEYS = ("applies_to", "inhibit", "limit", "lower", "schedule", "scope", "tag")
_LATER_ACTIONS = ("drop", "inhibit", "limit", "lower", "tag")
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONGEST = {"comment": 2000, "created_by": 200, "ticket": 200}


@dataclass(frozen=True, slots=True)
class Document:
    """A rule file that was read as YAML."""

    root: Node
    problems: Problems


def read_rules(documents: Sequence[Document]) -> tuple[list[Rule], Lists]:
    """Return the rules of all files, in their order, and the lists they share.

    Rules with problems are left out: whoever calls looks into the documents' problems first.
    """
    lists = Lists()
    files = [(document, _file_entries(document)) for document in documents]
    for document, entries in files:
        if "lists" in entries:
            lists.declare(entries["lists"], document.problems)
    reader = _Reader(lists)
    for document, entries in files:
        if "rules" in entries:
            reader.read(entries["rules"], document.problems)
    return reader.rules, lists


def _file_entries(document: Document) -> dict[str, Node]:
    problems = document.problems
    if not isinstance(document.root, Mapping):
        problems.add(document.root, "a rule file is a map with 'rules', 'lists' or both")
        return {}
    entries = _known_entries(document.root, _FILE_KEYS, (), problems)
    if "rules" not in entries and "lists" not in entries:
        problems.add(document.root, "the file has neither 'rules' nor 'lists'")
    if "version" in entries:
        _check_version(entries["version"], problems)
    return entries


def _check_version(node: Node, problems: Problems) -> None:
    if not isinstance(node, Scalar) or node.text != str(VERSION):
        problems.add(node, f"this netad reads rule files of version {VERSION}")


def _known_entries(node: Mapping, known: Sequence[str], later: Sequence[str], problems: Problems) -> dict[str, Node]:
    """Return the map's values by key, noting the keys that nobody knows."""
    entries = {}
    for key, value in node.entries:
        if problems.full:
            break
        if key.text in known:
            entries[key.text] = value
        elif key.text in later:
            problems.add(key, f"the key {key.text!r} is not supported by this version")
        else:
            problems.add(key, f"unknown key {shown(key.text)}{did_you_mean(key.text, known)}")
    return entries


class _Reader:
    """Reads rules one after the other and knows which ids are taken."""

    def __init__(self, lists: Lists) -> None:
        self.rules: list[Rule] = []
        self._lists = lists
        self._taken: dict[str, Location] = {}

    def read(self, node: Node, problems: Problems) -> None:
        """Take in the `rules` of one file."""
        if not isinstance(node, Items):
            problems.add(node, "'rules' must be a list of rules")
            return
        for each in node.nodes:
            if problems.full:
                return
            if not isinstance(each, Mapping):
                problems.add(each, "a rule must be a map with id, comment, created_by, an end and match")
            elif rule := self._rule(each, problems):
                self.rules.append(rule)

    def _rule(self, node: Mapping, problems: Problems) -> Rule | None:
        before = len(problems)
        entries = _known_entries(node, _RULE_KEYS, _LATER_KEYS, problems)
        identity = self._id(node, entries, problems)
        comment = _required_text("comment", node, entries, problems)
        created_by = _required_text("created_by", node, entries, problems)
        ticket = _text("ticket", entries["ticket"], problems) if "ticket" in entries else None
        starts_ns, expires_ns = _times(node, entries, problems)
        action = _action(entries["action"], problems) if "action" in entries else "suppress"
        exception = self._match("except", entries, problems)
        match = self._match("match", entries, problems)
        if "match" not in entries:
            problems.add(node, f"{_named(entries)} has no 'match', so that it would match every event")
        if identity is None or comment is None or created_by is None or match is None or action is None:
            return None
        if len(problems) > before:  # never a rule without the exception or the end that its author meant it to have
            return None
        where = problems.at(node)
        return Rule(identity, comment, created_by, match, where, exception, action, ticket, starts_ns, expires_ns)

    def _match(self, part: str, entries: dict[str, Node], problems: Problems) -> Match | None:
        return read_match(entries[part], part, self._lists, problems) if part in entries else None

    def _id(self, node: Mapping, entries: dict[str, Node], problems: Problems) -> str | None:
        text = _required_text("id", node, entries, problems)
        if text is None:
            return None
        place = entries["id"]
        if not _SLUG.fullmatch(text):
            said = "an id is made of small letters, digits, '-', '_' and '.', 100 at most"
            problems.add(place, f"{said}; {shown(text)} is not")
            return None
        if text in self._taken:
            problems.add(place, f"the id {text!r} is already taken at {self._taken[text]}")
            return None
        self._taken[text] = problems.at(place)
        return text


def _named(entries: dict[str, Node]) -> str:
    node = entries.get("id")
    return f"rule {shown(node.text)}" if isinstance(node, Scalar) and node.text else "this rule"


def _required_text(name: str, node: Mapping, entries: dict[str, Node], problems: Problems) -> str | None:
    if name not in entries:
        problems.add(node, f"{_named(entries)} has no {name!r}")
        return None
    return _text(name, entries[name], problems)


def _text(name: str, node: Node, problems: Problems) -> str | None:
    """Return a text of a rule without the white space around it."""
    try:
        value = read_scalar(node) if isinstance(node, Scalar) else None
    except ValueError as error:
        problems.add(node, f"{name!r} must be text: {error}")
        return None
    longest = _LONGEST.get(name, 200)
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


def _times(node: Mapping, entries: dict[str, Node], problems: Problems) -> tuple[int | None, int | None]:
    """Return start and end in ns; the end is None for a permanent rule, and where there is a problem."""
    starts = _moment(entries["starts"], problems) if "starts" in entries else None
    expires = _moment(entries["expires"], problems) if "expires" in entries else None
    permanent = entries.get("permanent")
    if permanent is not None:
        if not isinstance(permanent, Scalar) or permanent.text != "true":
            problems.add(permanent, "'permanent' can only be true; a rule that ends has 'expires' in its place")
        elif "expires" in entries:
            problems.add(permanent, f"{_named(entries)} has both 'expires' and 'permanent'; it takes one of them")
    elif "expires" not in entries:
        problems.add(node, f"{_named(entries)} has no end: give it 'expires', or 'permanent: true'")
    if starts is not None and expires is not None and expires <= starts:
        problems.add(entries["expires"], f"{_named(entries)} expires before it starts")
    return starts, expires


def _moment(node: Node, problems: Problems) -> int | None:
    try:
        return parse_moment(node.text if isinstance(node, Scalar) else "")
    except ValueError as error:
        problems.add(node, str(error))
        return None


def _action(node: Node, problems: Problems) -> Action | None:
    text = node.text if isinstance(node, Scalar) else ""
    for action in ACTIONS:
        if action == text:
            return action
    if text in _LATER_ACTIONS:
        problems.add(node, f"the action {text!r} is not supported by this version; there is: {', '.join(ACTIONS)}")
    elif not isinstance(node, Refused):
        problems.add(node, f"unknown action {shown(text)}; there is: {', '.join(ACTIONS)}")
    return None
