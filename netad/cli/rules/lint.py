"""`netad rules lint`: every error at once, then what is worth a look."""

from typing import TYPE_CHECKING

import click

from netad.cli.rules.options import config_option, named_paths, paths_argument
from netad.cli.rules.stored import choose, namespace_option
from netad.core.errors import ExitCode

if TYPE_CHECKING:
    from netad.cli.rules.stored import Chosen
    from netad.rules.ruleset import RuleSet


@click.command("lint", short_help="All that is wrong or worth a look, with file, line and column.")
@paths_argument
@click.option("--strict", is_flag=True, help="End with an error for warnings too.")
@click.option("--store", metavar="STORE", help="Compare with these stored events: parquet[:DIR] or elastic[:URL].")
@click.option("--days", type=click.IntRange(1, 36_500), default=30, show_default=True, metavar="N",
              help="With a store: how many days of events are looked at.")  # fmt: skip
@click.option("--broad", type=click.FloatRange(0, 1), default=0.2, show_default=True, metavar="SHARE",
              help="With a store: the share of events that a rule may fit.")  # fmt: skip
@namespace_option
@config_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    strict: bool,
    store: str | None,
    days: int,
    broad: float,
    namespace: str | None,
    config_file: str | None,
) -> None:
    """Check rule files: every error of every file at once, then warnings about rules that load.

    Warnings are about rules that are over or end within 14 days, that other rules leave nothing to do, that overlap,
    and about lists that no rule uses; with a store of events also about rules that fit none of them, or too many.

    Exit codes: 0 fine (warnings may be printed), 2 errors (with --strict: or warnings).
    """
    from datetime import UTC, datetime

    from netad.outputs.wording import counted
    from netad.rules.lint import lint
    from netad.rules.ruleset import RuleSet, nanoseconds

    now_ns = nanoseconds(datetime.now(UTC))
    rules = RuleSet.load_what_can(named_paths(paths, config_file))
    for problem in rules.problems:
        click.echo(f"error: {problem}")
    warnings: list[str] = []
    if not rules.problems:
        warnings = [*lint(rules.rules, now_ns), *rules.unused_lists]
        if store is not None:
            chosen = choose(store, f"{days}d", namespace, config_file, now_ns)
            warnings += _beside_events(rules, chosen, now_ns, days, broad)
    for warning in warnings:
        click.echo(f"warning: {warning}")
    counts = (counted(len(rules), "rule"), counted(len(rules.problems), "error"), counted(len(warnings), "warning"))
    click.echo(", ".join(counts), err=True)
    ctx.exit(int(ExitCode.USAGE if rules.problems or (strict and warnings) else ExitCode.DONE))


def _beside_events(rules: "RuleSet", chosen: "Chosen", now_ns: int, days: int, broad: float) -> list[str]:
    """Return what is worth a look beside the events of the last days; that there are none is told too."""
    from netad.outputs.wording import counted
    from netad.rules.stored_lint import lint_stored

    warnings, total = lint_stored(rules.rules, chosen.events(chosen.since_ns), now_ns, days, broad)
    if not total:
        told = f"{chosen.stored.where} holds no events of the last {counted(days, 'day')} to compare the rules with"
        click.echo(told, err=True)
    return warnings
