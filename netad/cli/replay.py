"""`netad replay`: send what earlier runs could not."""

import logging
from typing import Any

import click

from netad.cli.options import common_options, settings
from netad.cli.targets import open_output
from netad.core.errors import ConfigError, ExitCode

DEFAULT = "elastic"

log = logging.getLogger("netad.replay")


@click.command("replay", short_help="Send events that wait in the spool.")
@click.option("--to", multiple=True, metavar="OUTPUT", help="Whose events to send, as ingest names it. [elastic]")
@click.option("--dead", is_flag=True, help="Also try again what was refused, after a mapping was mended.")
@click.option("--dry-run", is_flag=True, help="List the files that wait, and send nothing.")
@common_options
@click.pass_context
def command(ctx: click.Context, /, dead: bool, dry_run: bool, **flags: Any) -> None:
    """Send the events that wait in the spool, oldest first; every run with the same output does it too.

    What is refused once more stays among the refused. Events that wait for another place stay where they are.

    Exit codes: 0 done, 2 usage, 4 some events could not be sent, 5 there is no place left to keep them.
    """
    from netad.delivery import exit_code
    from netad.outputs.base import Delivery, RunSummary
    from netad.outputs.sending import Replays
    from netad.outputs.wording import counted

    config = settings(flags)
    outputs = [open_output(target, config) for target in _targets(config.to)]
    if dry_run:
        _list(outputs[0])
        ctx.exit(int(ExitCode.DONE))
    deliveries: dict[str, Delivery] = {}
    for output in outputs:
        assert isinstance(output, Replays)  # noqa: S101 - `_targets` has seen to it
        delivery = output.replay(dead=dead)
        deliveries[f"{output.name} {delivery.where}"] = delivery
        refused = f", {delivery.dead:,} refused" if delivery.dead else ""
        events = counted(delivery.drained, "event")
        click.echo(f"{output.name}: delivered {events} of the spool{refused} ({delivery.where})")
        for problem in delivery.problems:
            log.error(problem)
    _tell_others(outputs[0], dead)
    ctx.exit(int(exit_code(RunSummary(), deliveries, {})))


def _targets(given: tuple[str, ...]) -> list[str]:
    """Return the outputs that keep a spool.

    Raises:
        ConfigError: an output was named that keeps none.
    """
    from netad.outputs.base import OUTPUTS
    from netad.outputs.sending import Replays

    named = [target for target in dict.fromkeys(given) if target != "console"] or [DEFAULT]
    kept = [target for target in named if issubclass(OUTPUTS.load(target.partition(":")[0]), Replays)]
    if not kept:
        raise ConfigError(f"{', '.join(named)} keeps nothing in a spool: name an output that does, such as {DEFAULT}")
    return kept


def _list(output: Any) -> None:  # noqa: ANN401 - an Output that Replays
    from netad.core.figures import size

    files = output.waiting()
    for file in files:
        state = "refused" if file.dead else "waiting"
        click.echo(f"{state}  {size(file.bytes):>8}  {file.target or '(damaged)'}  {file.path}")
    if not files:
        click.echo("nothing waits in the spool")


def _tell_others(output: Any, dead: bool) -> None:  # noqa: ANN401
    """Say what is left, and for whom, so that nobody takes the spool for empty."""
    left: dict[str, int] = {}
    for file in output.waiting():
        if not file.dead:
            left[file.target or "nobody (damaged)"] = left.get(file.target or "nobody (damaged)", 0) + 1
    for target, files in left.items():
        click.echo(f"{files} {'file waits' if files == 1 else 'files wait'} for {target}")
    refused = sum(file.dead for file in output.waiting())
    if refused and not dead:
        more = f"{refused} {'file holds' if refused == 1 else 'files hold'} refused events"
        click.echo(f"{more}: --dead tries them again")
