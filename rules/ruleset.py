"""The rules of a run: loaded whole or not at all, applied to events and flows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from netad.core.errors import RuleError
from netad.core.yaml_nodes import read_document
from netad.rules.disagreement import note_disagreements
from netad.rules.files import find_rule_files, read_contents
from netad.rules.judging import Judge, Judging, Verdicts, in_time
from netad.rules.limits import LimitState
from netad.rules.marking import mark
from netad.rules.matching import Compiler
from netad.rules.rule import ACTIONS, Rule
from netad.rules.schema import Document, read_rules
from netad.rules.view import EventView

if TYPE_CHECKING:
    from netad.core.problems import Problems
    from netad.rules.cases import Case
    from netad.rules.flow_filter import FlowFilter


class RuleSet:
    """Rules in the order of their strength, then of their ids: where they were written changes nothing.

    `rules` are those for events and those for flows; `warnings` is what an operator should look at though the rules
    load (`unused_lists` are those of them about lists), `problems` why rules are missing (`load_what_can`), `cases`
    what `netad rules test` runs. The wall clock is given by the caller, to `load` for the warnings and to `judge` for
    the decision.
    """

    def __init__(self, rules: Sequence[Rule], warnings: Sequence[str] = (), cases: "Sequence[Case]" = ()) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: (ACTIONS.index(rule.action), rule.id)))
        self.event_rules = tuple(rule for rule in self.rules if rule.applies_to == "events")
        self.flow_rules = tuple(rule for rule in self.rules if rule.applies_to == "flows")
        self.warnings = list(warnings)
        self.problems: list[str] = []
        self.unused_lists: list[str] = []
        self.cases = tuple(cases)

    @cached_property
    def _ready(self) -> Judge:
        return Judge(self.event_rules)

    def __len__(self) -> int:
        return len(self.rules)

    @classmethod
    def load(cls, paths: Sequence[str | Path], now: datetime | None = None) -> Self:
        """Read rule files, folders of them, and built-in ones (`builtin:NAME`).

        `now` (default: the wall clock) decides which rules the warnings call expired.

        Raises:
            RuleError: anything is wrong in any file; `problems` holds a line for each.
        """
        rules = cls.load_what_can(paths, now)
        if rules.problems:
            raise RuleError(rules.problems)
        return rules

    @classmethod
    def load_what_can(cls, paths: Sequence[str | Path], now: datetime | None = None) -> Self:
        """Read as `load` does, but go on without the rules that do not hold; `problems` says what is wrong."""
        files, lines = find_rule_files(paths)
        documents: list[Document] = []
        seen: list[Problems] = []
        for content, problems in read_contents(files):
            seen.append(problems)
            root = read_document(content, problems) if content is not None else None
            if root is not None:
                documents.append(Document(root, problems))
        contents = read_rules(documents)
        note_disagreements(contents.rules, {problems.path: problems for problems in seen})
        lines += [line for problems in (*seen, *contents.lists.file_problems) for line in problems.lines()]
        unused = contents.lists.unused()
        expired = _expired(contents.rules, nanoseconds(now or datetime.now(UTC)))
        found = cls(contents.rules, [*expired, *unused], contents.cases)
        found.problems, found.unused_lists = lines, unused
        return found

    def judge(self, events: Iterable[Mapping[str, Any]], now: datetime, state: LimitState | None = None) -> Verdicts:
        """Return what becomes of the events of a run, which are judged together; nothing in them changes.

        `state` holds what limits let pass in earlier runs, and takes what they let pass now.
        """
        return self._ready.judge(events, nanoseconds(now), LimitState() if state is None else state)

    def judge_stored(self) -> Judging:
        """Return what judges events of earlier runs, each by the rules that were in force when it was created.

        Limits count anew: what earlier runs let pass does not matter.
        """
        return self._ready.begin(None, LimitState())

    def matching(self, event: Mapping[str, Any], now: datetime) -> tuple[Rule, ...]:
        """Return the rules in force that match the event, strongest first; nothing is marked."""
        return self.judge([event], now).verdicts[0].rules

    def apply(self, event: dict[str, Any], now: datetime) -> bool:
        """Mark one event in place as the rules say, and tell whether it is hidden or dropped."""
        verdict = self.judge([event], now).verdicts[0]
        mark(event, verdict)
        return verdict.hidden or verdict.dropped

    def flow_filter(self, now: datetime, observer: str = "", namespace: str = "") -> "FlowFilter":
        """Return what keeps flows out of profiles, by the rules for flows that are in force."""
        from netad.rules.flow_filter import FlowFilter

        now_ns = nanoseconds(now)
        return FlowFilter([rule for rule in self.flow_rules if rule.state(now_ns) == "active"], observer, namespace)

    def matches_flow(self, flow: Mapping[str, Any], now: datetime) -> tuple[Rule, ...]:
        """Return the rules for flows in force that keep out a flow given by its fields, as in a flow event."""
        view, now_ns, compiler = EventView(flow), nanoseconds(now), Compiler()
        return tuple(
            rule
            for rule in self.flow_rules
            if rule.state(now_ns) == "active" and compiler.predicate(rule.condition)(view) and in_time(rule, view)
        )


def _expired(rules: Sequence[Rule], now_ns: int) -> list[str]:
    return [f"{rule.where}: {rule.end_told}" for rule in rules if rule.state(now_ns) == "expired"]


def nanoseconds(moment: datetime) -> int:
    """Return a moment as ns since the epoch."""
    return round(moment.timestamp() * 1_000_000) * 1000
