"""Rule files to rules: located nodes in, frozen records out, all problems of all files noted on the way."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netad.core.problems import Problems, shown
from netad.core.yaml_nodes import Items, Mapping, Node, Refused, Scalar
from netad.rules.actions import BLOCKS, read_action, read_inhibit, read_limit, read_lower, read_tags
from netad.rules.cases import Case, read_cases
from netad.rules.conditions import MatchReader, fits_everything
from netad.rules.entries import known_entries, read_moment, read_text
from netad.rules.lists import Lists
from netad.rules.rule import Action, AppliesTo, Expression, Rule
from netad.rules.schedule import read_schedule
from netad.rules.scope import read_scope
from netad.rules.sigma import FILTER, sigma_rule

if TYPE_CHECKING:
    from netad.core.errors import Location

VERSION = 1

FILE_KEYS = ("version", "lists", "rules", "tests")
RULE_KEYS = (
    "id", "comment", "created_by", "ticket", "starts", "expires", "permanent", "applies_to", "schedule", "scope",
    "match", "match_all", "except", "action", *BLOCKS,
)  # fmt: skip
APPLIES_TO: tuple[AppliesTo, ...] = ("events", "flows")
SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Document:
    """A rule file that was read as YAML."""

    root: Node
    problems: Problems


@dataclass(slots=True)
class Contents:
    """What rule files say: rules in their order, the lists they share, the cases they are tested with."""

    rules: list[Rule] = field(default_factory=list)
    lists: Lists = field(default_factory=Lists)
    cases: list[Case] = field(default_factory=list)


def read_rules(documents: Sequence[Document]) -> Contents:
    """Return what the files say.

    Rules with problems are left out: whoever calls looks into the documents' problems first, and into those of the
    files that lists are read from.
    """
    contents = Contents()
    files = [(document, _file_entries(document)) for document in documents]
    for document, entries in files:
        if "lists" in entries:
            contents.lists.declare(entries["lists"], document.problems)
    contents.lists.check()
    reader = _Reader(contents.lists)
    for document, entries in files:
        if "rules" in entries:
            reader.read(entries["rules"], document.problems)
        if FILTER in entries and isinstance(document.root, Mapping):
            rule = sigma_rule(document.root, contents.lists, document.problems)
            reader.take(rule, document.root, document.problems)
        if "tests" in entries:
            contents.cases += read_cases(entries["tests"], document.problems)
    contents.rules = reader.rules
    return contents


def _file_entries(document: Document) -> dict[str, Node]:
    problems = document.problems
    if not isinstance(document.root, Mapping):
        problems.add(document.root, "a rule file is a map with 'rules', 'lists' or both")
        return {}
    keys = {key.text for key, _ in document.root.entries}
    if FILTER in keys and not keys & set(FILE_KEYS):
        return {FILTER: document.root}
    entries = known_entries(document.root, FILE_KEYS, problems)
    if not entries.keys() & {"rules", "lists", "tests"}:
        problems.add(document.root, "the file has neither 'rules' nor 'lists'")
    if "version" in entries:
        _check_version(entries["version"], problems)
    return entries


def _check_version(node: Node, problems: Problems) -> None:
    if not isinstance(node, Scalar) or node.text != str(VERSION):
        problems.add(node, f"this netad reads rule files of version {VERSION}")


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

    def take(self, rule: Rule | None, root: Node, problems: Problems) -> None:
        """Take in a rule that was read from another format."""
        if rule is not None and self._claim(rule.id, root, problems):
            self.rules.append(rule)

    def _rule(self, node: Mapping, problems: Problems) -> Rule | None:
        before = len(problems)
        entries = known_entries(node, RULE_KEYS, problems)
        identity = self._id(node, entries, problems)
        comment = _required_text("comment", node, entries, problems)
        created_by = _required_text("created_by", node, entries, problems)
        ticket = read_text("ticket", entries["ticket"], problems) if "ticket" in entries else None
        starts_ns, expires_ns = read_times(node, entries, named(entries), problems)
        applies_to = _applies_to(entries, problems)
        action: Action | None = "drop"
        if applies_to == "events":
            action = read_action(entries, problems)
        reader = MatchReader(self._lists, problems, applies_to)
        schedule = read_schedule(entries["schedule"], problems) if "schedule" in entries else None
        scope = read_scope(entries["scope"], applies_to, reader, problems) if "scope" in entries else None
        exception = reader.read(entries["except"], "except") if "except" in entries else None
        match = _match(node, entries, reader, problems)
        lower = read_lower(entries["lower"], problems) if "lower" in entries else None
        tags = read_tags(entries["tag"], problems) if "tag" in entries else ()
        limit = read_limit(entries["limit"], problems) if "limit" in entries else None
        inhibit = read_inhibit(entries["inhibit"], reader, problems) if "inhibit" in entries else None
        if identity is None or comment is None or created_by is None or action is None:
            return None
        if len(problems) > before:  # never a rule without the exception or the end that its author meant it to have
            return None
        return Rule(
            identity, comment, created_by, match, problems.at(node), exception, scope, schedule, action, applies_to,
            lower, tags, limit, inhibit, ticket, starts_ns, expires_ns,
        )  # fmt: skip

    def _id(self, node: Mapping, entries: dict[str, Node], problems: Problems) -> str | None:
        text = _required_text("id", node, entries, problems)
        if text is None:
            return None
        place = entries["id"]
        if not SLUG.fullmatch(text):
            said = "an id is made of small letters, digits, '-', '_' and '.', 100 at most"
            problems.add(place, f"{said}; {shown(text)} is not")
            return None
        return text if self._claim(text, place, problems) else None

    def _claim(self, text: str, place: Node, problems: Problems) -> bool:
        if text in self._taken:
            problems.add(place, f"the id {text!r} is already taken at {self._taken[text]}")
            return False
        self._taken[text] = problems.at(place)
        return True


def _match(node: Mapping, entries: dict[str, Node], reader: MatchReader, problems: Problems) -> Expression | None:
    """Return the rule's match; None for a rule that says that it is for all events, and where there is a problem."""
    everything = entries.get("match_all")
    if everything is not None and (not isinstance(everything, Scalar) or everything.text != "true"):
        problems.add(everything, "'match_all' can only be true: it says that the rule is meant for all events")
    if "match" not in entries:
        if everything is None:
            problems.add(node, f"{named(entries)} has no 'match', so that it would match every event")
        return None
    match = reader.read(entries["match"], "match")
    if match is not None and everything is None and fits_everything(match):
        told = "every event would match: name a value that tells the events meant from the others"
        problems.add(entries["match"], f"{told}, or say 'match_all: true'")
    return match


