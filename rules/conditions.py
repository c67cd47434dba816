"""`match` and `except`: located nodes to checked conditions."""

from netad.core.problems import Problems, did_you_mean, shown
from netad.core.yaml_nodes import Items, Mapping, Node, Refused, Scalar
from netad.rules.fields import KINDS, Field, find_field
from netad.rules.lists import Group, Lists, is_reference, read_group
from netad.rules.rule import Condition, Match, Modifier
from netad.rules.values import MODIFIERS

_SINGLE = ("exists", "gt", "gte", "lt", "lte")
_BY_NAME: dict[str, Modifier] = {name: name for name in MODIFIERS if name != "exact"}
_LATER = ("all", "domain", "re")


def read_match(node: Node, part: str, lists: Lists, problems: Problems) -> Match | None:
    """Return what a rule's `match` or `except` (`part`) says; None, with the problems noted, when it does not hold.

    A map is AND, a list of maps OR; a list of values in a condition is OR.
    """
    maps = node.nodes if isinstance(node, Items) else (node,)
    if not maps:
        problems.add(node, _empty(part))
        return None
    alternatives = []
    for each in maps:
        if problems.full:
            break
        if not isinstance(each, Mapping):
            problems.add(each, f"{part!r} must be a map of conditions or a list of such maps")
        elif not each.entries:
            problems.add(each, _empty(part))
        elif conditions := _alternative(each, part, lists, problems):
            alternatives.append(conditions)
    return Match(tuple(alternatives)) if len(alternatives) == len(maps) else None


def _empty(part: str) -> str:
    if part == "except":
        return "'except' has no condition: leave it out"
    return f"{part!r} has no condition, so that the rule would match every event: say which events it is for"


def _alternative(node: Mapping, part: str, lists: Lists, problems: Problems) -> tuple[Condition, ...] | None:
    """Return the conditions of one map, or None when one of them does not hold or none of them narrows anything."""
    conditions, narrow = [], False
    for key, value in node.entries:
        if problems.full:
            break
        target = _target(key, problems)
        groups = _groups(value, *target, lists, problems) if target else None
        if target and groups:
            conditions.append(Condition(*target, tuple(group.values for group in groups), problems.at(key)))
            narrow |= _narrows(target[0], groups)
    if len(conditions) != len(node.entries):
        return None
    if not narrow:
        told = "every event fits this exception, so that the rule would never match"
        if part == "match":
            told = "every event would match: name a value that tells the events meant from the others"
        problems.add(node, told)
        return None
    return tuple(conditions)


def _narrows(field: Field, groups: list[Group]) -> bool:
    """Tell whether a condition leaves some events out (where a field is alike in all events, it is all or none)."""
    if field.presence == "constant":
        return False
    return field.presence == "sometimes" or not any(group.broad for group in groups)


def _target(key: Scalar, problems: Problems) -> tuple[Field, Modifier] | None:
    """Return what a condition's key asks for, `field` or `field|modifier`."""
    name, *modifiers = key.text.split("|")
    try:
        field = find_field(name)
    except ValueError as error:
        problems.add(key, str(error))
        field = None
    modifier: Modifier | None = "exact"
    if len(modifiers) > 1:
        problems.add(key, f"a field takes one modifier in this version, {shown(key.text)} has {len(modifiers)}")
        return None
    if modifiers:
        modifier = _BY_NAME.get(modifiers[0])
    if modifier is None:
        problems.add(key, _unknown_modifier(modifiers[0]))
    if field is None or modifier is None:
        return None
    if field.kind not in MODIFIERS[modifier]:
        usable = " or ".join(KINDS[kind] for kind in MODIFIERS[modifier])
        problems.add(key, f"|{modifier} is for fields that hold {usable}; {field.name} holds {KINDS[field.kind]}")
        return None
    return field, modifier


def _unknown_modifier(name: str) -> str:
    known = ", ".join(_BY_NAME)
    if name in _LATER:
        return f"the modifier {name!r} is not supported by this version; there are: {known}"
    return f"unknown modifier {shown(name)}{did_you_mean(name, _BY_NAME)} (there are: {known})"


def _groups(node: Node, field: Field, modifier: Modifier, lists: Lists, problems: Problems) -> list[Group] | None:
    """Return the values of a condition: those written in place as one group, each named list as another."""
    nodes = node.nodes if isinstance(node, Items) else (node,)
    if not nodes:
        problems.add(node, "the list of values is empty, so that the condition would never match")
        return None
    if modifier in _SINGLE and (isinstance(node, Items) or (isinstance(node, Scalar) and is_reference(node))):
        problems.add(node, f"|{modifier} takes one value, not a list")
        return None
    written: list[Scalar] = []
    groups: dict[str, Group] = {}
    for each in nodes:
        if not isinstance(each, Scalar):
            if not isinstance(each, Refused):
                problems.add(each, "a condition takes a value or a list of values, not lists in lists or maps")
        elif not is_reference(each):
            written.append(each)
        elif group := lists.group(each, field, modifier, problems):
            groups[each.text] = group
    if written:
        groups[""] = read_group(tuple(written), field, modifier, problems)
    return list(groups.values())
