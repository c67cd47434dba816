"""`netad store`: what a local store holds, how long it keeps it, and how many files it takes."""

from typing import TYPE_CHECKING, Any

import click

from netad.cli.stores import config_option, echo_table, format_option, open_local
from netad.core.errors import ConfigError

if TYPE_CHECKING:
    from netad.outputs.store.compaction import Compacted
    from netad.outputs.store.inventory import Holdings
    from netad.outputs.store.retention import Removed

store_argument = click.argument("store", metavar="[STORE]", required=False)
dry_run_option = click.option("--dry-run", is_flag=True, help="Change nothing, and say what would be done.")


@click.group("store", short_help="What a local store holds; retention; many small files to few.")
def command() -> None:
    """Look after the local store that `--to parquet` fills.

    STORE is its folder, with or without parquet: before it; without one it is that of the settings, or netad-store.

    \b
    netad store stats /var/lib/netad/store
    netad store gc /var/lib/netad/store --keep 90d --keep flow=14d
    netad store compact /var/lib/netad/store
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"


@command.command("stats", short_help="Days, files, events and bytes of each kind.")
@store_argument
@format_option
@config_option
def stats_command(store: str | None, form: str, config_file: str | None) -> None:
    """Say what a store holds of each kind: days, files, events, bytes, marked anomalies, and what is left to clear up.

    \b
    netad store stats netad-store
    netad store stats parquet:netad-store --format json
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    from dataclasses import asdict

    from netad.outputs.store.inventory import holdings
    from netad.outputs.store.schema import SCHEMAS
    from netad.outputs.wording import counted

    opened = open_local(store, config_file)
    held = [holdings(opened.folder, kind) for kind in SCHEMAS]
    if form == "json":
        _print_json({"store": opened.where, "kinds": [asdict(one) for one in held]})
        return
    echo_table([("kind", "days", "first", "last", "files", "events", "size", "per event"), *map(_held, held)])
    joinable, left = sum(one.joinable for one in held), sum(one.left for one in held)
    click.echo(f"{counted(sum(one.marked for one in held), 'anomaly', 'anomalies')} marked by analysts")
    if joinable:
        click.echo(f"{counted(joinable, 'small file')} that `netad store compact` would join")
    if left:
        click.echo(f"{counted(left, 'file')} being written, or left by killed runs for `gc` or `compact` to remove")


@command.command("gc", short_help="Remove days that are older than is to be kept.")
@store_argument
@click.option("--keep", metavar="[KIND=]DURATION", multiple=True, required=True,
              help="How long events are kept, of one kind (anomaly, flow, profile, run) or of all others; may be given "
              "several times.")  # fmt: skip
@dry_run_option
@format_option
@config_option
def gc_command(
    store: str | None, keep: tuple[str, ...], dry_run: bool, form: str, config_file: str | None
) -> None:  # fmt: skip
    """Remove whole days whose events all ended before the time that is kept, and what killed runs left of any day.

    Anomalies that an analyst has marked (netad mark) stay, however old: rules and training need them. Killed at any
    moment, it loses nothing else, and the next run goes on.

    \b
    netad store gc netad-store --keep 90d
    netad store gc netad-store --keep flow=14d --keep profile=180d --dry-run
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    from dataclasses import asdict

    from netad.cli.moments import now_ns
    from netad.outputs.store.retention import remove_old
    from netad.outputs.store.schema import SCHEMAS

    kept = _kept(keep)
    opened, now = open_local(store, config_file), now_ns()
    removed = {}
    for kind in SCHEMAS:
        duration = kept.get(kind, kept.get(""))
        removed[kind] = remove_old(opened.folder, kind, None if duration is None else now - duration, dry_run)
    if form == "json":
        _print_json({"store": opened.where, "dry_run": dry_run,
                     "kinds": {kind: asdict(one) for kind, one in removed.items()}})  # fmt: skip
        return
    _print_removed(removed, dry_run)


@command.command("compact", short_help="Join the small files of each day.")
@store_argument
@dry_run_option
@format_option
@config_option
def compact_command(store: str | None, dry_run: bool, form: str, config_file: str | None) -> None:
    """Join the small files of each day to one, which takes less room and is read faster; the events stay the same.

    The joined file takes the place of the small ones at once: killed at any moment, no event is lost or there twice for
    netad. Runs that write to the same day meanwhile wait.

    \b
    netad store compact netad-store
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    from dataclasses import asdict

    from netad.outputs.store.compaction import Compacted, compact_day
    from netad.outputs.store.files import day_folder, days
    from netad.outputs.store.schema import SCHEMAS

    opened = open_local(store, config_file)
    done = {}
    for kind in SCHEMAS:
        done[kind] = Compacted()
        for day in days(opened.folder, kind):
            compact_day(kind, day_folder(opened.folder, kind, day), done[kind], dry_run)
    if form == "json":
        _print_json({"store": opened.where, "dry_run": dry_run,
                     "kinds": {kind: asdict(one) for kind, one in done.items()}})  # fmt: skip
        return
    _print_compacted(done, dry_run)


