"""Bodies made of events as a template says: a tree of YAML or JSON in whose texts `${field}` stands for a value.

Placeholders are filled in after the tree is read, so nothing that traffic said can change its shape. There are no
conditions, loops or functions: what needs them belongs into the receiver.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orjson import JSONDecodeError, dumps, loads

from netad.core.errors import ConfigError
from netad.core.problems import Problems, shown
from netad.core.timing import SECOND_NS, parse_time
from netad.core.yaml_nodes import Items, Mapping, Node, Scalar, read_document
from netad.outputs.base import Event
from netad.outputs.origin import storable

_PLACEHOLDER = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<field>\.|[@\w-]+(?:\.[\w-]+)*)(?::-(?P<otherwise>[^}]*))?\})")
EPOCH = "epoch"
WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}

Tree = Any  # what JSON holds


@dataclass(frozen=True, slots=True)
class Template:
    """A tree with placeholders.

    `${source.ip}` is the event's field of that name, a list of it joined with commas; `${source.ip:-unknown}` says what
    stands for a field that the event has not (otherwise nothing); a text that is nothing but one placeholder becomes
    the value itself, so that numbers stay numbers and lists lists. `${.}` is the whole event, `${epoch}` its
    `@timestamp` in seconds since 1970, `$$` a dollar.
    """

    tree: Tree

    @classmethod
    def load(cls, path: str) -> "Template":
        """Return the template in a file.

        Raises:
            ConfigError: the file cannot be read, or with line and column what is wrong in it.
        """
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise ConfigError(f"the template {path} cannot be read: {error.strerror}") from error
        problems = Problems(path)
        root = read_document(content, problems)
        tree = _tree(root, problems) if root is not None else None
        if not problems and not isinstance(tree, dict | list):
            raise ConfigError(f"{path}: a template is a mapping or a list, such as text: '${{message}}'")
        if problems:
            raise ConfigError("\n".join(problems.lines()))
        return cls(tree)

    def render(self, event: Event) -> Tree:
        """Return the tree with the event's values in it."""
        return _rendered(self.tree, event)


def _tree(node: Node, problems: Problems) -> Tree:
    """Return what a node holds, its scalars as `_scalar` takes them."""
    if isinstance(node, Mapping):
        return {key.text: _tree(value, problems) for key, value in node.entries}
    if isinstance(node, Items):
        return [_tree(item, problems) for item in node.nodes]
    return _scalar(node, problems) if isinstance(node, Scalar) else None


def _scalar(node: Scalar, problems: Problems) -> Tree:
    """Return a plain word or number as JSON would take it, all else as text; what cannot be sent is a problem."""
    text = node.text
    stray = _PLACEHOLDER.sub("", text).partition("$")
    if stray[1]:
        problems.add(node, f"{shown(f'${stray[2]}')} is no placeholder such as ${{source.ip}}; a dollar is written $$")
    if storable(text) != text:
        problems.add(node, "an escape of half a character: write the character itself")
    if not node.plain or "$" in text:
        return text
    if text in WORDS:
        return WORDS[text]
    try:
        number = loads(text)
    except JSONDecodeError:
        return text
    return number if isinstance(number, int | float) else text


def _rendered(tree: Tree, event: Event) -> Tree:
    if isinstance(tree, dict):
        return {key: _rendered(value, event) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_rendered(item, event) for item in tree]
    if not isinstance(tree, str):
        return tree
    alone = _PLACEHOLDER.fullmatch(tree)
    if alone is not None and alone["field"]:
        return _value(alone, event)
    return _PLACEHOLDER.sub(_filling(event), tree)


def _filling(event: Event) -> Callable[[re.Match[str]], str]:
    return lambda match: "$" if match["dollar"] else _text(_value(match, event))


def _value(placeholder: re.Match[str], event: Event) -> Tree:
    """Return the event's value at the placeholder's field, or what the placeholder says instead."""
    field = placeholder["field"]
    if field == ".":
        return event
    if field == EPOCH:
        return parse_time(event["@timestamp"]) / SECOND_NS
    value: Tree = event
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return placeholder["otherwise"] if value is None else value


def _text(value: Tree) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return ", ".join(_text(item) for item in value)
    return value if isinstance(value, str) else dumps(value).decode()
