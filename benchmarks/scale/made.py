"""Profiles of a year, made by seed from the sample office's: sources with their own habits, days and weeks."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from netad.core.addresses import V4_PREFIX, format_addresses
from netad.core.timing import SECOND_NS
from netad.profiles.batch import ProfileBatch
from netad.profiles.digest import mix
from netad.profiles.features import FEATURES
from netad.profiles.meetings import MeetingKind, Meetings

HOUR_NS = 3600 * SECOND_NS
_NETWORK = 10 << 24  # 10.0.0.0/8
# What an address of the template becomes: often one that the source's group shares, sometimes one that nobody met.
_GROUP, _NEW = 16, 0.05
_OWN = (MeetingKind.DESTINATION, MeetingKind.NETWORK, MeetingKind.DOMAIN)
# Measured by a model from meetings.
_NOVELTY = ("novelty", "history")


def make_hours(
    template: ProfileBatch, sources: int, start_ns: int, hours: int, seed: int = 0
) -> Iterator[ProfileBatch]:
    """Yield the profiles of hour after hour, one of each source.

    Every source takes after one host of the template (watched profiles, with meetings): each hour it does as that host
    did in some window, more or less of it, and meets addresses of its own group of 16 sources, now and then new ones.
    """
    random = np.random.default_rng(seed)
    hosts = [np.flatnonzero(rows) for rows in _rows_of_hosts(template)]
    low = (np.uint64(V4_PREFIX) | np.uint64(_NETWORK)) + np.arange(1, sources + 1, dtype=np.uint64)
    high = np.zeros(sources, dtype=np.uint64)
    names = pd.Series(format_addresses(high, low), dtype="str")
    for hour in range(hours):
        rows = np.array([random.choice(hosts[source % len(hosts)]) for source in range(sources)])
        frame = _amounts(template.frame.iloc[rows].reset_index(drop=True), random)
        begin = start_ns + hour * HOUR_NS
        keys = {"source": names, "source_hi": high, "source_lo": low, "window_start_ns": begin,
                "window_end_ns": begin + HOUR_NS, "inside": True, "window_digest": ""}  # fmt: skip
        meetings = _meetings(template, rows, hour, random)
        yield ProfileBatch(frame.assign(**keys), meetings)


def _rows_of_hosts(template: ProfileBatch) -> list[np.ndarray]:
    source = template.frame["source"].to_numpy()
    return [source == one for one in np.unique(source)]


def _amounts(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Return the rows with amounts that differ by a tenth or so; counts stay whole, shares shares."""
    factor = random.lognormal(0.0, 0.1, len(frame))
    changed = {}
    for feature in FEATURES:
        if feature.transform == "log" and feature.group not in _NOVELTY:
            values = frame[feature.name].to_numpy(np.float64)
            whole = np.all(np.isnan(values) | (values == np.round(values)))
            changed[feature.name] = np.round(values * factor) if whole else values * factor
    return frame.assign(**changed)


def _meetings(template: ProfileBatch, rows: np.ndarray, hour: int, random: np.random.Generator) -> Meetings:
    met = template.meetings
    order = np.argsort(met.row, kind="stable")
    starts = np.searchsorted(met.row[order], np.arange(len(template)))
    sizes = np.bincount(met.row, minlength=len(template))[rows]
    row = np.repeat(np.arange(len(rows), dtype=np.int32), sizes)
    place = order[np.repeat(starts[rows] - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes) + np.arange(len(row))]
    parts = replace(met, row=row, **{name: getattr(met, name)[place] for name in ("kind", "item", "count", "failed")})
    group = (row // _GROUP).astype(np.uint64)
    own = np.isin(parts.kind, _OWN)
    new = own & (random.random(len(row)) < _NEW)
    whose = np.where(new, np.uint64(1 << 40) + np.uint64(hour) * np.uint64(1 << 20) + row.astype(np.uint64), group)
    item = np.where(own, mix((parts.item, whose), len(row), 7), parts.item)
    return Meetings.join([replace(parts, item=item)], [len(rows)])
