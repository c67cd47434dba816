"""Weekly times at which a rule holds: `sat 01:00-05:00` in a time zone, by the clock that people there read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from netad.core.problems import Problems, did_you_mean, shown
from netad.core.yaml_nodes import Items, Mapping, Node, Scalar

KEYS = ("tz", "windows")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY, _WEEK = 24 * 60, 7 * 24 * 60
_WINDOW = re.compile(r"(?:(daily)|([a-z]{3})(?:-([a-z]{3}))?)(?: (\d\d):(\d\d)-(?:([a-z]{3}) )?(\d\d):(\d\d))?")


@dataclass(frozen=True, slots=True)
class Schedule:
    """Spans of the week, in minutes since Monday 00:00 of the zone's clock; an end may lie in the next week."""

    zone: str
    spans: tuple[tuple[int, int], ...]

    def holds(self, start_ns: int, end_ns: int) -> bool:
        """Tell whether the time from start to end (ns since the epoch, UTC) lies whole within one of the spans."""
        start, end = _minutes(self.zone, start_ns // 60_000_000_000), _minutes(self.zone, -(-end_ns // 60_000_000_000))
        if start is None or end is None:
            return False
        begun, length = start % _WEEK, max(end - start, 0)
        return any(
            first <= moment and moment + length <= last
            for first, last in self.spans
            for moment in (begun, begun + _WEEK)
        )


@lru_cache(maxsize=65536)
def _minutes(zone: str, minute: int) -> int | None:
    """Return the minutes that the zone's clock shows at a minute since the epoch, counted from a Monday long ago."""
    try:
        local = datetime.fromtimestamp(minute * 60, UTC).astimezone(_zone(zone))
    except (OverflowError, ValueError, OSError):
        return None
    return (local.toordinal() - 1) * _DAY + local.hour * 60 + local.minute


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def read_schedule(node: Node, problems: Problems) -> Schedule | None:
    """Return the schedule that `{tz: ZONE, windows: [...]}` says; None, with the problems noted, when it does not hold.

    A window is `DAY HH:MM-HH:MM`, `DAY-DAY HH:MM-HH:MM` (on each of these days), `DAY HH:MM-DAY HH:MM` (through),
    `daily HH:MM-HH:MM`, or days alone for all of them. An end before its start is on the next day.
    """
    if not isinstance(node, Mapping):
        problems.add(node, "a schedule is a map such as {tz: Europe/Paris, windows: [sat 01:00-05:00]}")
        return None
    before = len(problems)
    entries = {}
    for key, value in node.entries:
        if key.text in KEYS:
            entries[key.text] = value
        else:
            problems.add(key, f"unknown key {shown(key.text)}{did_you_mean(key.text, KEYS)}")
    if "windows" not in entries:
        problems.add(node, "a schedule needs 'windows', such as [sat 01:00-05:00]")
    zone = _read_zone(entries.get("tz"), node, problems)
    spans = _read_windows(entries["windows"], problems) if "windows" in entries else ()
    return Schedule(zone, _joined(spans)) if len(problems) == before else None


def _joined(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the spans with those that touch made into one, over the end of the week too."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    if len(joined) > 1 and joined[-1][1] >= _WEEK + joined[0][0]:
        first, last = joined.pop(0)
        joined[-1] = (joined[-1][0], max(joined[-1][1], last + _WEEK))
    return tuple(joined)


def _read_zone(node: Node | None, schedule: Mapping, problems: Problems) -> str:
    if node is None:
        problems.add(schedule, "a schedule needs 'tz', a time zone such as Europe/Paris or UTC")
        return ""
    name = node.text if isinstance(node, Scalar) else ""
    try:
        _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problems.add(node, f"{shown(name)} is not a time zone such as Europe/Paris or UTC")
    return name


def _read_windows(node: Node, problems: Problems) -> list[tuple[int, int]]:
    nodes: Sequence[Node] = node.nodes if isinstance(node, Items) else (node,)
    if not nodes:
        problems.add(node, "a schedule without windows would never hold")
    spans = []
    for each in nodes:
        try:
            spans += _spans(each.text.lower() if isinstance(each, Scalar) else "")
        except ValueError as error:
            problems.add(each, str(error))
    return spans


def _spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of one window; raises ValueError, with a sentence, when it is none."""
    found = _WINDOW.fullmatch(" ".join(text.split()))
    wrong = ValueError(f"{shown(text)} is not a window such as 'sat 01:00-05:00' or 'mon-fri 22:00-06:00'")
    if found is None:
        raise wrong
    daily, first, last, from_hour, from_minute, through, to_hour, to_minute = found.groups()
    if any(day is not None and day not in DAYS for day in (first, last, through)):
        raise wrong
    start = _clock(from_hour, from_minute, wrong) if from_hour else 0
    end = _clock(to_hour, to_minute, wrong) if to_hour else _DAY
    if through is not None:
        if daily or last:
            raise wrong
        days = (DAYS.index(through) - DAYS.index(first)) % 7
        length = days * _DAY + end - start
        begin = DAYS.index(first) * _DAY + start
        return [(begin, begin + (length if length > 0 else length + _WEEK))]
    one = DAYS.index(first) if first else 0
    many = 7 if daily else (DAYS.index(last) - one) % 7 + 1 if last else 1
    if many == 7 and (start, end) == (0, _DAY):
        raise ValueError(f"{shown(text)} is all of the week: leave the schedule out")
    length = end - start if end > start else end - start + _DAY
    return [((one + day) % 7 * _DAY + start, (one + day) % 7 * _DAY + start + length) for day in range(many)]


def _clock(hour: str, minute: str, wrong: ValueError) -> int:
    if int(hour) * 60 + int(minute) > _DAY or int(minute) > 59:
        raise wrong
    return int(hour) * 60 + int(minute)
