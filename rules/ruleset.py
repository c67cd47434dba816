"""The rules of a run: loaded whole or not at all, applied to events, counted."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from netad.core.errors import RuleError
from netad.core.timing import iso
from netad.core.yaml_nodes import read_document
from netad.rules.files import find_rule_files, read_contents
from netad.rules.matching import Compiler, EventView
from netad.rules.rule import ACTIONS, Rule
from netad.rules.schema import Document, read_rules

if TYPE_CHECKING:
    from netad.core.problems import Problems


class RuleSet:
    """Rules in the order of their strength, then of their ids: where they were written changes nothing.

    `hits` counts for each rule the events it matched, `warnings` is what an operator should look at though the rules
    load. The wall clock is given by the caller, to `load` for the warnings and to `apply` for the decision.
    """

    def __init__(self, rules: Sequence[Rule], warnings: Sequence[str] = ()) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: (ACTIONS.index(rule.action), rule.id)))
        self.warnings = list(warnings)
        self.hits: Counter[str] = Counter()
        compiler = Compiler()
        self._compiled = [(rule, compiler.rule(rule)) for rule in self.rules]

    def __len__(self) -> int:
        return len(self.rules)

    @classmethod
    def load(cls, paths: Sequence[str | Path], now: datetime | None = None) -> Self:
        """Read rule files, and folders of them.

        `now` (default: the wall clock) decides which rules the warnings call expired.

        Raises:
            RuleError: anything is wrong in any file; `problems` holds a line for each.
        """
        files, lines = find_rule_files(paths)
        documents: list[Document] = []
        seen: list[Problems] = []
        for content, problems in read_contents(files):
            seen.append(problems)
            root = read_document(content, problems) if content is not None else None
            if root is not None:
                documents.append(Document(root, problems))
        rules, lists = read_rules(documents)
        lines += [line for problems in seen for line in problems.lines()]
        if lines:
            raise RuleError(lines)
        return cls(rules, [*_expired(rules, _nanoseconds(now or datetime.now(UTC))), *lists.unused()])

    def matching(self, event: dict[str, Any], now: datetime) -> tuple[Rule, ...]:
        """Return the rules in force that match the event, strongest first; nothing is marked or counted."""
        now_ns, view = _nanoseconds(now), EventView(event)
        return tuple(rule for rule, matches in self._compiled if matches(view) and rule.state(now_ns) == "active")

    def apply(self, event: dict[str, Any], now: datetime) -> bool:
        """Mark the event in place when a rule matches it, count the matches, and tell whether one did.

        A suppressed event stays in the stream: `event.kind` becomes `event`, which no alert rule of Elastic's promotes,
        and `netad.suppression` says by which rules, whose and why. Score and severity stay as they are. `expires` is
        there for the rules that have an end, in their order. An event that no rule matches is left alone.
        """
        rules = self.matching(event, now)
        if not rules:
            return False
        self.hits.update(rule.id for rule in rules)
        suppression: dict[str, Any] = {
            "suppressed": True,
            "action": rules[0].action,
            "rule_ids": [rule.id for rule in rules],
            "owner": [rule.created_by for rule in rules],
            "reason": [rule.comment for rule in rules],
        }
        if expires := [iso(rule.expires_ns) for rule in rules if rule.expires_ns is not None]:
            suppression["expires"] = expires
        event.setdefault("event", {})["kind"] = "event"
        event.setdefault("netad", {})["suppression"] = suppression
        return True


def _expired(rules: Sequence[Rule], now_ns: int) -> list[str]:
    return [
        f"{rule.where}: rule {rule.id!r} of {rule.created_by} expired at {iso(rule.expires_ns)} and matches nothing"
        for rule in rules
        if rule.expires_ns is not None and rule.state(now_ns) == "expired"
    ]


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000
