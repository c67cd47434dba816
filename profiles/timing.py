"""Features of time: how long flows last, and how regularly they come."""

from collections.abc import Mapping

import numpy as np

from netad.core.timing import SECOND_NS
from netad.profiles.family import Family
from netad.profiles.groups import Float64, Groups, ratio
from netad.profiles.registry import Feature
from netad.profiles.regularity import regularity


def _durations(groups: Groups) -> Mapping[str, Float64]:
    spans = groups["last_ns"] - groups["first_ns"]
    seconds = spans / SECOND_NS
    return {
        "duration_mean": groups.sum(seconds) / groups.count,
        "duration_median": groups.median(spans // 1000) / 1e6,
        "duration_max": groups.max(seconds),
    }


def _gaps(groups: Groups) -> Mapping[str, Float64]:
    first, flows = groups["first_ns"], groups.count
    gaps = np.diff(first, prepend=first[:1]) / SECOND_NS
    gaps[groups.starts] = 0.0
    mean = ratio(groups.sum(gaps), flows - 1, np.nan)
    off = gaps - mean[groups.index]
    off[groups.starts] = 0.0
    deviation = np.sqrt(ratio(groups.sum(off * off), flows - 1, np.nan))
    variation = np.where(flows > 2, ratio(deviation, mean, np.nan), np.nan)
    return {"flow_gap_mean": mean, "flow_gap_variation": variation}


def _regularity(groups: Groups) -> Mapping[str, Float64]:
    return {"regularity": regularity(groups)}


def _night(groups: Groups) -> Mapping[str, Float64]:
    return {"night_share": groups.share(groups["night"])}


FAMILIES = (
    Family(
        "timing",
        (),
        (
            Feature("duration_mean", "average flow duration", "s", "mean time from first to last packet",
                    "log", "both"),
            Feature("duration_median", "median flow duration", "s",
                    "median time from first to last packet, to the microsecond", "log", "both"),
            Feature("duration_max", "longest flow", "s", "longest time from first to last packet", "log", "high"),
        ),
        _durations,
    ),
    Family(
        "timing",
        (),
        (
            Feature("flow_gap_mean", "average time between flows", "s",
                    "mean time between the starts of flows; not known below two flows", "log", "low"),
            Feature("flow_gap_variation", "variation of time between flows", "",
                    "standard deviation of that time over its mean: near 0 for a clock; not known below three flows",
                    "log", "low"),
        ),
        _gaps,
    ),
    Family(
        "timing",
        ("protocol", "resp_port"),
        (
            Feature("regularity", "regularity", "",
                    "how much like a clock the flows to one destination and port start, at best: 0 to 1",
                    "none", "high"),
        ),
        _regularity,
    ),
    Family(
        "clock",
        (),
        (
            Feature("night_share", "night share", "share",
                    "share of the flows that started between 22 and 6 o'clock of the configured time zone",
                    "none", "high"),
        ),
        _night,
    ),
)  # fmt: skip
