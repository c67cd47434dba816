"""What a check of `netad doctor` says."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "FAILED"]


@dataclass(frozen=True, slots=True)
class Check:
    """One step: what was looked at, whether it holds, and in words what was found or what to do.

    A `note` is worth knowing and stops nothing.
    """

    what: str
    state: State
    told: str

    def line(self) -> str:
        """Return the check as a line for a terminal."""
        return f"{self.state:<7} {self.what:<16} {self.told}"
