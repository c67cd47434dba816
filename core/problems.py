"""Problems of files that people write, collected with their places so that all of them are told at once."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from netad.core.errors import Location

MAX_PROBLEMS = 1000  # per file; more tell an operator nothing, and each may cost a search for the nearest known name
_SHOWN = 60


class Placed(Protocol):
    """Anything that knows its line and column, counted from 1."""

    @property
    def line(self) -> int:
        """The line it starts on."""
        ...

    @property
    def column(self) -> int:
        """The column it starts at."""
        ...


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file that no node stands for, such as where the YAML ends too early."""

    line: int
    column: int


class Problems:
    """The problems of one file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._found: set[tuple[int, int, str]] = set()
        self._refused: set[tuple[int, int]] = set()

    def __len__(self) -> int:
        return len(self._found)

    @property
    def full(self) -> bool:
        """Whether so many problems were found that the rest of the file is not worth reading."""
        return len(self._found) > MAX_PROBLEMS

    def at(self, place: Placed) -> Location:
        """Return the place with the file's name."""
        return Location(self.path, place.line, place.column)

    def add(self, place: Placed, sentence: str) -> None:
        """Note a problem; the same sentence at the same place is noted once."""
        if self.full or (place.line, place.column) in self._refused:
            return
        self._found.add((place.line, place.column, sentence))
        if len(self._found) == MAX_PROBLEMS:
            rest = f"more than {MAX_PROBLEMS} problems, the rest of this file is not checked"
            self._found.add((place.line, place.column, rest))

    def refuse(self, place: Placed, sentence: str) -> None:
        """Note a problem of a node that has no value because of it: nothing further is said about that place."""
        self.add(place, sentence)
        self._refused.add((place.line, place.column))

    def lines(self) -> list[str]:
        """Return `FILE:LINE:COLUMN: sentence` for each problem, in the order of the file."""
        return [f"{Location(self.path, line, column)}: {sentence}" for line, column, sentence in sorted(self._found)]


def shown(text: str) -> str:
    """Return what somebody wrote as it can stand in a sentence: quoted, on one line, not too long."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` with the nearest of the known names, or nothing when none is near."""
    nearest = difflib.get_close_matches(name[:100].lower(), known, n=1)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""
