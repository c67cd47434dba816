"""`netad rules test`: the test cases of rule files."""

import logging

import click

from netad.cli.rules.options import config_option, load, paths_argument
from netad.core.errors import ExitCode

log = logging.getLogger("netad.rules")


@click.command("test", short_help="Run the test cases of rule files.")
@paths_argument
@config_option
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], config_file: str | None) -> None:
    """Run the cases under `tests:` in rule files: an event or a flow, and what must become of it.

    Exit codes: 0 all as expected, 1 some are not, 2 the rules do not load.
    """
    from datetime import UTC, datetime

    from netad.rules.case_runs import run_cases

    rules = load(paths, config_file)
    failed = total = 0
    for outcome in run_cases(rules, datetime.now(UTC)):
        total += 1
        failed += bool(outcome.failures)
        click.echo(f"{'FAILED' if outcome.failures else 'ok':7}{outcome.case.name}")
        for failure in outcome.failures:
            click.echo(f"       {outcome.case.where}: {failure}")
    click.echo(f"{total:,} {'case' if total == 1 else 'cases'}, {failed:,} failed", err=True)
    if not total:
        log.warning("these files have no cases: write some under 'tests:'")
    ctx.exit(int(ExitCode.INTERNAL if failed else ExitCode.DONE))
