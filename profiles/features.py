"""All features of a profile: registered here, in order, and computed for many sources and windows at once.

Importing this module fills `FEATURES`. A feature is NaN where there is nothing to measure: the input of one of the
group's flows does not carry a column it needs, or a statistic has no members (the TTL of a source that sent no packet).
The features of novelty are NaN until a model has measured them (netad.profiles.novelty).
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from netad.ingest.facts.batch import FactKind
from netad.profiles import contacts, failures, greetings, headers, names, services, timing, traffic
from netad.profiles.family import FactFamily, Family
from netad.profiles.groups import Float64, Groups, Mask
from netad.profiles.novelty_features import NOVELTY
from netad.profiles.registry import FEATURES
from netad.profiles.row_counts import RowCounts
from netad.profiles.row_facts import RowFacts

# Few features that many tools use: what a better set is measured against.
CLASSIC = (
    "unique_destinations", "unique_source_ports", "unique_destination_ports", "packet_length_mean",
    "packet_length_mean_max", "total_packets", "port_ratio", "packets_per_destination", "tcp_share", "udp_share",
    "icmp_share", "received_length_mean",
)  # fmt: skip

__all__ = ["CLASSIC", "FACT_FAMILIES", "FAMILIES", "FEATURES", "MEASURED_COLUMNS", "compute_features"]

FAMILIES: tuple[Family, ...] = (
    *contacts.FAMILIES, *services.FAMILIES, *failures.FAMILIES, *traffic.FAMILIES, *timing.FAMILIES,
    *headers.FAMILIES, *names.FAMILIES,
)  # fmt: skip
FACT_FAMILIES: tuple[FactFamily, ...] = (*names.FACT_FAMILIES, *greetings.FACT_FAMILIES)
_of_families: tuple[Family | FactFamily, ...] = (*FAMILIES, *FACT_FAMILIES)
for _family in _of_families:
    for _feature in _family.features:
        FEATURES.register(replace(_feature, group=_family.group))
for _feature in NOVELTY:
    FEATURES.register(_feature)

MEASURED_COLUMNS = frozenset(name for family in FAMILIES for name in family.needs) | {"first_ns", "last_ns"}


def compute_features(groups: Groups, facts: Mapping[FactKind, RowFacts]) -> dict[str, Float64]:
    """Return every registered feature, in order, each of shape (groups,)."""
    result: dict[str, Float64] = {}
    for family in FAMILIES:
        lacking = groups.lacking(family.needs)
        values = {} if lacking.all() else family.compute(groups)
        result |= _filled(family, values, lacking)
    for told_of in FACT_FAMILIES:
        told = facts.get(told_of.kind)
        if told is None:
            result |= _filled(told_of, {}, np.ones(len(groups), dtype=bool))
            continue
        values = told_of.compute(told, RowCounts(told.row, len(groups)))
        result |= _filled(told_of, values, _lacking(told, told_of.needs, len(groups)))
    return result | {feature.name: np.full(len(groups), np.nan) for feature in NOVELTY}


def _filled(family: Family | FactFamily, values: Mapping[str, Float64], lacking: Mask) -> dict[str, Float64]:
    return {one.name: np.where(lacking, np.nan, values.get(one.name, np.nan)) for one in family.features}


def _lacking(told: RowFacts, needs: tuple[str, ...], rows: int) -> Mask:
    """Tell which rows have a fact that lacks one of the columns, shape (rows,): all where no input has it."""
    lacking = np.full(rows, not told.absent.isdisjoint(needs))
    for name in needs:
        if name in told.lacking:
            lacking[told.row[told.lacking[name]]] = True
    return lacking
