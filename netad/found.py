"""What a run has found so far, in numbers, as its closing lines and its own event tell it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netad.detectors.anomaly import Severity
from netad.outputs.base import Event

if TYPE_CHECKING:
    from netad.rules.judging import Verdicts


@dataclass
class Found:
    """Counts of anomalies that ship, by severity, and of what rules hid or dropped of them, by rule."""

    anomalies: int = 0
    suppressed: int = 0
    dropped: int = 0
    severities: Counter[str] = field(default_factory=Counter)
    suppressed_by_rule: Counter[str] = field(default_factory=Counter)
    dropped_by_rule: Counter[str] = field(default_factory=Counter)

    def add(self, shipped: Iterable[Event], verdicts: "Verdicts | None") -> None:
        """Count the events that ship, and the verdicts on them and on those that do not."""
        for event in shipped:
            self.anomalies += 1
            self.severities[Severity(event["event"]["severity"]).name.lower()] += 1
        if verdicts is None:
            return
        self.suppressed += verdicts.suppressed
        self.dropped += verdicts.dropped
        self.suppressed_by_rule.update(verdicts.hiding)
        for verdict in verdicts.verdicts:
            if verdict.dropped:
                self.dropped_by_rule.update(rule.id for rule in verdict.rules if rule.action == verdict.action)
