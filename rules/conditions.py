"""`match` and `except`: located nodes to checked expressions."""

from dataclasses import dataclass

from netad.core.problems import Problems, did_you_mean, shown
from netad.core.yaml_nodes import Items, Mapping, Node, Refused, Scalar
from netad.rules.fields import KINDS, Field, find_field
from netad.rules.lists import Group, Lists, is_reference, read_group
from netad.rules.rule import AllOf, AnyOf, AppliesTo, Condition, Expression, Modifier, Not
from netad.rules.values import MODIFIERS

_SINGLE = ("exists", "gt", "gte", "lt", "lte")
_BY_NAME: dict[str, Modifier] = {name: name for name in MODIFIERS if name != "exact"}
_CASED = ("exact", "contains", "startswith", "endswith")
_EVERY = ("exact", "cidr", "contains", "startswith", "endswith", "re", "domain")
_FLAGS = ("i", "m", "s")
ADDITIONS = ("all", "only", "cased", "neq", *_FLAGS)
"""What may follow a field besides the modifiers of `MODIFIERS`."""
CONNECTIVES = ("any", "all", "not")
"""Keys of a map of conditions that stand for conditions and not for a field."""


@dataclass(frozen=True, slots=True)
class _Key:
    """What a condition's key asks for."""

    field: Field
    modifier: Modifier
    cased: bool = False
    every: bool = False
    only: bool = False
    negated: bool = False
    flags: str = ""


class MatchReader:
    """Reads the conditions of rules that apply to events, or of those that apply to flows."""

    def __init__(self, lists: Lists, problems: Problems, applies_to: AppliesTo = "events") -> None:
        self._lists, self._problems, self._applies_to = lists, problems, applies_to

    def read(self, node: Node, part: str) -> Expression | None:
        """Return what `part` of a rule (`match`, `except`, ...) says; None, with the problems noted, if it is wrong.

        A map is AND, a list of maps OR; a list of values in a condition is OR. In a map `any` and `all` hold lists of
        maps, and `not` holds what must not be so.
        """
        if isinstance(node, Refused):
            return None
        maps = node.nodes if isinstance(node, Items) else (node,)
        if not maps:
            self._problems.add(node, _empty(part))
            return None
        parts = []
        for each in maps:
            if self._problems.full:
                break
            if not isinstance(each, Mapping):
                self._problems.add(each, f"{part!r} must be a map of conditions or a list of such maps")
            elif not each.entries:
                self._problems.add(each, _empty(part))
            elif expression := self._map(each, part):
                parts.append(expression)
        if len(parts) != len(maps):
            return None
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _map(self, node: Mapping, part: str) -> Expression | None:
        parts: list[Expression] = []
        for key, value in node.entries:
            if self._problems.full:
                break
            connects = key.text in CONNECTIVES
            found = self._connective(key.text, value) if connects else self._condition(key, value)
            if found is not None:
                parts.append(found)
        if len(parts) != len(node.entries):
            return None
        whole = parts[0] if len(parts) == 1 else AllOf(tuple(parts))
        if part == "except" and fits_everything(whole):
            self._problems.add(node, "every event fits this exception, so that the rule would never match")
            return None
        return whole

    def _connective(self, name: str, value: Node) -> Expression | None:
        if name == "not":
            inner = self.read(value, "not")
            return None if inner is None else Not(inner)
        if not isinstance(value, Items):
            self._problems.add(value, f"{name!r} takes a list of maps of conditions")
            return None
        if name == "any":
            return self.read(value, "any")
        parts = [self.read(each, "all") for each in value.nodes]
        found = tuple(part for part in parts if part is not None)
        if not value.nodes:
            self._problems.add(value, _empty("all"))
        return AllOf(found) if found and len(found) == len(value.nodes) else None

    def _condition(self, key: Scalar, value: Node) -> Condition | None:
        asked = self._key(key)
        groups = self._groups(value, asked) if asked else None
        if asked is None or groups is None:
            return None
        values, broad = tuple(group.values for group in groups), [group.broad for group in groups]
        return Condition(
            asked.field,
            asked.modifier,
            values,
            self._problems.at(key),
            asked.cased,
            asked.every,
            asked.only,
            asked.negated,
            broad=all(broad) if asked.every else any(broad),
        )

    def _key(self, key: Scalar) -> _Key | None:
        """Return what a condition's key asks for, `field` or `field|modifier|...`."""
        name, *written = key.text.split("|")
        before = len(self._problems)
        field = None
        try:
            field = find_field(name, self._applies_to)
        except ValueError as error:
            self._problems.add(key, str(error))
        for each in written:
            if each not in _BY_NAME and each not in ADDITIONS:
                self._problems.add(key, _unknown_modifier(each))
        if field is None or len(self._problems) > before:
            return None
        asked = _asked(field, written)
        if isinstance(asked, str):
            self._problems.add(key, asked)
            return None
        return asked

    def _groups(self, node: Node, asked: _Key) -> list[Group] | None:
        """Return the values of a condition: those written in place as one group, each named list as another."""
        nodes = node.nodes if isinstance(node, Items) else (node,)
        if not nodes:
            self._problems.add(node, "the list of values is empty, so that the condition would never match")
            return None
        single = not isinstance(node, Items) and not (isinstance(node, Scalar) and is_reference(node))
        if asked.modifier in _SINGLE and not single:
            self._problems.add(node, f"|{asked.modifier} takes one value, not a list")
            return None
        if asked.every and single:
            self._problems.add(node, "|all takes a list of values")
            return None
        before = len(self._problems)
        written: list[Scalar] = []
        groups: dict[str, Group] = {}
        for each in nodes:
            if not isinstance(each, Scalar):
                if not isinstance(each, Refused):
                    self._problems.add(
                        each, "a condition takes a value or a list of values, not lists in lists or maps"
                    )
            elif not is_reference(each):
                written.append(each)
            elif group := self._lists.group(
                each, asked.field, asked.modifier, self._problems, asked.cased, asked.flags
            ):
                groups[each.text] = group
        if written:
            groups[""] = read_group(
                tuple(written), asked.field, asked.modifier, self._problems, cased=asked.cased, flags=asked.flags
            )
        return list(groups.values()) if groups and len(self._problems) == before else None


