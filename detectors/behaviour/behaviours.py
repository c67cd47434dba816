"""All behaviours of a run: which there are, their parameters, and what they make of each batch of profiles."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.addresses import Networks
from netad.core.carried import State, part_of
from netad.core.errors import ConfigError
from netad.core.problems import did_you_mean
from netad.core.registry import Registry
from netad.detectors.behaviour.base import Behaviour, Finding
from netad.detectors.behaviour.parameters import read_block
from netad.detectors.behaviour.sight import Sight
from netad.profiles.batch import ProfileBatch

log = logging.getLogger(__name__)

PREFIX = "behaviour."

BEHAVIOURS: Registry[Behaviour] = Registry("behaviour")
BEHAVIOURS.register("scan", "netad.detectors.behaviour.scan:Scan")
BEHAVIOURS.register("beacon", "netad.detectors.behaviour.beacon:Beacon")
BEHAVIOURS.register("exfiltration", "netad.detectors.behaviour.exfiltration:Exfiltration")
BEHAVIOURS.register("brute_force", "netad.detectors.behaviour.brute_force:BruteForce")
BEHAVIOURS.register("dga", "netad.detectors.behaviour.dga:Dga")
BEHAVIOURS.register("dns_tunnel", "netad.detectors.behaviour.dns_tunnel:DnsTunnel")
BEHAVIOURS.register("lateral_movement", "netad.detectors.behaviour.lateral_movement:LateralMovement")
BEHAVIOURS.register("flood", "netad.detectors.behaviour.flood:Flood")


def read_parameters(given: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the parameter block of every behaviour, from what a configuration says under `behaviours`.

    `{"beacon": {"least_connections": 12}}` changes one of them; the others keep their defaults.

    Raises:
        ConfigError: a behaviour or a parameter is unknown, or a value makes no sense.
    """
    for name, block in given.items():
        if name not in BEHAVIOURS:
            raise ConfigError(f"behaviours: unknown behaviour {name!r}{did_you_mean(name, list(BEHAVIOURS))}")
        if not isinstance(block, Mapping):
            raise ConfigError(f"behaviours: {name}: {block!r} is not a mapping of parameters to values")
    return {name: read_block(name, BEHAVIOURS.load(name).parameters, given.get(name, {})) for name in BEHAVIOURS}


class Behaviours:
    """Every registered behaviour, watching the windows of one run in order."""

    def __init__(self, parameters: Mapping[str, Mapping[str, Any]] | None, inside: Networks) -> None:
        """Begin a run.

        Args:
            parameters: what differs from the defaults, by behaviour and parameter (see `read_parameters`).
            inside: the networks whose addresses count as inside.

        Raises:
            ConfigError: the parameters make no sense.
        """
        blocks = read_parameters(parameters or {})
        self._inside = inside
        self._all = [BEHAVIOURS.load(name)(block, inside) for name, block in blocks.items()]
        self._said: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the behaviours, in order."""
        return tuple(behaviour.name for behaviour in self._all)

    @property
    def forgotten(self) -> dict[str, int]:
        """How much each behaviour had to forget because of its bounds; those that forgot nothing are left out."""
        return {behaviour.name: behaviour.forgotten for behaviour in self._all if behaviour.forgotten}

    def observe(self, batch: ProfileBatch) -> list[Finding]:
        """Take the next profiles of the run; return what was found, by row and behaviour.

        Findings of less than `FIRES_AT` decades are hints: `Finding.fires` tells.

        Raises:
            ValueError: the batch has lost its slices (netad.profiles.batch).
        """
        if not len(batch):
            return []
        order = {name: place for place, name in enumerate(self.names)}
        findings: list[Finding] = []
        for sight in Sight.of(batch, self._inside):
            for behaviour in self._all:
                findings += behaviour.observe(sight)
        for name in self.forgotten:
            if name not in self._said:
                self._said.add(name)
                log.warning("behaviour %s saw more than it may remember and forgot its oldest", name)
        return sorted(findings, key=lambda finding: (finding.row, order[finding.behaviour], -finding.strength))

    def carry(self) -> State:
        """Return what each behaviour remembers (netad.core.carried)."""
        return {behaviour.name: behaviour.carry() for behaviour in self._all}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried). What was said of bounds before is not said again."""
        for behaviour in self._all:
            behaviour.resume(part_of(state, behaviour.name))
        self._said = set(self.forgotten)

    def watch(self, batch: ProfileBatch) -> "Watched":
        """Take the next profiles of the run; return them with what was found, slices and facts let go."""
        findings = self.observe(batch)
        frame = batch.frame.join(self.strengths(batch, findings))
        return Watched(replace(batch, frame=frame, groups=None, facts={}), tuple(findings))

    def strengths(self, batch: ProfileBatch, findings: Sequence[Finding]) -> pd.DataFrame:
        """Return the columns `behaviour.<name>`: for each row of the batch the greatest strength found, 0 without."""
        columns = {name: np.zeros(len(batch)) for name in self.names}
        for finding in findings:
            column = columns[finding.behaviour]
            column[finding.row] = max(column[finding.row], finding.strength)
        return pd.DataFrame({f"{PREFIX}{name}": column for name, column in columns.items()}, index=batch.frame.index)


@dataclass(frozen=True)
class Watched:
    """Profiles with the columns `behaviour.<name>` in their frame, and the findings behind those columns."""

    batch: ProfileBatch
    findings: tuple[Finding, ...]

    @classmethod
    def join(cls, parts: Sequence["Watched"]) -> "Watched":
        """Return the profiles of all parts in their order, with their findings."""
        starts = np.cumsum([0, *(len(part.batch) for part in parts)]).tolist()
        findings = (
            replace(finding, row=finding.row + start)
            for part, start in zip(parts, starts, strict=False)
            for finding in part.findings
        )
        return cls(ProfileBatch.join([part.batch for part in parts]), tuple(findings))

    def select(self, rows: NDArray[np.bool_]) -> "Watched":
        """Return the profiles that a mask names, with their findings."""
        place = np.cumsum(rows) - 1
        kept = (replace(one, row=int(place[one.row])) for one in self.findings if rows[one.row])
        return Watched(self.batch.select(rows), tuple(kept))

    def by_row(self) -> dict[int, list[Finding]]:
        """Return the findings of each row that has any, the strongest first."""
        found: dict[int, list[Finding]] = {}
        for finding in sorted(self.findings, key=lambda one: -one.strength):
            found.setdefault(finding.row, []).append(finding)
        return found
