"""Columns of names as facts hold them: lower case, without what is no part of the name, and not too long."""

from collections.abc import Callable
from typing import Final

import numpy as np

from netad.ingest.facts.text import MAX_TEXT
from netad.ingest.flows import Column

TEXT_MAX: Final = MAX_TEXT


def lower_name(column: Column) -> Column:
    """Return domain names in lower case, without the last dot."""
    return _each(column, lambda text: text[:TEXT_MAX].lower().removesuffix("."))


def host_name(column: Column) -> Column:
    """Return Host headers in lower case, without the port."""
    return _each(column, _host)


def cut(column: Column) -> Column:
    """Return texts, cut at TEXT_MAX characters."""
    return _each(column, lambda text: text[:TEXT_MAX])


def _host(text: str) -> str:
    name = text[:TEXT_MAX].lower()
    head, colon, port = name.rpartition(":")
    if colon and (port.isdigit() or not port) and (":" not in head or head.endswith("]")):
        name = head
    return name.removeprefix("[").removesuffix("]").removesuffix(".")


def _each(column: Column, change: Callable[[str], str]) -> Column:
    """Change every text of a column, equal ones once."""
    known: dict[str, str] = {}
    out = np.empty(len(column), dtype=object)
    out[:] = [known[text] if text in known else known.setdefault(text, change(text)) for text in column.tolist()]
    return out
