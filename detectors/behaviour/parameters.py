"""The parameter block of a behaviour, from what a configuration file says."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from netad.core.errors import ConfigError
from netad.core.problems import did_you_mean


def read_block(name: str, kind: type[Any], given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an instance of `kind`
    """Return the block of a behaviour: its defaults, and over them what is given, as YAML or as text.

    Raises:
        ConfigError: a key is unknown, or a value is of the wrong kind or not above 0.
    """
    block = kind()
    known = {item.name for item in fields(kind)}
    values = {}
    for key, value in given.items():
        if key not in known:
            raise ConfigError(f"behaviours: {name}: unknown parameter {key!r}{did_you_mean(key, known)}")
        try:
            values[key] = _like(getattr(block, key), value)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"behaviours: {name}: {key}: {error}") from error
    return replace(block, **values)


def _like(default: Any, value: Any) -> Any:  # noqa: ANN401
    """Return the value as the kind of thing that its default is."""
    if isinstance(default, tuple):
        one: Callable[[Any], Any] = _port if default and isinstance(default[0], int) else str
        return tuple(one(item) for item in (value if isinstance(value, list | tuple) else [value]))
    if isinstance(value, list | tuple | dict):
        raise ValueError(f"{value!r} is not one value")
    if isinstance(default, bool):
        if str(value).lower() not in ("true", "yes", "false", "no"):
            raise ValueError(f"{value!r} is neither true nor false")
        return str(value).lower() in ("true", "yes")
    if isinstance(default, int):
        return _positive(value, _whole(value))
    return _positive(value, _number(value))


def _whole(value: Any) -> int:  # noqa: ANN401
    try:
        return int(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a whole number") from None


def _number(value: Any) -> float:  # noqa: ANN401
    try:
        return float(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a number") from None


def _positive(value: Any, number: Any) -> Any:  # noqa: ANN401
    if not 0 < number < 1 << 62:
        raise ValueError(f"{value!r} is not a usable number above 0")
    return number


def _port(value: Any) -> int:  # noqa: ANN401
    number = _whole(value)
    if not 0 <= number <= 65_535:
        raise ValueError(f"{value!r} is no port")
    return number
