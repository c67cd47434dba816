"""All features of a profile: registered here, in order, and computed for many sources and windows at once.

Importing this module fills `FEATURES`. A feature is NaN where there is nothing to measure: the input of one of the
group's flows does not carry a column it needs, or a statistic has no members (the TTL of a source that sent no packet).
"""

import numpy as np

from netad.profiles import contacts, headers, traffic
from netad.profiles.family import Family
from netad.profiles.groups import Float64, Groups
from netad.profiles.registry import FEATURES

__all__ = ["FAMILIES", "FEATURES", "MEASURED_COLUMNS", "compute_features"]

FAMILIES: tuple[Family, ...] = (*contacts.FAMILIES, *traffic.FAMILIES, *headers.FAMILIES)
for _family in FAMILIES:
    for _feature in _family.features:
        FEATURES.register(_feature)

MEASURED_COLUMNS = frozenset(name for family in FAMILIES for name in family.needs) | {"first_ns", "last_ns"}


def compute_features(groups: Groups) -> dict[str, Float64]:
    """Return every registered feature, in order, each of shape (groups,)."""
    result: dict[str, Float64] = {}
    for family in FAMILIES:
        lacking = groups.lacking(family.needs)
        values = {} if lacking.all() else family.compute(groups)
        for feature in family.features:
            result[feature.name] = np.where(lacking, np.nan, values.get(feature.name, np.nan))
    return result
