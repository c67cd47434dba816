"""`inhibit`: an event is suppressed by a stronger one that has the same source, say, at about the same time."""

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from typing import TypeAlias

from netad.rules.rule import Rule
from netad.rules.view import EventView, Values

_Strength: TypeAlias = tuple[float, float]  # severity, then risk score
_Group: TypeAlias = tuple[str, tuple[Values, ...]]


@dataclass(frozen=True, slots=True, order=True)
class _Noted:
    strength: _Strength
    start_ns: int
    end_ns: int
    identity: str
    number: int


@dataclass(slots=True)
class _Both:
    within_ns: int
    targets: list[_Noted] = field(default_factory=list)
    inhibitors: list[_Noted] = field(default_factory=list)


class Inhibitions:
    """The events of one run that rules with `inhibit` are about, compared when all of them are known.

    Every event counts as it came, whatever else rules do with it.
    """

    def __init__(self) -> None:
        self._groups: dict[_Group, _Both] = {}

    def note_target(self, number: int, rule: Rule, view: EventView) -> None:
        """Take in an event that the rule would suppress."""
        found = self._find(rule, view)
        if found is not None:
            found[0].targets.append(_noted(number, view, found[1]))

    def note_inhibitor(self, number: int, rule: Rule, view: EventView) -> None:
        """Take in an event that may suppress others by the rule."""
        found = self._find(rule, view)
        if found is not None:
            found[0].inhibitors.append(_noted(number, view, found[1]))

    def _find(self, rule: Rule, view: EventView) -> tuple[_Both, tuple[int, int]] | None:
        span = view.span_ns
        if rule.inhibit is None or span is None:
            return None
        values = tuple(view.values(each) for each in rule.inhibit.equal)
        if not all(values):
            return None
        # The same private address at another sensor is another host.
        both = self._groups.setdefault((rule.id, (*values, *view.origin)), _Both(rule.inhibit.within_ns))
        return both, span

    def decide(self) -> dict[tuple[int, str], str]:
        """Return the id of a stronger event by (event, rule id), for the events that there is one for."""
        found: dict[tuple[int, str], str] = {}
        for (rule_id, _), both in self._groups.items():
            if both.targets and both.inhibitors:
                for number, identity in _inhibited(both):
                    found[number, rule_id] = identity
        return found


def _noted(number: int, view: EventView, span: tuple[int, int]) -> _Noted:
    severity, score = view.severity, view.risk_score
    strength = (-1.0 if severity is None else severity, -1.0 if score is None else score)
    return _Noted(strength, *span, view.identity, number)


def _inhibited(both: _Both) -> list[tuple[int, str]]:
    """Return the targets that have a stronger inhibitor near them, with its id.

    Targets are gone through from the strongest to the weakest, so that those stronger than the one at hand are a
    growing list, which is kept in the order of their starts.
    """
    longest = max(each.end_ns - each.start_ns for each in both.inhibitors)
    waiting = sorted(both.inhibitors)
    near: list[tuple[int, int, str]] = []
    found = []
    for target in sorted(both.targets, reverse=True):
        while waiting and waiting[-1].strength > target.strength:
            stronger = waiting.pop()
            insort(near, (stronger.start_ns, stronger.end_ns, stronger.identity))
        first = bisect_left(near, (target.start_ns - both.within_ns - longest,))
        last = bisect_right(near, (target.end_ns + both.within_ns + 1,))
        for start_ns, end_ns, identity in near[first:last]:
            if _near(start_ns, end_ns, target, both.within_ns):
                found.append((target.number, identity))
                break
    return found


def _near(start_ns: int, end_ns: int, target: _Noted, within_ns: int) -> bool:
    """Tell whether two times overlap (windows that only touch do not) or, with `within_ns`, lie no further apart."""
    gap = max(start_ns, target.start_ns) - min(end_ns, target.end_ns)
    return gap < 0 or start_ns == target.start_ns or (within_ns > 0 and gap <= within_ns)
