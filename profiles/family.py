"""Features that are computed together from the same columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from netad.ingest.facts.batch import FactKind
from netad.profiles.groups import Float64, Groups
from netad.profiles.registry import Feature
from netad.profiles.row_counts import RowCounts
from netad.profiles.row_facts import RowFacts


@dataclass(frozen=True)
class Family:
    """Features, the FlowBatch columns they need, and the function that returns each by name, shape (groups,).

    `group` is the registry's name for features that belong together.
    """

    group: str
    needs: tuple[str, ...]
    features: tuple[Feature, ...]
    compute: Callable[[Groups], Mapping[str, Float64]]


@dataclass(frozen=True)
class FactFamily:
    """Features, the kind of facts and the columns they need, and the function that returns each, shape (rows,)."""

    group: str
    kind: FactKind
    needs: tuple[str, ...]
    features: tuple[Feature, ...]
    compute: Callable[[RowFacts, RowCounts], Mapping[str, Float64]]
