"""What is worth a second look in rules that load: over or nearly over, of no effect, in each other's way."""

from collections.abc import Iterator, Sequence

from netad.core.timing import iso
from netad.rules.implication import example, implies
from netad.rules.index import RuleIndex
from netad.rules.rule import DAY_NS, Rule
from netad.rules.view import EventView

SOON_NS = 14 * DAY_NS
# The most rules that are named as overlapping with one rule.
_NAMED = 3


def lint(rules: Sequence[Rule], now_ns: int) -> list[str]:
    """Return a warning for each thing to look at, `FILE:LINE:COLUMN: sentence`; `rules` in the order of strength."""
    warnings = [f"{rule.where}: {sentence}" for rule in rules if (sentence := _end(rule, now_ns))]
    for applies_to in ("events", "flows"):
        living = [rule for rule in rules if rule.applies_to == applies_to and rule.state(now_ns) != "expired"]
        warnings += _meetings(living)
    return warnings


def _end(rule: Rule, now_ns: int) -> str | None:
    if rule.expires_ns is None:
        return None
    if rule.state(now_ns) == "expired":
        return rule.end_told
    left = rule.expires_ns - now_ns
    if left > SOON_NS:
        return None
    days = left // DAY_NS
    told = "within a day" if days < 1 else "in 1 day" if days == 1 else f"in {days} days"
    return f"rule {rule.id!r} of {rule.created_by} expires {told}, at {iso(rule.expires_ns)}"


def _meetings(rules: Sequence[Rule]) -> Iterator[str]:
    """Yield which rules other rules leave nothing to do, and which treat some events together.

    Each rule is given an event that fits it, and the index tells who else it fits: rules are not compared pair by pair.
    """
    index = RuleIndex([rule.condition for rule in rules])
    met: set[tuple[int, int]] = set()
    for number, rule in enumerate(rules):
        event = example(rule.condition)
        found = index.matching(EventView(event)) if event is not None else []
        if number not in found:
            continue
        others = [each for each in found if each != number and _meet(rules[each], rule)]
        shadow = next((each for each in others if each < number and shadows(rules[each], rule)), None)
        if shadow is not None:
            other = rules[shadow]
            told = f"{other.id!r} ({other.action}) at {other.where} is for all of its events"
            yield f"{rule.where}: rule {rule.id!r} does nothing: {told}"
            met.update((number, each) for each in others)
            continue
        new = [each for each in others if (number, each) not in met and (each, number) not in met]
        met.update((number, each) for each in new)
        if named := [each for each in new if not (each > number and shadows(rule, rules[each]))]:
            yield _overlap(rule, [rules[each] for each in named])


def _overlap(rule: Rule, others: Sequence[Rule]) -> str:
    names = ", ".join(f"{other.id!r} ({other.action}) at {other.where}" for other in others[:_NAMED])
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return f"{rule.where}: rule {rule.id!r} ({rule.action}) overlaps {names}{more}: some events fit both"


def _meet(one: Rule, other: Rule) -> bool:
    """Tell whether there is a time at which both are in force."""
    starts = max(one.starts_ns or 0, other.starts_ns or 0)
    return starts < min(one.expires_ns or starts + 1, other.expires_ns or starts + 1)


def shadows(strong: Rule, weak: Rule) -> bool:
    """Tell whether a rule leaves another nothing to do: all its events are treated already, for as long as it lives."""
    if strong.action == "suppress" and weak.action in ("drop", "tag"):
        return False
    if strong.action not in ("drop", "suppress"):
        same = (strong.action, strong.lower, strong.limit, strong.inhibit, strong.tags)
        if strong.action in ("limit", "inhibit") or same != (
            weak.action,
            weak.lower,
            weak.limit,
            weak.inhibit,
            weak.tags,
        ):
            return False
    lives = (strong.starts_ns or 0) <= (weak.starts_ns or 0) and (
        strong.expires_ns is None or (weak.expires_ns is not None and weak.expires_ns <= strong.expires_ns)
    )
    timed = strong.schedule is None or strong.schedule == weak.schedule
    return lives and timed and implies(weak.condition, strong.condition)
