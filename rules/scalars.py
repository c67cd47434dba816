"""What a scalar of a rule file means: netad's own reading, which leaves YAML 1.1's surprises no room.

A plain (unquoted) scalar is null, true or false, a decimal number, or text. What YAML 1.1 reads as something else (`no`
as a boolean, `010` as eight, `22:30` as 1350) is a problem and not a guess.
"""

import re
from typing import TypeAlias

from netad.core.errors import ConfigError
from netad.core.problems import shown
from netad.core.timing import parse_time
from netad.core.yaml_nodes import Scalar

Reading: TypeAlias = str | int | float | bool | None

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WORDS = frozenset(form for word in ("yes", "no", "on", "off") for form in (word, word.capitalize(), word.upper()))
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,18})?(?:[eE][-+]?[0-9]{1,3})?")
# YAML 1.1's octal, hexadecimal, binary, grouped and base-60 numbers, infinities, and numbers too long to be meant.
_ODD_NUMBER = re.compile(
    r"[-+]?(?:0[xob]?[0-9a-fA-F_]+|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*|\.(?:inf|Inf|INF))(?:[eE][-+]?[0-9]+)?|\.(?:nan|NaN|NAN)"
)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[-+]\d{2}(?::?\d{2})?)?)?", re.ASCII
)


def read_scalar(node: Scalar) -> Reading:
    """Return the value of a scalar.

    Raises:
        ValueError: it could be read in two ways, or is a number beyond 64 bits; the message is a sentence.
    """
    text = node.text
    if not node.plain:
        return text
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text in _WORDS:
        raise ValueError(f"{shown(text)} may be read as a boolean: write true or false, or put it in quotes as text")
    if _INTEGER.fullmatch(text):
        if not -(1 << 63) <= int(text) < 1 << 63:
            raise ValueError(f"the number {shown(text)} does not fit into 64 bits")
        return int(text)
    if _DECIMAL.fullmatch(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise ValueError(f"the number {shown(text)} is too large")
        return number
    if _ODD_NUMBER.fullmatch(text):
        raise ValueError(f"{shown(text)} may be read as a number: write it in decimal, or put it in quotes as text")
    return text


def parse_moment(text: str) -> int:
    """Return the nanoseconds since the epoch of an ISO 8601 date or time.

    A date alone is its first moment, a time without a zone is in UTC.

    Raises:
        ValueError: it is none, or lies before 1970; the message is a sentence.
    """
    try:
        moment = parse_time(text.upper()) if _MOMENT.fullmatch(text) else None
    except (ConfigError, OverflowError):
        moment = None
    if moment is None:
        raise ValueError(f"{shown(text)} is not a date or time such as 2026-12-31 or 2026-12-31T18:00:00Z")
    if moment < 0:
        raise ValueError(f"{shown(text)} lies before 1970")
    return moment
