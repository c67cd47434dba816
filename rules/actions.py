"""What a rule does with the events it matches: the blocks `lower`, `tag`, `limit` and `inhibit` of a rule."""

from netad.core.errors import ConfigError
from netad.core.problems import Problems, did_you_mean, shown
from netad.core.timing import parse_duration
from netad.core.yaml_nodes import Items, Node, Refused, Scalar
from netad.rules.conditions import MatchReader
from netad.rules.entries import map_entries, read_number, read_texts
from netad.rules.fields import Field, find_field
from netad.rules.rule import ACTIONS, Action, Inhibit, Limit, Lower

SEVERITIES = {"low": 21, "medium": 47, "high": 73, "critical": 99}
LOWER_KEYS = ("severity", "severity_by", "score_by")
LIMIT_KEYS = ("group_by", "count", "per")
INHIBIT_KEYS = ("by", "equal", "within")
BLOCKS: dict[str, str] = {
    "lower": "{severity_by: 1}",
    "tag": "[known-scanner]",
    "limit": "{group_by: source.ip, count: 1, per: 1h}",
    "inhibit": "{by: {netad.behaviours: scan}}",
}
"""The actions that say more than their name, each in a key of that name, with an example."""


def read_action(entries: dict[str, Node], problems: Problems) -> Action | None:
    """Return the rule's action: as `action` says it, else as the block that is there, else `suppress`."""
    blocks = [name for name in entries if name in BLOCKS]
    node = entries.get("action")
    if node is None:
        for extra in blocks[1:]:
            problems.add(entries[extra], f"a rule has one action; {blocks[0]!r} is given too")
        return _known(blocks[0]) if blocks else "suppress"
    text = node.text if isinstance(node, Scalar) else ""
    action = _known(text)
    if action is None:
        if not isinstance(node, Refused):
            problems.add(
                node, f"unknown action {shown(text)}{did_you_mean(text, ACTIONS)}; there are: {_all_actions()}"
            )
        return None
    for name in blocks:
        if name != action:
            problems.add(entries[name], f"{name!r} says more about the action {name!r}, but the action is {action!r}")
    if action in BLOCKS and action not in entries:
        problems.add(node, f"the action {action!r} needs {action!r}, such as {action}: {BLOCKS[action]}")
        return None
    return action


def _known(text: str) -> Action | None:
    return next((action for action in ACTIONS if action == text), None)


def _all_actions() -> str:
    return ", ".join(ACTIONS)


def read_lower(node: Node, problems: Problems) -> Lower | None:
    """Return by how much events are made less; None, with the problems noted, when it does not hold."""
    entries = map_entries(node, LOWER_KEYS, BLOCKS["lower"], problems)
    if entries is None:
        return None
    before = len(problems)
    severity = None
    if "severity" in entries:
        place = entries["severity"]
        text = place.text if isinstance(place, Scalar) else ""
        severity = SEVERITIES.get(text)
        if severity is None or text == "critical":
            problems.add(place, "'severity' is the most that it may be afterwards: low, medium or high")
    steps = read_number("severity_by", entries["severity_by"], 1, 3, problems, whole=True) \
        if "severity_by" in entries else 0  # fmt: skip
    points = read_number("score_by", entries["score_by"], 0.01, 100, problems) if "score_by" in entries else 0
    return Lower(int(steps or 0), float(points or 0), severity) if len(problems) == before else None


def read_tags(node: Node, problems: Problems) -> tuple[str, ...]:
    """Return the tags that are added."""
    return read_texts("tag", node, problems) or ()


def read_limit(node: Node, problems: Problems) -> Limit | None:
    """Return how many events of a group pass in each period."""
    entries = map_entries(node, LIMIT_KEYS, BLOCKS["limit"], problems)
    if entries is None:
        return None
    before = len(problems)
    for name in ("group_by", "per"):
        if name not in entries:
            problems.add(node, f"'limit' needs {name!r}, such as {BLOCKS['limit']}")
    fields = _fields("group_by", entries["group_by"], problems) if "group_by" in entries else ()
    count = read_number("count", entries["count"], 0, 1_000_000, problems, whole=True) if "count" in entries else 1
    per_ns = _duration("per", entries["per"], problems) if "per" in entries else 0
    return Limit(fields, int(count or 0), per_ns) if len(problems) == before else None


def read_inhibit(node: Node, reader: MatchReader, problems: Problems) -> Inhibit | None:
    """Return which stronger events suppress those that the rule matches."""
    entries = map_entries(node, INHIBIT_KEYS, BLOCKS["inhibit"], problems)
    if entries is None:
        return None
    before = len(problems)
    if "by" not in entries:
        problems.add(node, "'inhibit' needs 'by', the conditions of the stronger event")
        return None
    by = None if _anything(entries["by"]) else reader.read(entries["by"], "by")
    equal = _fields("equal", entries["equal"], problems) if "equal" in entries else (find_field("source.ip"),)
    within = _duration("within", entries["within"], problems) if "within" in entries else 0
    return Inhibit(by, equal, within) if len(problems) == before else None


def _anything(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text == "any"


def _fields(name: str, node: Node, problems: Problems) -> tuple[Field, ...]:
    nodes = node.nodes if isinstance(node, Items) else (node,)
    if not nodes:
        problems.add(node, f"{name!r} is an empty list")
    fields = []
    for each in nodes:
        try:
            fields.append(find_field(each.text if isinstance(each, Scalar) else ""))
        except ValueError as error:
            problems.add(each, str(error))
    return tuple(dict.fromkeys(fields))


def _duration(name: str, node: Node, problems: Problems) -> int:
    try:
        return parse_duration(node.text if isinstance(node, Scalar) else "")
    except ConfigError as error:
        problems.add(node, f"{name!r}: {error.message}")
        return 0
