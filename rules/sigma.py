"""Sigma's filter documents (https://sigmahq.io/docs/meta/filters.html) as rules that suppress.

A filter is added to the condition of the Sigma rules it names, so what it filters out is what its own condition does
not hold for. In netad these rules are what an event has in `rule.id`.
"""

import re

from netad.core.problems import Problems, did_you_mean, shown
from netad.core.yaml_nodes import Mapping, Node, Refused, Scalar
from netad.rules.conditions import MatchReader, fits_everything
from netad.rules.entries import LONGEST, known_entries, read_moment
from netad.rules.lists import Lists
from netad.rules.rule import AllOf, AnyOf, Expression, Not, Rule

FILTER = "filter"
# What the specification knows, and `expires`, which it leaves to others.
_KEYS = (
    "title", "id", "name", "description", "author", "date", "modified", "references", "status", "level", "logsource",
    "tags", "taxonomy", "license", "scope", "related", "falsepositives", "fields", "expires", FILTER,
)  # fmt: skip
_TOKEN = re.compile(r"\s*(\(|\)|[A-Za-z0-9_*]+)")
_WORDS = ("and", "or", "not")
_MOST_TOKENS = 200


def sigma_rule(root: Mapping, lists: Lists, problems: Problems) -> Rule | None:
    """Return the rule that a filter document stands for; None, with the problems noted, when it cannot be said.

    Its author is the owner, its description (or title) the reason; it ends when it says `expires`, else never.
    """
    before = len(problems)
    entries = known_entries(root, _KEYS, problems)
    block = entries.get(FILTER)
    if not isinstance(block, Mapping):
        problems.add(block or root, "'filter' must be a map with rules, a selection and a condition")
        return None
    texts = {name: _text(entries.get(name)) for name in ("title", "id", "description", "author")}
    if not texts["title"]:
        problems.add(root, "this filter has no 'title'")
    if not texts["author"]:
        problems.add(root, "this filter has no 'author', who becomes the owner of the rule")
    reader = MatchReader(lists, problems)
    parts = {key.text: value for key, value in block.entries}
    shown_events = _condition(parts, block, reader, problems)
    scope = _scope(parts, block, reader, problems)
    expires_ns = read_moment(entries["expires"], problems) if "expires" in entries else None
    if shown_events is None or len(problems) > before:
        return None
    hidden = shown_events.part if isinstance(shown_events, Not) else Not(shown_events)
    if fits_everything(hidden):
        problems.add(parts["condition"], "this condition leaves no event over: name a value that tells them apart")
        return None
    comment = (texts["description"] or texts["title"])[: LONGEST["comment"]]
    identity = _identity(texts["id"] or texts["title"])
    owner = texts["author"][: LONGEST["created_by"]]
    return Rule(identity, comment, owner, hidden, problems.at(root), scope=scope, expires_ns=expires_ns)


def _text(node: Node | None) -> str:
    return " ".join(node.text.split()) if isinstance(node, Scalar) else ""


def _identity(text: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:100] or "filter"


def _scope(parts: dict[str, Node], block: Mapping, reader: MatchReader, problems: Problems) -> Expression | None:
    """Return which rules' events the filter is for: those with these ids, None for all of them."""
    node = parts.get("rules")
    if node is None:
        problems.add(block, "this filter has no 'rules': the ids of rules (rule.id of events), or 'any'")
        return None
    if isinstance(node, Scalar) and node.text == "any":
        return None
    key = Scalar(node.line, node.column, "rule.id", True)
    return reader.read(Mapping(node.line, node.column, ((key, node),)), "rules")


def _condition(parts: dict[str, Node], block: Mapping, reader: MatchReader, problems: Problems) -> Expression | None:
    """Return what an event must be like to stay, by the condition over the selections."""
    node = parts.get("condition")
    if not isinstance(node, Scalar):
        problems.add(node or block, "this filter has no 'condition', such as: not selection")
        return None
    selections: dict[str, Expression] = {}
    for name, each in parts.items():
        if name in ("rules", "condition") or isinstance(each, Refused):
            continue
        found = reader.read(each, name)
        if found is None:
            return None
        selections[name] = found
    try:
        return _Parser(node.text, selections).whole()
    except ValueError as error:
        problems.add(node, str(error))
        return None


class _Parser:
    """Reads `not a and (b or 1 of c*)`: `not` binds closest, then `and`, then `or`."""

    def __init__(self, text: str, selections: dict[str, Expression]) -> None:
        self._text, self._selections = text, selections
        self._tokens: list[str] = []
        place = 0
        stripped = text.rstrip()
        while place < len(stripped):
            found = _TOKEN.match(stripped, place)
            if found is None or len(self._tokens) == _MOST_TOKENS:
                raise self._wrong()
            self._tokens.append(found.group(1))
            place = found.end()

    def _wrong(self) -> ValueError:
        return ValueError(f"the condition {shown(self._text)} is not one that netad reads: selections, not, and, or, "
                          "parentheses, 1 of, all of")  # fmt: skip

    def whole(self) -> Expression:
        """Return the whole condition."""
        found = self._either()
        if self._tokens:
            raise self._wrong()
        return found

    def _either(self) -> Expression:
        parts = [self._both()]
        while self._tokens[:1] == ["or"]:
            self._tokens.pop(0)
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _both(self) -> Expression:
        parts = [self._one()]
        while self._tokens[:1] == ["and"]:
            self._tokens.pop(0)
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self) -> Expression:
        if not self._tokens:
            raise self._wrong()
        token = self._tokens.pop(0)
        if token == "not":  # noqa: S105 - a word of a condition
            return Not(self._one())
        if token == "(":  # noqa: S105
            found = self._either()
            if self._tokens[:1] != [")"]:
                raise self._wrong()
            self._tokens.pop(0)
            return found
        if token in ("1", "all", "any") and self._tokens[:1] == ["of"]:
            self._tokens.pop(0)
            return self._several(token)
        if token in _WORDS or token not in self._selections:
            names = ", ".join(self._selections)
            raise ValueError(
                f"there is no selection {shown(token)}{did_you_mean(token, self._selections)} (there are: {names})"
            )
        return self._selections[token]

    def _several(self, quantity: str) -> Expression:
        pattern = self._tokens.pop(0) if self._tokens else ""
        start, star, rest = pattern.partition("*")
        if rest or (not star and pattern != "them"):
            raise self._wrong()
        found = tuple(each for name, each in self._selections.items() if pattern == "them" or name.startswith(start))
        if not found:
            raise ValueError(f"no selection fits {shown(pattern)}")
        if len(found) == 1:
            return found[0]
        return AllOf(found) if quantity == "all" else AnyOf(found)
