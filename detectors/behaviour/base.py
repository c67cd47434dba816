"""The contract of a behaviour: the traffic of one window in, findings with a name and evidence out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from netad.core.addresses import Networks
    from netad.core.carried import State
    from netad.detectors.behaviour.sight import Sight

# A finding speaks up at three decades: what a normal host does in one window of a thousand.
FIRES_AT = 3.0
# What is weaker than this is not worth passing on, not even to a detector that adds hints up.
LEAST_STRENGTH = 1.0
# Strengths end here: the models behind them say nothing about what is rarer still.
MOST_STRENGTH = 12.0
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique of MITRE ATT&CK (https://attack.mitre.org/techniques/enterprise/)."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Traces:
    """What a finding rests on. Lists hold at most `SHOWN` entries, the counts beside them count all.

    Attributes:
        peers: the addresses it was done to, the telling ones first.
        peer_count: how many there were.
        ports: their ports, ascending; empty for protocols without.
        port_count: how many there were.
        transports: IP protocols by name: tcp, udp, icmp or the number.
        names: domains or server names, where the input tells them.
        times_ns: when it happened, the last ones, ascending.
        first_ns, last_ns: the time of all of it; it may begin before the window.
        numbers: what was measured, by name.
    """

    peers: tuple[str, ...] = ()
    peer_count: int = 0
    ports: tuple[int, ...] = ()
    port_count: int = 0
    transports: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    times_ns: tuple[int, ...] = ()
    first_ns: int = 0
    last_ns: int = 0
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """A named behaviour of one source in one window.

    Attributes:
        behaviour: its registered name.
        technique: what MITRE ATT&CK calls it.
        source: who does it.
        inside: whether that is one of the site's own.
        row: the profile it belongs to, a row of the batch's frame.
        window_start_ns, window_end_ns: that profile's window.
        strength: the surprise in decades (-log10 of how often a normal host does as much in a window), 0 to
            `MOST_STRENGTH`.
        sentence: what was done, for a person, without a full stop.
        traces: what it rests on.
        parameters: the parameters it was found with.
    """

    behaviour: str
    technique: Technique
    source: str
    inside: bool
    row: int
    window_start_ns: int
    window_end_ns: int
    strength: float
    sentence: str
    traces: Traces
    parameters: Mapping[str, Any]

    @property
    def fires(self) -> bool:
        """Whether it is worth an alert on its own. What does not fire is a hint for detectors that combine."""
        return self.strength >= FIRES_AT


@runtime_checkable
class Behaviour(Protocol):
    """Watches the windows of a run in order and says who does what it is named after.

    It needs no training. It may remember what it saw in earlier windows of the run, within bounds; `forgotten` counts
    what the bounds made it forget. Its class attribute `parameters` is the frozen dataclass of its parameters, every
    field with a default.
    """

    name: ClassVar[str]
    parameters: ClassVar[type[Any]]
    forgotten: int

    def __init__(self, parameters: Any, inside: "Networks") -> None:  # noqa: ANN401 - a block of its own kind
        """Begin a run."""
        ...

    def observe(self, sight: "Sight") -> Sequence[Finding]:
        """Take the next window; return findings of at least `LEAST_STRENGTH`."""
        ...

    def carry(self) -> "State":
        """Return what it remembers (netad.core.carried; netad.detectors.behaviour.memory has it ready-made)."""
        ...

    def resume(self, state: "State") -> None:
        """Go on from what `carry` returned."""
        ...
