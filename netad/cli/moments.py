"""Moments and periods as options of commands about stored events name them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from netad.core.errors import ConfigError
from netad.core.timing import iso, parse_duration, parse_time


def now_ns() -> int:
    """Return the wall clock, ns since the epoch."""
    return int(datetime.now(UTC).timestamp() * 1_000_000) * 1000


def begin(since: str, now: int) -> int | None:
    """Return when a period begins, ns since the epoch: so long before `now`, a time, or None for `all`.

    Raises:
        ConfigError: it is none of them.
    """
    return None if since == "all" else moment("--since", since, now, "a time, nor 'all'")


def end(until: str | None, now: int) -> int | None:
    """Return when a period ends, ns since the epoch: so long before `now`, or a time; None without one.

    Raises:
        ConfigError: it is neither.
    """
    return None if until is None else moment("--until", until, now, "a time")


def moment(option: str, text: str, now: int, others: str) -> int:
    """Return what an option says: so long before `now` (`30d`), or a time; ns since the epoch.

    Raises:
        ConfigError: it is neither; `others` are words for what it may be beside a duration.
    """
    for parse in (lambda given: now - parse_duration(given), parse_time):
        try:
            return max(parse(text), 0)
        except ConfigError:
            continue
    raise ConfigError(f"{option}: {text!r} is neither a duration such as 30d, nor {others}")


def period(flags: Mapping[str, Any]) -> dict[str, str | None]:
    """Return `since` and `until` of a command's flags as the settings take them, from times or from how long ago.

    Raises:
        ConfigError: one is neither.
    """
    now, example = now_ns(), "a time such as 2026-01-31T08:00:00Z"
    return {name: None if flags[name] is None else iso(moment(f"--{name}", flags[name], now, example))
            for name in ("since", "until")}  # fmt: skip
