"""What is worth a second look in rules beside the events that are there: of no use, or for too many."""

from collections.abc import Iterable, Sequence
from typing import Any

from netad.rules.index import RuleIndex
from netad.rules.judging import in_time
from netad.rules.marking import unmark
from netad.rules.rule import Rule
from netad.rules.view import EventView

# A share of fewer events says nothing.
FEWEST = 10


def lint_stored(
    rules: Sequence[Rule], events: Iterable[dict[str, Any]], now_ns: int, days: int, broad: float
) -> tuple[list[str], int]:
    """Return a warning for each rule that fits no event or more than the share `broad` of all, and how many there are.

    `events` are those of the last `days` days. They are asked by conditions and schedules alone, as if all rules that
    are not over had been in force when they came. A rule that drops is not expected to fit any, since what it drops is
    not kept; one that only tags may fit many. The marks of earlier runs are taken out of the events.
    """
    living = [rule for rule in rules if rule.applies_to == "events" and rule.state(now_ns) != "expired"]
    index, hits, total = RuleIndex([rule.condition for rule in living]), [0] * len(living), 0
    for event in events:
        total += 1
        unmark(event)
        view = EventView(event)
        for number in index.matching(view):
            hits[number] += in_time(living[number], view)
    span = f"{total:,} {'event' if total == 1 else 'events'} of the last {days:,} {'day' if days == 1 else 'days'}"
    warnings = []
    for rule, count in zip(living, hits, strict=True):
        if total and not count and rule.action != "drop":
            warnings.append(f"{rule.where}: rule {rule.id!r} fits none of the {span}")
        if count >= FEWEST and count > broad * total and rule.action != "tag":
            share = f"{count / total * 100:.0f} %, more than {broad * 100:g} %"
            warnings.append(
                f"{rule.where}: rule {rule.id!r} ({rule.action}) is broad: it fits {count:,} of the {span} ({share})"
            )
    return warnings, total
