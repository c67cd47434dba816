"""Times and durations in nanoseconds (int64, UTC): reading what people type, writing what events carry."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from netad.core.errors import ConfigError

SECOND_NS = 1_000_000_000
_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": SECOND_NS, "m": 60 * SECOND_NS, "h": 3600 * SECOND_NS,
          "d": 86_400 * SECOND_NS, "w": 7 * 86_400 * SECOND_NS}  # fmt: skip
# Eight digits are a date of ISO 8601's basic form.
_EPOCH = re.compile(r"(?!\d{8}$)\d{1,18}(\.\d+)?", re.ASCII)
_FRACTION = re.compile(r"[.,](\d+)", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h|d|w)")


def parse_duration(text: str) -> int:
    """Return the nanoseconds of a duration such as `90s`, `5m`, `1h30m` or `7d`.

    Raises:
        ConfigError: it is no duration, or not longer than nothing.
    """
    stripped = text.strip().lower()
    parts = _PART.findall(stripped)
    if not parts or "".join(number + unit for number, unit in parts) != stripped:
        raise ConfigError(f"{text!r} is not a duration such as 30s, 5m or 1h")
    total = sum(round(float(number) * _UNITS[unit]) for number, unit in parts)
    if not 0 < total < 1 << 62:
        raise ConfigError(f"{text!r} is not a usable duration")
    return total


def format_duration(duration_ns: int) -> str:
    """Return a duration as people say it: `1h`, `5m`, `1h30m`, `250ms`."""
    if duration_ns <= 0:
        return "0s"
    if duration_ns < SECOND_NS:
        return f"{duration_ns / 1e6:g}ms"
    text, rest = "", duration_ns
    for unit in ("d", "h", "m"):
        count, rest = divmod(rest, _UNITS[unit])
        text += f"{count}{unit}" if count else ""
    return text + (f"{rest / SECOND_NS:.3g}s" if rest else "")


def parse_time(text: str) -> int:
    """Return nanoseconds since the epoch of an ISO 8601 time (UTC unless it says otherwise) or of epoch seconds.

    Eight digits are a date (`20260131`), not a moment of 1970.

    Raises:
        ConfigError: it is neither.
    """
    stripped = text.strip()
    if _EPOCH.fullmatch(stripped):
        whole, _, fraction = stripped.partition(".")
        return int(whole) * SECOND_NS + int(fraction[:9].ljust(9, "0"))
    try:
        moment = datetime.fromisoformat(stripped)
    except ValueError as error:
        raise ConfigError(f"{text!r} is not a time such as 2026-01-31T08:00:00Z") from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    fraction_ns = moment.microsecond * 1000
    digits = _FRACTION.search(stripped)
    if digits is not None and (exact := int(digits[1][:9].ljust(9, "0"))) // 1000 == moment.microsecond:
        fraction_ns = exact  # datetime knows microseconds only
    return int(moment.replace(microsecond=0).timestamp()) * SECOND_NS + fraction_ns


def iso(time_ns: int) -> str:
    """Return the time as ISO 8601 in UTC, with as many fraction digits (3, 6 or 9) as it needs."""
    seconds, fraction = divmod(time_ns, SECOND_NS)
    text = _second(seconds)
    if text is None:
        text, fraction = "9999-12-31T23:59:59", 0
    if fraction % 1000:
        return f"{text}.{fraction:09d}Z"
    if fraction % 1_000_000:
        return f"{text}.{fraction // 1000:06d}Z"
    return f"{text}.{fraction // 1_000_000:03d}Z"


@lru_cache(maxsize=4096)  # events come in order of time: most of a second's flows ask for the same text
def _second(seconds: int) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return None


def now_iso() -> str:
    """Return the wall clock as ISO 8601 UTC; only for `event.created` and `event.ingested`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
