"""What rules have done, as it stands in stored events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Rules are people's: more ids than this in one store are not theirs.
MAX_RULES = 100_000


@dataclass(slots=True)
class Hits:
    """The stored events that name a rule: how many, how many of them by its action, and the first and last time.

    `action` and `owner` are those of the last one. Times are the events' `@timestamp`.
    """

    matched: int = 0
    effective: int = 0
    first: str = ""
    last: str = ""
    action: str = ""
    owner: str = ""

    def add(self, time: str, action: str, owner: str, *, effective: bool) -> None:
        """Count one more event; they come in the order of time."""
        self.matched += 1
        self.effective += effective
        self.first = self.first or time
        self.last, self.action, self.owner = time, action, owner


def count_hits(events: Iterable[Mapping[str, Any]]) -> tuple[int, dict[str, Hits]]:
    """Return how many events there are, and the hits of each rule that they name, by its id.

    Events that a `drop` rule kept from the store, and flows, are not in it and not counted.
    """
    total, found = 0, dict[str, Hits]()
    for event in events:
        total += 1
        marks = event.get("netad", {}).get("suppression", {})
        named = zip(marks.get("rule_ids", ()), marks.get("actions", ()), marks.get("owner", ()), strict=False)
        for rule_id, action, owner in named:
            if rule_id in found or len(found) < MAX_RULES:
                hits = found.setdefault(rule_id, Hits())
                time = str(event.get("@timestamp", ""))
                hits.add(time, action, owner, effective=action == marks.get("action"))
    return total, found
