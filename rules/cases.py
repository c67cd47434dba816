"""Test cases of rules, `tests:` in any rule file: an event or a flow, and what the rules must do with it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netad.core.errors import Location
from netad.core.problems import Problems, did_you_mean, shown
from netad.core.yaml_nodes import Items, Mapping, Node, Refused, Scalar
from netad.rules.entries import known_entries, read_moment, read_text, read_texts
from netad.rules.rule import ACTIONS
from netad.rules.scalars import read_scalar

if TYPE_CHECKING:
    from collections.abc import Sequence

CASE_KEYS = ("name", "now", "event", "events", "flow", "expect", "rules")
NOTHING = "none"
EXPECTED = (*ACTIONS, NOTHING)
MAX_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class Case:
    """Events that are judged together, what each must come to, and which rules must match (None: whichever do).

    `now_ns` is the wall clock of the case, None for that of the test run. `flow`: the one event is a flow.
    """

    name: str
    events: tuple[dict[str, Any], ...]
    expect: tuple[str, ...]
    where: Location
    rules: tuple[str, ...] | None = None
    now_ns: int | None = None
    flow: bool = False


def read_cases(node: Node, problems: Problems) -> list[Case]:
    """Return the cases of one file; those with problems are left out."""
    if not isinstance(node, Items):
        problems.add(node, "'tests' must be a list of cases")
        return []
    cases = (_case(each, problems) for each in node.nodes)
    return [case for case in cases if case is not None]


def _case(node: Node, problems: Problems) -> Case | None:
    if not isinstance(node, Mapping):
        problems.add(node, "a case is a map with name, event (or events, or flow) and expect")
        return None
    before = len(problems)
    entries = known_entries(node, CASE_KEYS, problems)
    name = read_text("name", entries["name"], problems) if "name" in entries else None
    if "name" not in entries:
        problems.add(node, "this case has no 'name'")
    events = _events(node, entries, problems)
    expect = _expect(node, entries, problems)
    rules: tuple[str, ...] | None = None
    if "rules" in entries:
        place = entries["rules"]
        empty = isinstance(place, Items) and not place.nodes
        rules = () if empty else read_texts("rules", place, problems)
    now_ns = read_moment(entries["now"], problems) if "now" in entries else None
    if len(events) > 1 and len(expect) == 1:
        expect = expect * len(events)
    if len(problems) == before and len(expect) != len(events):
        problems.add(entries["expect"], f"there are {len(events)} events, and {len(expect)} expectations")
    if len(problems) > before:
        return None
    return Case(name or "", events, expect, problems.at(node), rules, now_ns, "flow" in entries)


def _events(node: Mapping, entries: dict[str, Node], problems: Problems) -> tuple[dict[str, Any], ...]:
    given = [name for name in ("event", "events", "flow") if name in entries]
    if len(given) != 1:
        problems.add(node, "a case has one of 'event', 'events' and 'flow'")
        return ()
    place = entries[given[0]]
    nodes: Sequence[Node] = place.nodes if given == ["events"] and isinstance(place, Items) else (place,)
    if not 0 < len(nodes) <= MAX_EVENTS:
        problems.add(place, f"a case has 1 to {MAX_EVENTS} events")
        return ()
    events = []
    for each in nodes:
        value = _plain(each, problems)
        if isinstance(value, dict):
            events.append(value)
        elif not isinstance(each, Refused):
            problems.add(each, "an event is a map of fields, nested or with dots in their names")
    return tuple(events)


def _expect(node: Mapping, entries: dict[str, Node], problems: Problems) -> tuple[str, ...]:
    if "expect" not in entries:
        problems.add(node, f"this case has no 'expect': one of {', '.join(EXPECTED)}")
        return ()
    place = entries["expect"]
    nodes: Sequence[Node] = place.nodes if isinstance(place, Items) else (place,)
    for each in nodes:
        text = each.text if isinstance(each, Scalar) else ""
        if text not in EXPECTED:
            told = f"{shown(text)} is no outcome{did_you_mean(text, EXPECTED)} (there are: {', '.join(EXPECTED)})"
            problems.add(each, told)
    return tuple(each.text for each in nodes if isinstance(each, Scalar))


def _plain(node: Node, problems: Problems) -> Any:  # noqa: ANN401 - what JSON holds
    if isinstance(node, Mapping):
        return {key.text: _plain(value, problems) for key, value in node.entries}
    if isinstance(node, Items):
        return [_plain(each, problems) for each in node.nodes]
    if isinstance(node, Scalar):
        try:
            return read_scalar(node)
        except ValueError as error:
            problems.add(node, str(error))
    return None
