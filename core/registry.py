"""Components found by name and loaded when they are first asked for."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Generic, TypeVar, cast

from netad.core.errors import ConfigError, MissingExtraError
from netad.core.problems import did_you_mean

T = TypeVar("T")


class Registry(Generic[T]):
    """An ordered table from a component's name to where its class lives.

    A component whose optional dependency is missing costs only itself: asking for it raises `MissingExtraError`
    with the extra to install, everything else goes on working.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, tuple[str, str | None]] = {}

    def register(self, name: str, target: str, extra: str | None = None) -> None:
        """Add `name`, to be loaded from `target` (`package.module:attribute`); `extra` installs what it needs."""
        if name in self._entries:
            raise ValueError(f"{self.kind} {name!r} is registered twice")
        self._entries[name] = (target, extra)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def load(self, name: str) -> type[T]:
        """Return the component's class.

        Raises:
            ConfigError: nothing has that name.
            MissingExtraError: its optional dependency is not installed.
        """
        if name not in self._entries:
            raise self._unknown(name, tuple(self._entries))
        target, extra = self._entries[name]
        module, _, attribute = target.partition(":")
        try:
            found: Any = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            if extra is None or (error.name or "").startswith("netad"):
                raise
            raise MissingExtraError(
                f"{self.kind} {name!r} needs {error.name}: install it with pip install 'netad[{extra}]'"
            ) from error
        return cast("type[T]", found)

    def _unknown(self, name: str, known: Sequence[str]) -> ConfigError:
        """Return the error about a name that is none of the known ones, with the nearest and all of them."""
        hint = did_you_mean(name, known)
        return ConfigError(f"unknown {self.kind} {name!r}{hint} (there are: {', '.join(known)})")
