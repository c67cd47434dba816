"""What a rule is once it has been read and checked."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from netad.core.errors import Location
from netad.rules.fields import Field
from netad.rules.networks import Address, Network

Modifier: TypeAlias = Literal[
    "exact", "neq", "cidr", "gt", "gte", "lt", "lte", "contains", "startswith", "endswith", "wildcard", "exists"
]
Value: TypeAlias = str | int | float | bool | Address | Network
Action: TypeAlias = Literal["suppress"]
State: TypeAlias = Literal["pending", "active", "expired"]

# Strongest first: where several rules match, the strongest action decides.
ACTIONS: tuple[Action, ...] = ("suppress",)


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a match: `field|modifier: values`, true when any value fits.

    `groups` holds the values in the form in which they are compared (`netad.rules.values`). The values written in
    place are one group and each named list is another, the same tuple in every condition that uses the list, so that
    many rules may share a long list.
    """

    field: Field
    modifier: Modifier
    groups: tuple[tuple[Value, ...], ...]
    where: Location


@dataclass(frozen=True, slots=True)
class Match:
    """Alternatives (OR) of conditions (AND), each at least one."""

    alternatives: tuple[tuple[Condition, ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which events are treated how, who says so, why, and until when.

    Times are ns since the epoch, of the wall clock and not of the events; `expires_ns` is None for a permanent rule.
    """

    id: str
    comment: str
    created_by: str
    match: Match
    where: Location
    exception: Match | None = None
    action: Action = "suppress"
    ticket: str | None = None
    starts_ns: int | None = None
    expires_ns: int | None = None

    def state(self, now_ns: int) -> State:
        """Return whether the rule waits for its start, is in force, or is over. It ends at `expires_ns` itself."""
        if self.expires_ns is not None and now_ns >= self.expires_ns:
            return "expired"
        return "pending" if self.starts_ns is not None and now_ns < self.starts_ns else "active"