def _held(one: "Holdings") -> tuple[str, ...]:
    from netad.core.figures import size

    each = f"{one.bytes / one.rows:,.0f} bytes" if one.rows else "-"
    counts = (f"{one.files:,}", f"{one.rows:,}", size(one.bytes), each)
    return (one.kind, f"{one.days:,}", one.first or "-", one.last or "-", *counts)


def _kept(given: tuple[str, ...]) -> dict[str, int]:
    """Return how long is kept (ns), by kind; "" for the others.

    Raises:
        ConfigError: a kind is unknown or named twice, or a duration is none.
    """
    from netad.core.problems import did_you_mean
    from netad.core.timing import parse_duration
    from netad.outputs.store.schema import SCHEMAS

    kept: dict[str, int] = {}
    for text in given:
        kind, equals, duration = text.rpartition("=")
        if equals and kind not in SCHEMAS:
            raise ConfigError(f"--keep: a store has no kind {kind!r}{did_you_mean(kind, list(SCHEMAS))}")
        if kind in kept:
            raise ConfigError(f"--keep says twice how long {kind or 'events'} are kept")
        try:
            kept[kind] = parse_duration(duration)
        except ConfigError as error:
            raise ConfigError(f"--keep: {error}") from error
    return kept


def _print_removed(removed: "dict[str, Removed]", dry_run: bool) -> None:
    from netad.core.figures import size
    from netad.outputs.wording import counted

    would = "would be removed" if dry_run else "removed"
    for kind, one in removed.items():
        if one.rows:
            click.echo(
                f"{kind}: {counted(one.rows, 'event')} of {counted(one.days, 'day')} {would} ({size(one.bytes)})"
            )
    if not any(one.rows for one in removed.values()):
        click.echo("nothing is older than is to be kept")
    if marked := sum(one.marked for one in removed.values()):
        click.echo(f"kept: {counted(marked, 'older anomaly', 'older anomalies')} that analysts marked")
    _print_swept(sum(one.swept for one in removed.values()), dry_run)


def _print_compacted(done: "dict[str, Compacted]", dry_run: bool) -> None:
    from netad.core.figures import size
    from netad.outputs.wording import counted

    for kind, one in done.items():
        if one.files_before:
            after = "" if dry_run else f", {size(one.bytes_before)} to {size(one.bytes_after)}"
            again = f"; {counted(one.doubles, 'event')} that were there twice" if one.doubles else ""
            click.echo(f"{kind}: {counted(one.rows, 'event')} of {counted(one.days, 'day')}, "
                       f"{counted(one.files_before, 'file')} {'would become' if dry_run else 'became'} "
                       f"{one.files_after:,}{after}{again}")  # fmt: skip
    if not any(one.files_before for one in done.values()):
        click.echo("no day has small files to join")
    _print_swept(sum(one.swept for one in done.values()), dry_run)


def _print_swept(count: int, dry_run: bool) -> None:
    from netad.outputs.wording import counted

    if count:
        click.echo(f"{counted(count, 'file')} that killed runs had left {'would be ' if dry_run else ''}removed")


def _print_json(document: dict[str, Any]) -> None:
    from orjson import OPT_INDENT_2, dumps

    click.echo(dumps(document, option=OPT_INDENT_2).decode())
