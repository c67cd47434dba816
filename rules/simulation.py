"""What rules would change in stored events: counts by severity and by rule, and the events that change sides."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netad.rules.actions import SEVERITIES
from netad.rules.replay import FATE_OF, FATES, Fate, Tried
from netad.rules.ruleset import RuleSet

_NAMES = {number: name for name, number in reversed(SEVERITIES.items())}


@dataclass(frozen=True, slots=True)
class Change:
    """A number as it was and as it would be."""

    before: int
    after: int

    @property
    def changes(self) -> bool:
        """Whether the two differ."""
        return self.before != self.after


class Simulation:
    """The events of a period, counted.

    `by_severity` holds for each severity, and `all`, how many events meet each fate; `by_rule` for each rule and its
    effect, on how many events it has that: rules that are tried, and those that did something before.
    """

    def __init__(self, tried: Sequence[Tried], rules: RuleSet) -> None:
        self.events = len(tried)
        self.newly_hidden = [each for each in tried if each.newly_hidden]
        self.newly_shown = [each for each in tried if each.newly_shown]
        self.lost = [each for each in tried if each.lost]
        fates: Counter[tuple[str, Fate, bool]] = Counter()
        hits: Counter[tuple[str, Fate, bool]] = Counter()
        for each in tried:
            name = severity_name(each.severity)
            for outcome, after in ((each.before, False), (each.after, True)):
                fates[name, outcome.fate, after] += 1
                fates["all", outcome.fate, after] += 1
                hits.update((rule_id, outcome.fate, after) for rule_id in outcome.rule_ids)
        names = {name for name, _, _ in fates}
        order = [*_NAMES.values(), *sorted(names - {*_NAMES.values(), "all"}), "all"]
        self.by_severity = {
            name: {fate: Change(fates[name, fate, False], fates[name, fate, True]) for fate in FATES}
            for name in order
            if name in names
        }
        tried_rules = [(rule.id, FATE_OF[rule.action]) for rule in rules.event_rules]
        acting = dict.fromkeys([*tried_rules, *sorted((rule_id, fate) for rule_id, fate, _ in hits)])
        self.by_rule = {(rule_id, fate): Change(hits[rule_id, fate, False], hits[rule_id, fate, True])
                        for rule_id, fate in acting}  # fmt: skip

    def to_json(self, *, changed_only: bool = False) -> dict[str, Any]:
        """Return it all as plain values; `changed_only` leaves out the counts that stay as they are."""
        return {
            "events": self.events,
            "by_severity": {
                name: {fate: _plain(change) for fate, change in fates.items() if change.changes or not changed_only}
                for name, fates in self.by_severity.items()
                if not changed_only or any(change.changes for change in fates.values())
            },
            "by_rule": [
                {"rule": rule_id, "fate": fate, **_plain(change)}
                for (rule_id, fate), change in self.by_rule.items()
                if change.changes or not changed_only
            ],
            "newly_hidden": [_event(each) for each in self.newly_hidden],
            "newly_shown": [_event(each) for each in self.newly_shown],
            "true_positives_hidden": [_event(each) for each in self.lost],
        }


def severity_name(severity: int | None) -> str:
    """Return a severity's name, or its number in words if netad knows none."""
    return "none" if severity is None else _NAMES.get(severity, str(severity))


def _plain(change: Change) -> dict[str, int]:
    return {"before": change.before, "after": change.after}


def _event(tried: Tried) -> Mapping[str, Any]:
    told = {
        "id": tried.id,
        "@timestamp": tried.time,
        "source": tried.source,
        "severity": severity_name(tried.severity),
        "before": {"fate": tried.before.fate, "rules": list(tried.before.rule_ids)},
        "after": {"fate": tried.after.fate, "rules": list(tried.after.rule_ids)},
    }
    return told | ({"verdict": dict(tried.verdict)} if tried.verdict else {})
