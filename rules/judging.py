"""What rules come to for all events of a run: every matching rule, and the strongest action that takes effect."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from netad.rules.index import RuleIndex
from netad.rules.inhibition import Inhibitions
from netad.rules.limits import Limits, LimitState
from netad.rules.rule import HIDING, Action, Rule
from netad.rules.view import EventView

# The severities an event can have, weakest first (netad.detectors.anomaly.Severity).
SEVERITIES = (21, 47, 73, 99)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one event.

    `rules` are all rules in force that match, strongest first, then by id. `action` is the strongest of their actions
    that takes effect, None when none does: a limit that lets the event pass has none. `severity` and `risk_score` are
    what the event is lowered to, `tags` what it gets, whatever the action; `inhibited_by` is the id of the stronger
    event.
    """

    rules: tuple[Rule, ...] = ()
    action: Action | None = None
    severity: int | None = None
    risk_score: float | None = None
    tags: tuple[str, ...] = ()
    inhibited_by: str | None = None

    @property
    def hidden(self) -> bool:
        """Whether the event ships, but not as an alert."""
        return self.action in HIDING

    @property
    def dropped(self) -> bool:
        """Whether the event does not ship."""
        return self.action == "drop"


@dataclass(slots=True)
class Verdicts:
    """What becomes of the events of a run: one verdict each, in their order, and what each rule did.

    `hits` counts the events that each rule matched, `effects` those where its action was the one that took effect, and
    `hiding` those of the latter that ship, but not as alerts.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)
    hiding: Counter[str] = field(default_factory=Counter)

    @property
    def suppressed(self) -> int:
        """How many events ship, but not as alerts."""
        return sum(verdict.hidden for verdict in self.verdicts)

    @property
    def dropped(self) -> int:
        """How many events do not ship."""
        return sum(verdict.dropped for verdict in self.verdicts)

    def add(self, verdict: Verdict) -> None:
        """Take in the verdict on the next event."""
        self.verdicts.append(verdict)
        for rule in verdict.rules:
            self.hits[rule.id] += 1
            if rule.action == verdict.action:
                self.effects[rule.id] += 1
                self.hiding[rule.id] += verdict.hidden


class Judge:
    """Rules made ready for judging; they must be in the order of their strength, then of their ids."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        conditions = [rule.condition for rule in rules]
        # (rule, where its `by` stands in the index; None: any event inhibits)
        self._inhibiting: list[tuple[int, int | None]] = []
        for number, rule in enumerate(rules):
            if rule.inhibit is not None:
                self._inhibiting.append((number, None if rule.inhibit.by is None else len(conditions)))
                if rule.inhibit.by is not None:
                    conditions.append(rule.inhibit.by)
        self._index = RuleIndex(conditions)

    def judge(self, events: Iterable[Mapping[str, Any]], now_ns: int, state: LimitState) -> Verdicts:
        """Return the verdicts on all events; nothing in the events changes. What limits let pass goes into `state`."""
        judging = self.begin(now_ns, state)
        for event in events:
            judging.add(event)
        return judging.decide()

    def begin(self, now_ns: int | None, state: LimitState) -> "Judging":
        """Return what takes the events of a run one by one.

        `now_ns` is the wall clock that says which rules are in force; None: each event's own `event.created`, which is
        the wall clock of the run that made it.
        """
        return Judging(self._rules, self._index, self._inhibiting, now_ns, state)


class Judging:
    """Judges the events of one run: takes them one by one, keeps only what the decision needs, and decides at the end.

    That is some 100 bytes an event, and more for those that a limit, an inhibiting or a lowering rule matches.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        index: RuleIndex,
        inhibiting: Sequence[tuple[int, int | None]],
        now_ns: int | None,
        state: LimitState,
    ) -> None:
        self._rules, self._index, self._inhibiting = rules, index, inhibiting
        self._active = None if now_ns is None else [rule.state(now_ns) == "active" for rule in rules]
        self._limits, self._inhibitions = Limits(state), Inhibitions()
        self._matched: list[tuple[int, ...]] = []
        self._lowered: dict[int, tuple[int | None, float | None]] = {}
        self._shared: dict[tuple[int, ...], tuple[int, ...]] = {}

    def add(self, event: Mapping[str, Any]) -> None:
        """Take the next event."""
        number, view = len(self._matched), EventView(event)
        found = self._index.matching(view)
        for each, by in self._inhibiting:
            if (by is None or by in found) and self._in_force(each, view):
                self._inhibitions.note_inhibitor(number, self._rules[each], view)
        fits = tuple(
            each
            for each in found
            if each < len(self._rules) and self._in_force(each, view) and in_time(self._rules[each], view)
        )
        self._matched.append(self._shared.setdefault(fits, fits))
        for each in fits:
            rule = self._rules[each]
            if rule.limit is not None:
                self._limits.note(number, rule, view)
            elif rule.inhibit is not None:
                self._inhibitions.note_target(number, rule, view)
            elif rule.lower is not None:
                self._lowered[number] = (view.severity, view.risk_score)

    def decide(self) -> Verdicts:
        """Return the verdicts on all events, in the order they came."""
        over, inhibited = self._limits.decide(), self._inhibitions.decide()
        verdicts = Verdicts()
        alike: dict[tuple[int, ...], Verdict] = {}  # where nothing of the event itself goes into the verdict
        for number, fits in enumerate(self._matched):
            verdict = alike.get(fits)
            if verdict is None:
                rules = [self._rules[each] for each in fits]
                own = [rule for rule in rules if rule.inhibit is None or (number, rule.id) in inhibited]
                by = next((inhibited[number, rule.id] for rule in own if rule.inhibit is not None), None)
                effective = [rule for rule in own if rule.limit is None or (number, rule.id) in over]
                verdict = _verdict(own, effective, by, *self._lowered.get(number, (None, None)))
                if all(rule.action in ("drop", "suppress", "tag") for rule in rules):
                    alike[fits] = verdict
            verdicts.add(verdict)
        return verdicts

    def _in_force(self, number: int, view: EventView) -> bool:
        if self._active is not None:
            return self._active[number]
        created_ns = view.created_ns
        return created_ns is not None and self._rules[number].state(created_ns) == "active"


def in_time(rule: Rule, view: EventView) -> bool:
    """Tell whether the time of the event lies within the rule's schedule; a rule without one is for all times."""
    if rule.schedule is None:
        return True
    span = view.span_ns
    return span is not None and rule.schedule.holds(*span)


def _verdict(
    rules: Sequence[Rule], effective: Sequence[Rule], by: str | None, severity: int | None, score: float | None
) -> Verdict:
    action = effective[0].action if effective else None
    tags = tuple(dict.fromkeys(tag for rule in rules for tag in rule.tags))
    inhibited_by = by if action == "inhibit" else None
    if action != "lower":
        return Verdict(tuple(rules), action, tags=tags, inhibited_by=inhibited_by)
    lowers = [rule.lower for rule in effective if rule.lower is not None]
    if severity is not None:
        severities = [lowered_severity(severity, lower.severity_by, lower.severity) for lower in lowers]
        severity = min(severities)
    if score is not None:
        score = round(max(score - max(lower.score_by for lower in lowers), 0.0), 4)
    return Verdict(tuple(rules), action, severity, score, tags)


def lowered_severity(severity: int, steps: int, most: int | None) -> int:
    """Return a severity some steps lower, and not above `most`; the lowest stays as it is."""
    place = sum(severity > each for each in SEVERITIES)
    lower = SEVERITIES[max(place - steps, 0)] if place < len(SEVERITIES) else severity
    return min(severity, lower, severity if most is None else most)
