"""A whole rule made of one event: what `netad rules add` writes and what a report offers to copy."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from netad.rules.marking import unmark
from netad.rules.narrow import narrow_match, rule_id
from netad.rules.writing import end_of, rules_text

# What a person has to fill in before the rule goes into a file.
WHY, WHOSE, UNTIL = "say why this is no alarm", "your name", "90d"


def suggested_rule(
    event: Mapping[str, Any],
    comment: str,
    owner_and_end: Mapping[str, Any],
    identity: str | None = None,
    ticket: str | None = None,
) -> dict[str, Any]:
    """Return a rule that suppresses events like this one: the same source doing the same, and nothing worse.

    The event stays as it is. `owner_and_end` has `created_by`, and `expires` or `permanent`.

    Raises:
        ValueError: a rule from it would be for too many others; the message is a sentence.
    """
    bare = deepcopy(dict(event))
    unmark(bare)  # the rule meets events as they come, not as rules left them
    match = narrow_match(bare)
    rule = {"id": identity or rule_id(bare), "comment": comment, **owner_and_end}
    return {**rule, **({"ticket": ticket} if ticket else {}), "match": match}


def suggestions(now: datetime) -> Callable[[Mapping[str, Any]], str]:
    """Return what makes of an event the text of a rule file, with owner and reason to fill in; it ends after 90 days.

    Raises:
        ValueError: (when it is called) as `suggested_rule`.
    """
    owner_and_end = {"created_by": WHOSE, **end_of(UNTIL, now)}
    return lambda event: rules_text([suggested_rule(event, WHY, owner_and_end)])
