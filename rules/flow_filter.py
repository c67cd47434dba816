"""Rules that apply to flows: which flows are kept out of profiles and of training, counted by rule."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netad.ingest.flows import WHOLE, FlowBatch
from netad.rules.flow_fields import FlowColumns, Mask
from netad.rules.matching import Compiler, Test
from netad.rules.rule import AllOf, Condition, Expression, Not, Rule, Value
from netad.rules.values import folded

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MINUTE_NS = 60_000_000_000


class FlowFilter:
    """Finds the flows that rules keep out of profiles; `hits` counts whole flows by rule, `kept_out` all of them."""

    def __init__(self, rules: Sequence[Rule], observer: str = "", namespace: str = "") -> None:
        self.rules = tuple(rules)
        self.hits: Counter[str] = Counter()
        self.kept_out = 0
        self._constants = {"observer.name": observer, "data_stream.namespace": namespace}
        self._compiler = Compiler()
        self._tests: dict[int, tuple[Condition, Test]] = {}

    def mask(self, batch: FlowBatch) -> Mask:
        """Return which flows rules keep out, shape (n,), and count those of them that are whole flows."""
        out = np.zeros(len(batch), dtype=bool)
        if not self.rules or not len(batch):
            return out
        columns = FlowColumns(batch, self._constants)
        whole = (batch["part"] & WHOLE) != 0 if "part" in batch else np.ones(len(batch), dtype=bool)
        for rule in self.rules:
            found = self._holds(rule.condition, columns, len(batch))
            if rule.schedule is not None and found.any():
                found = found & _in_time(rule, batch, found)
            self.hits[rule.id] += int((found & whole).sum())
            out |= found
        self.kept_out += int((out & whole).sum())
        return out

    def without(self, batch: FlowBatch) -> FlowBatch:
        """Return the flows that stay; the batch itself when all of them do."""
        out = self.mask(batch)
        return batch.select(~out) if out.any() else batch

    def told(self) -> str:
        """Return what was kept out so far, in a sentence without a full stop."""
        flows = "1 flow" if self.kept_out == 1 else f"{self.kept_out:,} flows"
        by_rule = ", ".join(f"{rule} {count:,}" for rule, count in sorted(self.hits.items()) if count)
        return f"{flows} kept out of profiles by rules{f' ({by_rule})' if by_rule else ''}"

    def _holds(self, expression: Expression, columns: FlowColumns, count: int) -> Mask:
        if isinstance(expression, Not):
            return ~self._holds(expression.part, columns, count)
        if isinstance(expression, Condition):
            return self._condition(expression, columns)
        both = isinstance(expression, AllOf)
        found = np.full(count, both)
        for part in expression.parts:
            each = self._holds(part, columns, count)
            found = found & each if both else found | each
        return found

    def _condition(self, condition: Condition, columns: FlowColumns) -> Mask:
        """Return where a condition holds: it is asked once for each distinct value of its field."""
        if id(condition) not in self._tests:  # the condition is held beside its test, so that its id stays taken
            self._tests[id(condition)] = (condition, self._compiler.test(condition))
        test = self._tests[id(condition)][1]
        fold = condition.field.kind == "text" and not condition.cased
        missing = test(())
        answers = []
        for path in condition.field.paths:
            values, places = columns.distinct(path)
            answers.append(np.array([*(test(_form(value, fold)) for value in values), missing], dtype=bool)[places])
        # `either.ip` is two fields: to be missing, or to differ from all values, is asked of both ends.
        together = np.logical_and if missing or condition.negated else np.logical_or
        found: Mask = together.reduce(answers)
        return found


def _form(value: Value, fold: bool) -> tuple[Value, ...]:
    return (folded(value) if fold and isinstance(value, str) else value,)


def _in_time(rule: Rule, batch: FlowBatch, found: Mask) -> Mask:
    """Return which of the found flows lie whole within the rule's schedule; each pair of minutes is asked once."""
    rows = np.flatnonzero(found)
    minutes = np.stack([batch["first_ns"][rows] // _MINUTE_NS, -(-batch["last_ns"][rows] // _MINUTE_NS)], axis=1)
    spans, places = np.unique(minutes, axis=0, return_inverse=True)
    holds: NDArray[np.bool_] = np.array(
        [
            rule.schedule is not None and rule.schedule.holds(first * _MINUTE_NS, last * _MINUTE_NS)
            for first, last in spans.tolist()
        ],
        dtype=bool,
    )
    inside = np.zeros(len(batch), dtype=bool)
    inside[rows] = holds[places.reshape(-1)]
    return inside
