"""What a rule is once it has been read and checked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from netad.core.errors import Location
from netad.core.timing import iso
from netad.rules.fields import Field
from netad.rules.networks import Address, Network
from netad.rules.patterns import Pattern

if TYPE_CHECKING:
    from netad.rules.schedule import Schedule

Modifier: TypeAlias = Literal[
    "exact", "cidr", "gt", "gte", "lt", "lte", "contains", "startswith", "endswith", "re", "domain", "exists"
]
Value: TypeAlias = str | int | float | bool | Address | Network | Pattern
Action: TypeAlias = Literal["drop", "suppress", "inhibit", "limit", "lower", "tag"]
AppliesTo: TypeAlias = Literal["events", "flows"]
State: TypeAlias = Literal["pending", "active", "expired"]

# Strongest first: where several rules match, the strongest action decides.
ACTIONS: tuple[Action, ...] = ("drop", "suppress", "inhibit", "limit", "lower", "tag")
HIDING: tuple[Action, ...] = ("suppress", "inhibit", "limit")
"""Actions whose events still ship, but not as alerts."""


DAY_NS = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a match: `field|modifier: values`, true when any value fits.

    `groups` holds the values in the form in which they are compared (`netad.rules.values`). The values written in
    place are one group and each named list is another, the same tuple in every condition that uses the list, so that
    many rules may share a long list. `every`: all values must fit (`|all`); `only`: all that the
    field holds must fit a value; `negated`: the field is there and none
    fits (`|neq`); `cased`: upper and lower case differ; `broad`: some value fits whatever the field holds.
    """

    field: Field
    modifier: Modifier
    groups: tuple[tuple[Value, ...], ...]
    where: Location
    cased: bool = False
    every: bool = False
    only: bool = False
    negated: bool = False
    broad: bool = False

    @property
    def text(self) -> str:
        """The condition's key as a rule file has it."""
        names = [self.field.name]
        names += ["neq"] if self.negated else [] if self.modifier == "exact" else [self.modifier]
        names += ["cased"] * (self.cased and self.modifier != "re") + ["all"] * self.every + ["only"] * self.only
        return "|".join(names)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds where each part holds."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where a part holds."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where the part does not."""

    part: "Expression"


Expression: TypeAlias = Condition | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Lower:
    """By how much an event is made less: steps of severity, and points (of 100) of the risk score."""

    severity_by: int = 0
    score_by: float = 0.0
    severity: int | None = None
    """The most it may be afterwards."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many events of a group pass in each period, which is counted from the epoch."""

    group_by: tuple[Field, ...]
    count: int
    per_ns: int


@dataclass(frozen=True, slots=True)
class Inhibit:
    """Which stronger events suppress those that the rule matches; `by` None: any.

    The two must have the same values in the fields `equal`, and their times must not be further apart than
    `within_ns`; at 0 they must overlap.
    """

    by: Expression | None
    equal: tuple[Field, ...]
    within_ns: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """Which events are treated how, who says so, why, and until when.

    Times are ns since the epoch, of the wall clock and not of the events; `expires_ns` is None for a permanent rule.
    `match` is None only for a rule that says that it is for all events (`match_all: true`). `schedule` is about the
    time of the events.
    """

    id: str
    comment: str
    created_by: str
    match: Expression | None
    where: Location
    exception: Expression | None = None
    scope: Expression | None = None
    schedule: "Schedule | None" = None
    action: Action = "suppress"
    applies_to: AppliesTo = "events"
    lower: Lower | None = None
    tags: tuple[str, ...] = ()
    limit: Limit | None = None
    inhibit: Inhibit | None = None
    ticket: str | None = None
    starts_ns: int | None = None
    expires_ns: int | None = None

    @property
    def condition(self) -> Expression:
        """All that an event has to fit, its time apart: scope, match and no exception."""
        parts = [part for part in (self.scope, self.match) if part is not None]
        if self.exception is not None:
            parts.append(Not(self.exception))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def left_told(self, now_ns: int) -> str:
        """Return how long the rule still lives, in words: days, or that it is permanent, expired or not begun."""
        state = self.state(now_ns)
        if state == "expired":
            return "expired"
        left = "permanent" if self.expires_ns is None else f"{(self.expires_ns - now_ns) // DAY_NS} d"
        return f"{left}, not begun" if state == "pending" else left

    @property
    def end_told(self) -> str:
        """A sentence on the end of a rule that is over."""
        return f"rule {self.id!r} of {self.created_by} expired at {iso(self.expires_ns or 0)} and matches nothing"

    def state(self, now_ns: int) -> State:
        """Return whether the rule waits for its start, is in force, or is over. It ends at `expires_ns` itself."""
        if self.expires_ns is not None and now_ns >= self.expires_ns:
            return "expired"
        return "pending" if self.starts_ns is not None and now_ns < self.starts_ns else "active"
