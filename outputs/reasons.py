"""Why events were not delivered, counted, so that a thousand alike are told once."""

import re
from collections import Counter

TOLD_REASONS = 5
KNOWN_REASONS = 20


class Reasons:
    """Counts reasons, those alike up to a quoted value and but for numbers together; each is told as met first."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    @property
    def total(self) -> int:
        """How many reasons were added."""
        return self._counts.total()

    def add(self, reason: str) -> None:
        """Count a reason once more."""
        alike = re.sub(r"\d+", "…", reason.partition("'")[0])
        if alike not in self._first:
            if len(self._first) >= KNOWN_REASONS:
                alike = reason = "other reasons"
            self._first.setdefault(alike, reason)
        self._counts[alike] += 1

    def told(self) -> list[tuple[str, int]]:
        """Return the commonest reasons with their counts."""
        return [(self._first[alike], count) for alike, count in self._counts.most_common(TOLD_REASONS)]
