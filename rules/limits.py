"""`limit`: the first events of a group in each period pass, and which ones these were is remembered."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from netad.core.identity import content_id
from netad.rules.rule import Rule
from netad.rules.view import EventView

# Passed events that are remembered; past that those of the oldest periods are forgotten.
MAX_PASSED = 500_000
_VERSION = 1


class LimitState:
    """Which events the limits let pass: kept from run to run, a run over the same traffic decides the same.

    One that is used for a single run needs no keeping. `to_json` and `from_json` carry it to where it is kept
    (`netad.rules.limit_memory`).
    """

    def __init__(self, passed: Mapping[str, Sequence[str]] | None = None) -> None:
        self.passed: dict[str, list[str]] = {key: list(ids) for key, ids in (passed or {}).items()}

    def to_json(self) -> str:
        """Return the state as JSON."""
        return json.dumps({"version": _VERSION, "passed": self.passed}, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "LimitState":
        """Return a state that `to_json` wrote.

        Raises:
            ValueError: it is none; the message is a sentence.
        """
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError("the state of limits is not JSON") from error
        passed = content.get("passed") if isinstance(content, dict) and content.get("version") == _VERSION else None
        if not isinstance(passed, dict) or not all(_is_texts(ids) for ids in passed.values()):
            raise ValueError("this is no state of limits that this netad wrote")
        return cls(passed)

    def forget_oldest(self) -> None:
        """Forget the groups of the oldest periods when too much has passed; keys begin with their period's start."""
        excess = sum(map(len, self.passed.values())) - MAX_PASSED
        for key in sorted(self.passed):
            if excess <= 0:
                return
            excess -= len(self.passed.pop(key))


def _is_texts(ids: Any) -> bool:  # noqa: ANN401 - whatever the JSON held
    return isinstance(ids, list) and all(isinstance(each, str) for each in ids)


class Limits:
    """The events of one run that limits are about, counted when all of them are known."""

    def __init__(self, state: LimitState) -> None:
        self._state = state
        self._noted: dict[str, list[tuple[int, str, int]]] = {}
        self._rules: dict[str, Rule] = {}

    def note(self, number: int, rule: Rule, view: EventView) -> None:
        """Take in an event that a rule limits; without a time or a field of the group it is not limited."""
        limit, time_ns, identity = rule.limit, view.time_ns, view.identity or f"#{number}"
        if limit is None or time_ns is None:
            return
        group = [view.values(field) for field in limit.group_by]
        if not all(group):
            return
        group += view.origin  # sensors count apart, also where the events of several are judged together
        period = time_ns // limit.per_ns * limit.per_ns
        # A content id starts with its time, so keys sort by period.
        parts = (str(value) for values in group for value in (*sorted(values, key=str), "\x1e"))
        key = content_id(period, "limit", rule.id, limit.per_ns, *parts)
        self._noted.setdefault(key, []).append((time_ns, identity, number))
        self._rules[key] = rule

    def decide(self) -> set[tuple[int, str]]:
        """Return (event, rule id) of the events that come after those that pass, in the order of time, then id.

        What passed in an earlier run passes again, and counts.
        """
        over: set[tuple[int, str]] = set()
        for key, events in self._noted.items():
            rule = self._rules[key]
            count = rule.limit.count if rule.limit is not None else 0
            passed = self._state.passed.get(key, [])
            known = set(passed)
            for _, identity, number in sorted(events):
                if identity in known:
                    continue
                if len(known) < count:
                    known.add(identity)
                    passed.append(identity)
                else:
                    over.add((number, rule.id))
            if passed:
                self._state.passed[key] = passed
        self._state.forget_oldest()
        return over
