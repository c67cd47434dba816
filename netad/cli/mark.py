"""`netad mark`: what an analyst says of an anomaly."""

import logging
from typing import TYPE_CHECKING, Any

import click

from netad.cli.options import common_options, settings
from netad.core.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from netad.outputs.stored import StoredEvents
    from netad.outputs.verdicts import Marked, Verdict

log = logging.getLogger("netad.mark")


@click.command("mark", short_help="Say of stored anomalies whether they are true.")
@click.argument("ids", metavar="EVENT-ID...", nargs=-1, required=True)
@click.argument("word", metavar="true|false|clear", type=click.Choice(("true", "false", "clear")))
@click.option("--comment", metavar="TEXT", help="Why; needed with true and false.")
@click.option("--by", metavar="NAME", help="Who says so. [the user who runs netad]")
@click.option("--store", "targets", metavar="STORE", multiple=True,
              help="Where the event is: parquet[:DIR] or elastic[:URL]; all that are given are marked. "
              "[store: of the settings]")  # fmt: skip
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    ids: tuple[str, ...],
    word: str,
    comment: str | None,
    by: str | None,
    targets: tuple[str, ...],
    **flags: Any,
) -> None:
    """Say of anomalies, named by their event.id, whether they were a true find or a false alarm; clear takes it back.

    The verdict is kept in the event, in every store that is given. `netad rules simulate` shows which true finds a rule
    would hide, `netad train --verdicts` learns from false alarms and never from true finds.

    \b
    netad mark 019bab8f5f2a-5f1c0b6a9d3e4c77a1b2 false --comment "nightly backup"
    netad mark 019bab8f5f2a-5f1c0b6a9d3e4c77a1b2 clear --store parquet:store --store elastic

    Exit codes: 0 done, 3 a store does not have one of the ids, 4 a store cannot be changed.
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    config = settings(flags)

    from netad.outputs.stored import open_stored

    named = targets or ((config.store,) if config.store else ())
    if not named:
        raise ConfigError("no store of events was named: give --store parquet:DIR or elastic:URL, or store: in the "
                          "settings")  # fmt: skip
    verdict = _verdict(word, comment, by)
    codes = [_mark(store, ids, verdict, config.quiet) for store in [open_stored(target) for target in named]]
    ctx.exit(max(codes))


def _verdict(word: str, comment: str | None, by: str | None) -> "Verdict | None":
    """Return what is to be written, None to clear.

    Raises:
        ConfigError: the comment is missing, or there is one that nothing would keep; the user has no name.
    """
    from netad.core.timing import now_iso
    from netad.detectors.verdicts import FALSE_POSITIVE, TRUE_POSITIVE
    from netad.outputs.verdicts import Verdict

    if word == "clear":
        if comment is not None or by is not None:
            raise ConfigError("clear takes the verdict away with all it says: leave --comment and --by out")
        return None
    if comment is None:
        raise ConfigError("say why with --comment")
    return Verdict(TRUE_POSITIVE if word == "true" else FALSE_POSITIVE, comment, by or _user(), now_iso())


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:  # a container's user that has no name
        raise ConfigError("the user who runs netad has no name: say who with --by") from error


def _mark(store: "StoredEvents", ids: tuple[str, ...], verdict: "Verdict | None", quiet: bool) -> int:
    """Mark the events in one store, say what became of them, and return the exit code; the other stores get theirs."""
    from netad.core.errors import OutputError
    from netad.outputs.verdicts import mark
    from netad.outputs.wording import counted

    try:
        marked = mark(store, ids, verdict)
    except OutputError as error:
        log.error("%s", error)
        return ExitCode.OUTPUT
    if not quiet:
        click.echo(_told(marked, verdict))
    for identity in marked.missing:
        log.error("%s holds no anomaly with the id %s", store.where, identity)
    if marked.replaced.missing:
        log.error("%s of %s expired meanwhile", counted(marked.replaced.missing, "event"), store.where)
    if marked.replaced.conflicts:
        log.error("%s of %s changed by others meanwhile and stayed as they are: run it again",
                  counted(marked.replaced.conflicts, "event"), store.where)  # fmt: skip
        return ExitCode.OUTPUT
    return ExitCode.INPUT if marked.missing or marked.replaced.missing else ExitCode.DONE


def _told(marked: "Marked", verdict: "Verdict | None") -> str:
    from netad.outputs.wording import counted

    done = "cleared" if verdict is None else f"marked {verdict.label.replace('_', ' ')}"
    before = f", {marked.replaced.unchanged:,} already so" if marked.replaced.unchanged else ""
    return f"{marked.where}: {counted(marked.replaced.changed, 'event')} {done}{before}"