def named(entries: dict[str, Node]) -> str:
    """Return how a sentence calls the rule."""
    node = entries.get("id")
    return f"rule {shown(node.text)}" if isinstance(node, Scalar) and node.text else "this rule"


def _applies_to(entries: dict[str, Node], problems: Problems) -> AppliesTo:
    node = entries.get("applies_to")
    if node is None or (isinstance(node, Scalar) and node.text == "events"):
        return "events"
    if not isinstance(node, Scalar) or node.text != "flows":
        if not isinstance(node, Refused):
            problems.add(node, "'applies_to' is events or flows")
        return "events"
    for name in ("action", *BLOCKS):
        if name in entries:
            problems.add(entries[name], f"a rule for flows takes no {name!r}: it keeps the flows out of profiles")
    return "flows"


def _required_text(name: str, node: Mapping, entries: dict[str, Node], problems: Problems) -> str | None:
    if name not in entries:
        problems.add(node, f"{named(entries)} has no {name!r}")
        return None
    return read_text(name, entries[name], problems)


def read_times(node: Mapping, entries: dict[str, Node], name: str, problems: Problems) -> tuple[int | None, int | None]:
    """Return start and end in ns; the end is None for a permanent rule, and where there is a problem."""
    starts = read_moment(entries["starts"], problems) if "starts" in entries else None
    expires = read_moment(entries["expires"], problems) if "expires" in entries else None
    permanent = entries.get("permanent")
    if permanent is not None:
        if not isinstance(permanent, Scalar) or permanent.text != "true":
            problems.add(permanent, "'permanent' can only be true; a rule that ends has 'expires' in its place")
        elif "expires" in entries:
            problems.add(permanent, f"{name} has both 'expires' and 'permanent'; it takes one of them")
    elif "expires" not in entries:
        problems.add(node, f"{name} has no end: give it 'expires', or 'permanent: true'")
    if starts is not None and expires is not None and expires <= starts:
        problems.add(entries["expires"], f"{name} expires before it starts")
    return starts, expires
