"""Which stored events commands about rules look at: the store, the period and the namespace."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from netad.cli.moments import begin
from netad.core.errors import ConfigError, InputError

if TYPE_CHECKING:
    from netad.outputs.base import Event
    from netad.outputs.stored import StoredEvents

F = TypeVar("F", bound=Callable[..., Any])

store_option = click.option("--store", metavar="STORE",
                            help="Stored events: parquet[:DIR] or elastic[:URL]. [store of the settings]")  # fmt: skip
namespace_option = click.option("--namespace", metavar="NAME",
                                help="Only stored events of this namespace, * for all. [of the settings]")  # fmt: skip


def stored_options(since: str) -> Callable[[F], F]:
    """Give a command the options of `choose`; `since` is the start of the period when none is given."""
    since_option = click.option("--since", default=since, show_default=True, metavar="DURATION|TIME|all",
                                help="The start of the period, by the time of the traffic.")  # fmt: skip

    def add(function: F) -> F:
        return store_option(since_option(namespace_option(function)))

    return add


@dataclass(frozen=True, slots=True)
class Chosen:
    """Stored anomalies of a namespace (None: of all) since a moment (ns since the epoch, None: all)."""

    stored: "StoredEvents"
    since_ns: int | None
    namespace: str | None

    def events(self, since_ns: int | None) -> "Iterator[Event]":
        """Yield the events since a moment, which may be before the period begins, in order of time."""
        for event in self.stored.events("anomaly", since_ns):
            if self.namespace is None or event["data_stream"]["namespace"] == self.namespace:
                yield event

    def told(self, count: int) -> str:
        """Return so many events of the choice as a sentence begins with them."""
        from netad.core.timing import iso
        from netad.outputs.wording import counted

        since = "" if self.since_ns is None else f" since {iso(self.since_ns)[:19]}Z"
        since += " (--since all: from the beginning)" if since and not count else ""
        namespace = "" if self.namespace is None else f" of namespace {self.namespace}"
        return f"{counted(count, 'event')}{namespace} in {self.stored.where}{since}"


def choose(store: str | None, since: str, namespace: str | None, config_file: str | None, now_ns: int) -> Chosen:
    """Return the stored events that the options or the settings name. `now_ns` is the wall clock.

    Raises:
        ConfigError: no store is named, or something else in them is wrong.
    """
    from netad.config import load_config

    named = namespace or load_config(config_file, {}).namespace
    return Chosen(open_store(store, config_file), begin(since, now_ns), None if named == "*" else named)


def open_store(store: str | None, config_file: str | None) -> "StoredEvents":
    """Return the stored events that `--store` or the settings name.

    Raises:
        ConfigError: none are named, or not by such a name.
    """
    from netad.config import load_config
    from netad.outputs.stored import open_stored

    named = store or load_config(config_file, {}).store
    if named is None:
        raise ConfigError("no store was named: give --store parquet:DIR or elastic:URL, or store: in the settings")
    return open_stored(named)


def find_event(source: str, store: str | None, config_file: str | None) -> "Event | None":
    """Return the stored event that a command is about; None when `source` names a file.

    With `--store` it is an `event.id`; without, one that looks like an id and is no file is looked for in the store of
    the settings.

    Raises:
        InputError: the store has no such event.
    """
    from pathlib import Path

    from netad.core.identity import start_of

    if store is None and (start_of(source) is None or Path(source).exists()):
        return None
    stored = open_store(store, config_file)
    event = stored.find(source)
    if event is None:
        raise InputError(f"{stored.where} holds no event with the id {source!r}")
    return event