def _asked(field: Field, written: list[str]) -> _Key | str:
    """Return what a field with these modifiers asks for, or a sentence on why they do not go together."""
    bases = [_BY_NAME[name] for name in written if name in _BY_NAME]
    modifier: Modifier = bases[0] if bases else "exact"
    flags = "".join(name for name in _FLAGS if name in written)
    if len(bases) > 1:
        return f"|{bases[0]} and |{bases[1]} do not go together"
    if field.kind not in MODIFIERS[modifier]:
        usable = " or ".join(KINDS[kind] for kind in MODIFIERS[modifier])
        return f"|{modifier} is for fields that hold {usable}; {field.name} holds {KINDS[field.kind]}"
    wrong = _out_of_place(field, modifier, written, flags)
    cased = "cased" in written or modifier == "re"
    return wrong or _Key(field, modifier, cased, "all" in written, "only" in written, "neq" in written, flags)


def _out_of_place(field: Field, modifier: Modifier, written: list[str], flags: str) -> str | None:
    """Return a sentence on an addition that the modifier does not take, None when there is none."""
    every, only, negated = ("all" in written, "only" in written, "neq" in written)
    manner = "all" if every else "only" if only else modifier
    cased = "|cased is for text compared as it is, or by |contains, |startswith or |endswith"
    told = {
        "a modifier is given twice": len(set(written)) < len(written),
        f"|{flags[:1]} stands behind |re only": bool(flags) and modifier != "re",
        cased: "cased" in written and (modifier not in _CASED or field.kind != "text"),
        f"|all does not go with |{modifier}, which takes one value": every and modifier not in _EVERY,
        f"|only does not go with |{'all' if every else modifier}": only and (every or modifier == "exists"),
        f"|neq does not go with |{manner}; 'not' turns any condition round": negated and manner != "exact",
    }
    return next((sentence for sentence, wrong in told.items() if wrong), None)


def _empty(part: str) -> str:
    if part == "except":
        return "'except' has no condition: leave it out"
    if part == "match":
        return f"{part!r} has no condition, so that the rule would match every event: say which events it is for"
    return f"{part!r} has no condition"


def _unknown_modifier(name: str) -> str:
    known = [*_BY_NAME, *ADDITIONS]
    if name == "wildcard":
        return "there is no |wildcard: * and ? in a text stand for any characters by themselves"
    return f"unknown modifier {shown(name)}{did_you_mean(name, known)} (there are: {', '.join(known)})"


def fits_everything(expression: Expression, negated: bool = False) -> bool:
    """Tell whether an expression (or, `negated`, its contrary) leaves out no event at all.

    A field that is alike in all events tells none from another, so a condition on it counts as one that leaves out
    none.
    """
    if isinstance(expression, Not):
        return fits_everything(expression.part, not negated)
    if isinstance(expression, Condition):
        return _says_nothing(expression, negated)
    parts = (fits_everything(part, negated) for part in expression.parts)
    return all(parts) if isinstance(expression, AllOf) is not negated else any(parts)


def _says_nothing(condition: Condition, negated: bool) -> bool:
    presence = condition.field.presence
    if presence == "constant":
        return True
    if condition.modifier == "exists":
        return presence == "always" and (condition.groups[0][0] is not negated)
    return condition.broad and presence == "always" and not negated and not condition.negated
