"""Rules tried over events of earlier runs: what would have become of each, beside what did.

Events come one by one, in the order of time; of each only a few words are kept until all rules can decide. So limits
and inhibition decide over the whole period, and memory is some 400 bytes an event, and about 1 kB more for one that a
limit or inhibition is about.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from netad.core.errors import ConfigError
from netad.core.timing import SECOND_NS
from netad.rules.judging import Judging, Verdict
from netad.rules.marking import mark, unmark
from netad.rules.rule import DAY_NS, Action, Rule
from netad.rules.ruleset import RuleSet
from netad.rules.view import EventView

Fate: TypeAlias = Literal["shown", "tagged", "lowered", "hidden", "dropped"]
FATES: tuple[Fate, ...] = ("shown", "tagged", "lowered", "hidden", "dropped")
AWAY: tuple[Fate, ...] = ("hidden", "dropped")
"""The fates in which nobody is alerted."""
FATE_OF: dict[Action, Fate] = {
    "drop": "dropped", "suppress": "hidden", "inhibit": "hidden", "limit": "hidden", "lower": "lowered",
    "tag": "tagged",
}  # fmt: skip
_UNTOLD: Mapping[str, Any] = {}
TRUE_POSITIVE = "true_positive"
MAX_EVENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What rules did with one event: its fate, and the ids of the rules whose action that was."""

    fate: Fate = "shown"
    rule_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """One event of the period: what is told of it, what became of it before, and what the rules say now.

    `severity` is the one that it had before any rule lowered it; `verdict` is what an analyst said of it.
    """

    id: str
    time: str
    source: str
    severity: int | None
    verdict: Mapping[str, Any]
    before: Outcome
    after: Outcome

    @property
    def newly_hidden(self) -> bool:
        """Whether nobody would be alerted any more."""
        return self.after.fate in AWAY and self.before.fate not in AWAY

    @property
    def newly_shown(self) -> bool:
        """Whether somebody would be alerted who was not."""
        return self.before.fate in AWAY and self.after.fate not in AWAY

    @property
    def lost(self) -> bool:
        """Whether an analyst called the event a true positive, and nobody would be alerted."""
        return self.verdict.get("label") == TRUE_POSITIVE and self.after.fate in AWAY


@dataclass(slots=True)
class Replay:
    """The events of a period as they were tried, and the verdict of the rules on each by its id."""

    tried: list[Tried] = field(default_factory=list)
    verdicts: dict[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Noted:
    number: int  # among all events, those before the period too
    id: str
    time: str
    source: str
    severity: int | None
    verdict: Mapping[str, Any]
    stored: Outcome


def context_start(rules: Sequence[Rule], since_ns: int | None) -> int | None:
    """Return from when on events must be seen so that rules judge those since a moment as if they had seen all.

    A limit counts from the start of its period, and an event may be inhibited by one `within` before its start; windows
    are taken to be no longer than a day.
    """
    if since_ns is None:
        return None
    starts = [since_ns]
    for rule in rules:
        if rule.limit is not None:
            starts.append(since_ns // rule.limit.per_ns * rule.limit.per_ns)
        if rule.inhibit is not None:
            starts.append(since_ns - rule.inhibit.within_ns - DAY_NS)
    return max(min(starts), 0)


def context_end(rules: Sequence[Rule], time_ns: int) -> int:
    """Return until when events must be seen so that rules judge one of this moment as if they had seen all."""
    within = [rule.inhibit.within_ns + DAY_NS for rule in rules if rule.inhibit is not None]
    return time_ns + max(within, default=SECOND_NS)


def replay(
    events: Iterable[dict[str, Any]], rules: RuleSet, against: RuleSet | None = None, since_ns: int | None = None
) -> Replay:
    """Judge stored events anew. Those before `since_ns` are context only (`context_start`) and are not in the result.

    What became of them before is what `against` says, or, without it, what stands in them. The marks of earlier runs
    are taken out of the given events.

    Raises:
        ConfigError: the period holds too many events.
    """
    judging, other = rules.judge_stored(), None if against is None else against.judge_stored()
    noted: list[_Noted] = []
    shared: dict[object, Any] = {}
    for number, event in enumerate(events):
        if len(noted) >= MAX_EVENTS:
            raise ConfigError(
                f"the period holds more than {MAX_EVENTS:,} events, too many to judge at once: choose a shorter one"
            )
        stored = stored_outcome(event)
        unmark(event)
        judging.add(event)
        if other is not None:
            other.add(event)
        view = EventView(event)
        if since_ns is None or (view.time_ns or 0) >= since_ns:
            noted.append(_noted(number, event, view, shared.setdefault(stored, stored)))
    return _decided(noted, judging, other)


def _decided(noted: Sequence[_Noted], judging: Judging, other: Judging | None) -> Replay:
    after = judging.decide().verdicts
    before = None if other is None else other.decide().verdicts
    found = Replay()
    for each in noted:
        verdict = after[each.number]
        earlier = each.stored if before is None else outcome(before[each.number])
        found.tried.append(
            Tried(each.id, each.time, each.source, each.severity, each.verdict, earlier, outcome(verdict))
        )
        found.verdicts[each.id] = verdict
    return found


def _noted(number: int, event: Mapping[str, Any], view: EventView, stored: Outcome) -> _Noted:
    verdict = event.get("netad", {}).get("verdict")
    source = str(event.get("source", {}).get("ip", ""))
    return _Noted(number, view.identity, str(event.get("@timestamp", "")), source, view.severity,
                  verdict if isinstance(verdict, dict) else _UNTOLD, stored)  # fmt: skip


def outcome(verdict: Verdict) -> Outcome:
    """Return what a verdict comes to."""
    ids = tuple(rule.id for rule in verdict.rules if rule.action == verdict.action)
    return Outcome("shown" if verdict.action is None else FATE_OF[verdict.action], ids)


def stored_outcome(event: Mapping[str, Any]) -> Outcome:
    """Return what became of a stored event, as it stands in it."""
    found = event.get("netad", {}).get("suppression", {})
    ids, actions = found.get("rule_ids", ()), found.get("actions", ())
    fate = FATE_OF.get(found.get("action"), "hidden" if found.get("suppressed") else "shown")
    return Outcome(
        fate, tuple(rule for rule, action in zip(ids, actions, strict=False) if action == found.get("action"))
    )


def remarked(events: Iterable[dict[str, Any]], verdicts: Mapping[str, Verdict]) -> Iterator[dict[str, Any]]:
    """Yield the events that verdicts change, marked anew. What no verdict is about (it came in meanwhile) stays."""
    for event in events:
        verdict = verdicts.get(EventView(event).identity)
        if verdict is None:
            continue
        fresh = deepcopy(event)
        unmark(fresh)
        mark(fresh, verdict)
        if fresh != event:
            yield fresh
