"""Runs the test cases of rule files against the rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from netad.rules.cases import NOTHING, Case
from netad.rules.ruleset import RuleSet


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case came out: nothing in `failures`, or a sentence for each thing that is not as expected."""

    case: Case
    failures: tuple[str, ...]


def run_cases(rules: RuleSet, now: datetime) -> Iterator[Outcome]:
    """Yield the outcome of each case; `now` is the wall clock of the cases that name none."""
    for case in rules.cases:
        moment = now if case.now_ns is None else datetime.fromtimestamp(case.now_ns / 1e9, UTC)
        failures = _flow_failures if case.flow else _event_failures
        yield Outcome(case, tuple(failures(rules, case, moment)))


def _event_failures(rules: RuleSet, case: Case, now: datetime) -> Iterator[str]:
    verdicts = rules.judge(case.events, now).verdicts
    for number, (verdict, wanted) in enumerate(zip(verdicts, case.expect, strict=True), 1):
        got = verdict.action or NOTHING
        matched = [rule.id for rule in verdict.rules]
        which = f"event {number}" if len(verdicts) > 1 else "the event"
        if got != wanted:
            yield f"{which} came to {got}, not {wanted} (rules that match: {', '.join(matched) or 'none'})"
    if case.rules is not None:
        yield from _rules_failure({rule.id for verdict in verdicts for rule in verdict.rules}, case.rules)


def _flow_failures(rules: RuleSet, case: Case, now: datetime) -> Iterator[str]:
    matched = [rule.id for rule in rules.matches_flow(case.events[0], now)]
    got = "drop" if matched else NOTHING
    if got != case.expect[0]:
        yield f"the flow came to {got}, not {case.expect[0]} (rules that match: {', '.join(matched) or 'none'})"
    if case.rules is not None:
        yield from _rules_failure(set(matched), case.rules)


def _rules_failure(matched: set[str], wanted: tuple[str, ...]) -> Iterator[str]:
    if matched != set(wanted):
        got, asked = ", ".join(sorted(matched)) or "none", ", ".join(sorted(wanted)) or "none"
        yield f"rules that match: {got}; expected: {asked}"
