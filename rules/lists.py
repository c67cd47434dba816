"""Named lists of values, `lists:` in any rule file, `$name` in all of them."""

import re
from dataclasses import dataclass, field

from netad.core.errors import Location
from netad.core.problems import Problems, did_you_mean, shown
from netad.core.yaml_nodes import Items, Mapping, Node, Refused, Scalar
from netad.rules.fields import Field
from netad.rules.list_files import read_list_file
from netad.rules.networks import Network, hold_everything
from netad.rules.rule import Modifier, Value
from netad.rules.values import fits_every_value, rule_value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
# The most values that all lists may hold together, nested ones counted where they are used.
MAX_VALUES = 2_000_000


@dataclass(frozen=True, slots=True)
class Group:
    """Values that are compared together. `broad`: they fit whatever value the field has."""

    values: tuple[Value, ...]
    broad: bool


@dataclass(slots=True)
class _NamedList:
    """A list as it was declared: `parts` are runs of values with the file they stand in, and references to lists."""

    where: Location
    problems: Problems
    parts: list["_Values | Scalar"]
    # By what the values are read for: a list that many rules use is read, and held in memory, once for each.
    groups: dict[tuple[str, str, Modifier, bool, str], Group] = field(default_factory=dict)
    used: bool = False


@dataclass(frozen=True, slots=True)
class _Values:
    nodes: tuple[Scalar, ...]
    problems: Problems
    from_file: bool = False


class Lists:
    """All named lists of a rule set. Every list is known to every file, so each name may be given only once.

    `file_problems` are those of the text and CSV files that lists are read from.
    """

    def __init__(self) -> None:
        self._lists: dict[str, _NamedList] = {}
        self.file_problems: list[Problems] = []

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
                parts = self._parts(value, problems)
                self._lists[key.text] = _NamedList(problems.at(key), problems, parts)

    def check(self) -> None:
        """Note lists that hold themselves and references to no list; to be called once all are declared."""
        done: set[str] = set()
        for name in self._lists:
            self._check(name, [], done)

    def group(
        self,
        node: Scalar,
        field: Field,
        modifier: Modifier,
        problems: Problems,
        cased: bool = False,
        flags: str = "",
    ) -> Group | None:
        """Return the values that a reference (`$name`) stands for; None, with a problem noted, when there are none."""
        named = self._named(node, problems)
        if named is None:
            return None
        # Open names (labels.a, labels.b) are read alike but told apart by their presence only.
        key = (field.kind, field.presence, modifier, cased, flags)
        if key not in named.groups:
            used = f" (for its use at {problems.at(node)})"
            values: dict[tuple[type, Value], Value] = {}
            for run in self._runs(node.text[1:], ()):
                group = read_group(
                    run.nodes, field, modifier, run.problems, used, cased, flags, from_file=run.from_file
                )
                values.update(((type(value), value), value) for value in group.values)
                if len(values) > MAX_VALUES:
                    problems.add(node, f"the list holds more than {MAX_VALUES:,} values")
                    break
            found = tuple(values.values())
            named.groups[key] = Group(found, _broad(found, field, modifier))
        return named.groups[key]

    def unused(self) -> list[str]:
        """Return a warning for each list that no rule names."""
        idle = ((named.where, name) for name, named in self._lists.items() if not named.used)
        return [f"{where}: no rule uses the list {shown(name)}" for where, name in idle]

    def _named(self, node: Scalar, problems: Problems) -> _NamedList | None:
        name = node.text[1:]
        named = self._lists.get(name)
        if named is None:
            hint = did_you_mean(name, self._lists)
            problems.add(node, f"there is no list {shown(name)}{hint} (a text that starts with $ is written with $$)")
        return named

    def _check(self, name: str, path: list[str], done: set[str]) -> None:
        if name in done:
            return
        named = self._lists[name]
        for part in list(named.parts):
            if not isinstance(part, Scalar):
                continue
            inner = part.text[1:]
            if inner in (*path, name):
                named.problems.add(part, f"the list {shown(inner)} holds itself")
                named.parts.remove(part)
            elif self._named(part, named.problems) is None:
                named.parts.remove(part)
            else:
                self._check(inner, [*path, name], done)
        done.add(name)

    def _runs(self, name: str, path: tuple[str, ...]) -> list[_Values]:
        named = self._lists[name]
        named.used = True
        runs: list[_Values] = []
        for part in named.parts:
            if isinstance(part, _Values):
                runs.append(part)
            elif len(path) < len(self._lists):
                runs.extend(self._runs(part.text[1:], (*path, name)))
        return runs

    def _parts(self, value: Node, problems: Problems) -> list[_Values | Scalar]:
        if isinstance(value, Mapping):
            found = read_list_file(value, problems)
            if found is None:
                return []
            nodes, file_problems = found
            self.file_problems.append(file_problems)
            return [_Values(nodes, file_problems, from_file=True)]
        if not isinstance(value, Items):
            problems.add(value, "a list is a YAML list of values, such as [10.0.0.1, 10.0.0.2], or {file: NAME}")
            return []
        if not value.nodes:
            problems.add(value, "the list is empty, so that no condition with it would ever match")
        parts: list[_Values | Scalar] = []
        written: list[Scalar] = []
        for node in value.nodes:
            if isinstance(node, Scalar):
                (parts if is_reference(node) else written).append(node)
            elif isinstance(node, Mapping):
                parts.extend(self._parts(node, problems))
            elif not isinstance(node, Refused):
                problems.add(node, "a list holds single values, names of lists ($name) and files, not lists")
        return [*([_Values(tuple(written), problems)] if written else []), *parts]


def is_reference(node: Scalar) -> bool:
    """Tell whether the value stands for a named list."""
    return node.text.startswith("$") and not node.text.startswith("$$")


def read_group(
    nodes: tuple[Scalar, ...],
    field: Field,
    modifier: Modifier,
    problems: Problems,
    suffix: str = "",
    cased: bool = False,
    flags: str = "",
    *,
    from_file: bool = False,
) -> Group:
    """Return the values of the nodes for a field, each once, noting the problems of those it cannot hold.

    Values `from_file` carry no quotes: they are text where the field holds text, and numbers where it holds numbers.
    """
    values: dict[tuple[type, Value], Value] = {}
    for node in nodes:
        read = Scalar(node.line, node.column, node.text, field.kind != "text") if from_file else _unescaped(node)
        try:
            value = rule_value(field, modifier, read, cased=cased, flags=flags)
        except ValueError as error:
            problems.add(node, f"{error}{suffix}")
        else:
            values[type(value), value] = value
    found = tuple(values.values())
    return Group(found, _broad(found, field, modifier))


def _broad(values: tuple[Value, ...], field: Field, modifier: Modifier) -> bool:
    if modifier == "cidr":
        return hold_everything(value for value in values if isinstance(value, Network))
    return any(fits_every_value(field, modifier, value) for value in values)


def _unescaped(node: Scalar) -> Scalar:
    return Scalar(node.line, node.column, node.text[1:], node.plain) if node.text.startswith("$$") else node
