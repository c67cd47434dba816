"""Texts with wildcards, and regular expressions: both matched in time that is linear in the text."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MAX_REGEX_MEMORY = 1 << 20
"""Bytes of a compiled regular expression and its automaton."""

_PIECE = re.compile(r"\\[*?\\]|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text in which `*` is any text and `?` any one character, as what stands between the stars.

    `parts[0]` is what a text starts with and `parts[-1]` what it ends with; each part is a tuple of literal texts with
    one arbitrary character between each two. A pattern without a star has one part.
    """

    parts: tuple[tuple[str, ...], ...]

    @property
    def everything(self) -> bool:
        """Whether any text fits."""
        return len(self.parts) > 1 and all(part == ("",) for part in self.parts)

    @property
    def start(self) -> str:
        """The text that whatever fits starts with."""
        return self.parts[0][0]

    @property
    def end(self) -> str:
        """The text that whatever fits ends with."""
        return self.parts[-1][-1]

    @property
    def longest(self) -> str:
        """The longest text that occurs in whatever fits."""
        return max((literal for part in self.parts for literal in part), key=len)

    def fits(self, text: str) -> bool:
        """Tell whether the whole text fits."""
        if len(self.parts) == 1 or any(len(part) > 1 for part in self.parts):
            return _compiled(self.parts).fullmatch(text) is not None
        start, end = self.parts[0][0], self.parts[-1][0]
        if not text.startswith(start) or not text.endswith(end):
            return False
        place, last = len(start), len(text) - len(end)
        for (literal,) in self.parts[1:-1]:  # each at its first place, from where a longer match can always start
            found = text.find(literal, place, last) if place <= last else -1
            if found < 0:
                return False
            place = found + len(literal)
        return place <= last


@lru_cache(maxsize=65536)
def _compiled(parts: tuple[tuple[str, ...], ...]) -> "re.Pattern[str]":
    """Return the regular expression of a pattern.

    Each part between stars is found at its first place and kept there (an atomic group), which is where a longer match
    can always start from, so that matching takes time linear in the text for each part, whatever the pattern.
    """
    first, *rest = [".".join(re.escape(literal) for literal in part) for part in parts]
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    return re.compile(first + "".join(f"(?>.*?{part})" for part in middle if part) + ".*" + last, re.DOTALL)


def parse_wildcards(text: str, *, before: bool = False, after: bool = False) -> str | Pattern:
    """Return a text with wildcards as a pattern, or as the plain text that it is without any.

    A backslash before `*`, `?` or another backslash takes their meaning away (Sigma's rule); elsewhere it is itself.
    `before` and `after` say that any text may stand there, as for `|contains`; a text without wildcards of its own
    stays a text even so.
    """
    parts: list[list[str]] = [[""]]
    wild = False
    for piece in _PIECE.findall(text):
        if piece == "*":
            parts.append([""])
        elif piece == "?":
            parts[-1].append("")
        else:
            parts[-1][-1] += piece[-1]
        wild |= piece in ("*", "?")
    if not wild:
        return parts[0][0]
    return Pattern((*[("",)] * before, *map(tuple, parts), *[("",)] * after))


@lru_cache(maxsize=4096)
def compile_regex(source: str) -> Any:  # noqa: ANN401 - google-re2 has no types
    """Return a compiled regular expression of RE2, which never backtracks; flags stand in the source as `(?im)`.

    Raises:
        ValueError: it is none, or one that RE2 cannot match in linear time; the message is a sentence.
    """
    import re2  # only where a rule has a regular expression

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_REGEX_MEMORY
    try:
        return re2.compile(source, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        told = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"this is no regular expression of RE2 ({told})") from error
