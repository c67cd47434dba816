"""`netad scan`: what is new in folders of captures and logs, judged and shipped; for cron and timers."""

import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from netad.cli.options import common_options, flow_filter, load_rules
from netad.core.errors import ExitCode, NetadError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netad.outputs.base import Output
    from netad.rules.flow_filter import FlowFilter
    from netad.rules.ruleset import RuleSet
    from netad.scan.run import Ended, Scan
    from netad.scan.settings import ScanConfig
    from netad.scan.state import StateFolder

log = logging.getLogger("netad.scan")


@click.command("scan", short_help="Read what is new since the last run, by a schedule.")
@click.argument("settings_file", metavar="[CONFIG]", required=False)
@click.option("--wait", is_flag=True, help="Wait for another scan with this state to end, instead of ending at once.")
@click.option("--include-current", is_flag=True, help="Read the newest file of a rotated set too.")
@click.option("--finish", is_flag=True, help="End the flows and windows that are open: nothing more will come.")
@common_options
@click.pass_context
def command(
    ctx: click.Context, /, settings_file: str | None, wait: bool, include_current: bool, finish: bool, **flags: Any
) -> None:
    """Read the captures and logs that are new, or have grown, since the last run; judge, explain and ship.

    CONFIG is a YAML file with inputs, state, outputs, model and more (docs/operations.md); without one, that of
    NETAD_CONFIG, ./netad.yaml or /etc/netad/netad.yaml.

    \b
    netad scan /etc/netad/netad.yaml
    */5 * * * * netad  netad scan -q /etc/netad/netad.yaml     (in /etc/cron.d/netad)
    netad scan archive.yaml --include-current --finish         (a finished set, once)

    Exit codes: 0 done, 2 settings, model or state, 3 some input was skipped or cut, 4 an output failed, 5 nothing to
    keep unsent events or the state in, 11 another scan is at work, 130 told to end: the next run goes on.
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    from dataclasses import replace

    from netad.logs import configure_logging
    from netad.scan.pings import Pinger, Tail
    from netad.scan.settings import find_settings, load_scan
    from netad.scan.state import StateFolder

    file = find_settings(settings_file or flags.pop("config_file", None))
    flags.pop("config_file", None)
    config = load_scan(file, {**flags, "verbose": flags.get("verbose") or None})
    config = replace(config, include_current=config.include_current or include_current)
    configure_logging(config.run)
    tail = Tail()
    logging.getLogger("netad").addHandler(tail)
    pinger = Pinger(config.pings)
    began_ns = time.time_ns()
    folder = StateFolder(config.state)
    with folder.locked(wait=wait), _told_to_end() as stopping:
        pinger.started()
        try:
            scan, ended = _scan(config, folder, stopping, finish)
        except BaseException as error:
            code = error.exit_code if isinstance(error, NetadError) else ExitCode.INTERNAL
            code = ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else code
            pinger.ended(int(code), f"{tail.text}\n{error}")
            raise
        _tell(config, ended)
        _write_metrics(config, scan, ended, began_ns)
        pinger.ended(int(ended.code), tail.text)
    ctx.exit(int(ended.code))


def _scan(config: "ScanConfig", folder: "StateFolder", stopping: "Stopping", finish: bool) -> "tuple[Scan, Ended]":
    """Run the scan with everything opened that the settings name, but only when there is something to do."""
    from netad.progress import progress
    from netad.scan.run import Asked, Scan

    @cache
    def open_outputs() -> "Sequence[tuple[str, Output]]":
        from netad.cli.targets import name_of, open_output

        opened = [(target, open_output(target, config.run, appending=True)) for target in dict.fromkeys(config.run.to)]
        return [(name_of(target, output), output) for target, output in opened]

    @cache
    def open_rules() -> "tuple[RuleSet | None, FlowFilter | None]":
        rules = load_rules(config.run)
        return rules, flow_filter(config.run, rules)

    with progress(config.run.quiet) as bar:
        scan = Scan(config, folder, Asked(open_outputs, open_rules, stopping, finish, bar))
        return scan, scan.run()


class Stopping:
    """Says whether the process was told to end; a second time ends it at once."""

    def __init__(self) -> None:
        self._told = False

    def __call__(self) -> bool:
        """Tell whether it was."""
        return self._told

    def tell(self, _number: int, _frame: object) -> None:
        """Take a signal."""
        if self._told:
            raise KeyboardInterrupt
        self._told = True
        log.warning("told to end: the step at hand is finished and kept (once more ends at once)")


@contextmanager
def _told_to_end() -> Iterator[Stopping]:
    """Yield what says whether SIGTERM or SIGINT has come, which end a scan between two steps."""
    stopping = Stopping()
    before = {number: signal.signal(number, stopping.tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(config: "ScanConfig", ended: "Ended") -> None:
    """Say how the run ended: what is wrong on stderr, what was done on stdout unless the console has said it."""
    from netad.outputs.wording import counted

    for problem in ended.problems:
        log.error(problem)
    if ended.result is not None:
        for delivery in ended.result.deliveries.values():
            for problem in delivery.problems:
                log.error(problem)
    if config.run.quiet:
        return
    if ended.result is None:
        waiting = f"; {counted(ended.waiting, 'capture')} may still be written to" if ended.waiting else ""
        click.echo(f"nothing new{waiting}")
    elif "console" not in config.run.to:
        from netad.outputs.console_summary import closing_lines

        for heading, sentence in closing_lines(ended.result.summary):
            click.echo(f"{heading}: {sentence}")


def _write_metrics(config: "ScanConfig", scan: "Scan", ended: "Ended", began_ns: int) -> None:
    from netad.scan.metrics import Last, write_metrics

    if config.metrics is None:
        return
    last = Last(int(ended.code), began_ns, time.time_ns(), scan.succeeded_ns, scan.model_created, scan.drift)
    deliveries = {} if ended.result is None else ended.result.deliveries
    try:
        write_metrics(config.metrics, scan.totals, last, deliveries, ended.waiting)
    except NetadError as error:
        log.error(error.message)
