"""Named lists of values, `lists:` in any rule file, `$name` in all of them."""

import re
from dataclasses import dataclass, field

from netad.core.errors import Location
from netad.core.problems import Problems, did_you_mean, shown
from netad.core.yaml_nodes import Items, Mapping, Node, Refused, Scalar
from netad.rules.fields import Field
from netad.rules.rule import Modifier, Value
from netad.rules.values import fits_every_value, rule_value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class Group:
    """Values that are compared together. `broad`: one of them fits whatever value the field has."""

    values: tuple[Value, ...]
    broad: bool


@dataclass(slots=True)
class _NamedList:
    nodes: tuple[Scalar, ...]
    where: Location
    problems: Problems
    # By what the values are read for: a list that many rules use is read, and held in memory, once for each.
    groups: dict[tuple[str, str, Modifier], Group] = field(default_factory=dict)


class Lists:
    """All named lists of a rule set. Every list is known to every file, so each name may be given only once."""

    def __init__(self) -> None:
        self._lists: dict[str, _NamedList] = {}

    def declare(self, node: Node, problems: Problems) -> None:
        """Take in the `lists` of one file."""
        if not isinstance(node, Mapping):
            problems.add(node, "'lists' must be a map from names to lists of values")
            return
        for key, value in node.entries:
            if not _NAME.fullmatch(key.text):
                said = "a list's name is made of letters, digits, '_' and '-', and starts with a letter"
                problems.add(key, f"{said}; {shown(key.text)} does not")
            elif key.text in self._lists:
                problems.add(key, f"the list {shown(key.text)} is already given at {self._lists[key.text].where}")
            else:
                self._lists[key.text] = _NamedList(_list_nodes(value, problems), problems.at(key), problems)

    def group(self, node: Scalar, field: Field, modifier: Modifier, problems: Problems) -> Group | None:
        """Return the values that a reference (`$name`) stands for; None, with a problem noted, when there are none."""
        name = node.text[1:]
        named = self._lists.get(name)
        if named is None:
            hint = did_you_mean(name, self._lists)
            problems.add(node, f"there is no list {shown(name)}{hint} (a text that starts with $ is written with $$)")
            return None
        # Open names (labels.a, labels.b) are read alike but told apart by their presence only.
        key = (field.kind, field.presence, modifier)
        if key not in named.groups:
            used = f" (for its use at {problems.at(node)})"
            named.groups[key] = read_group(named.nodes, field, modifier, named.problems, used)
        return named.groups[key]

    def unused(self) -> list[str]:
        """Return a warning for each list that no rule names."""
        idle = ((named.where, name) for name, named in self._lists.items() if not named.groups)
        return [f"{where}: no rule uses the list {shown(name)}" for where, name in idle]


def is_reference(node: Scalar) -> bool:
    """Tell whether the value stands for a named list."""
    return node.text.startswith("$") and not node.text.startswith("$$")


def read_group(
    nodes: tuple[Scalar, ...], field: Field, modifier: Modifier, problems: Problems, suffix: str = ""
) -> Group:
    """Return the values of the nodes for a field, each once, noting the problems of those it cannot hold."""
    values: dict[tuple[type, Value], Value] = {}
    for node in nodes:
        try:
            value = rule_value(field, modifier, _unescaped(node))
        except ValueError as error:
            problems.add(node, f"{error}{suffix}")
        else:
            values[type(value), value] = value
    found = tuple(values.values())
    return Group(found, any(fits_every_value(field, modifier, value) for value in found))


def _unescaped(node: Scalar) -> Scalar:
    return Scalar(node.line, node.column, node.text[1:], node.plain) if node.text.startswith("$$") else node


def _list_nodes(value: Node, problems: Problems) -> tuple[Scalar, ...]:
    if isinstance(value, Mapping):
        problems.add(value, "a list must be given in place, lists from files are not supported by this version")
        return ()
    if not isinstance(value, Items):
        problems.add(value, "a list must be a YAML list of values, such as [10.0.0.1, 10.0.0.2]")
        return ()
    if not value.nodes:
        problems.add(value, "the list is empty, so that no condition with it would ever match")
    nodes = []
    for node in value.nodes:
        if isinstance(node, Scalar) and not is_reference(node):
            nodes.append(node)
        elif isinstance(node, Scalar):
            problems.add(node, "lists within lists are not supported by this version")
        elif not isinstance(node, Refused):
            problems.add(node, "a list holds single values, not lists or maps")
    return tuple(nodes)
