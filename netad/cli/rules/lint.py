"""`netad rules lint`: every error at once, then what is worth a look."""

import click

from netad.cli.rules.options import config_option, named_paths, paths_argument
from netad.core.errors import ExitCode


@click.command("lint", short_help="All that is wrong or worth a look, with file, line and column.")
@paths_argument
@click.option("--strict", is_flag=True, help="End with an error for warnings too.")
@config_option
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], strict: bool, config_file: str | None) -> None:
    """Check rule files: every error of every file at once, then warnings about rules that load.

    Warnings are about rules that are over or end within 14 days, that other rules leave nothing to do, that overlap,
    and about lists that no rule uses.

    Exit codes: 0 fine (warnings may be printed), 2 errors (with --strict: or warnings).
    """
    from datetime import UTC, datetime

    from netad.rules.lint import lint
    from netad.rules.ruleset import RuleSet, nanoseconds

    now = datetime.now(UTC)
    rules = RuleSet.load_what_can(named_paths(paths, config_file), now)
    for problem in rules.problems:
        click.echo(f"error: {problem}")
    warnings = [] if rules.problems else [*lint(rules.rules, nanoseconds(now)), *rules.unused_lists]
    for warning in warnings:
        click.echo(f"warning: {warning}")
    errors, count = len(rules.problems), len(rules)
    click.echo(f"{count:,} {'rule' if count == 1 else 'rules'}, {errors:,} {'error' if errors == 1 else 'errors'}, "
               f"{len(warnings):,} {'warning' if len(warnings) == 1 else 'warnings'}", err=True)  # fmt: skip
    ctx.exit(int(ExitCode.USAGE if errors or (strict and warnings) else ExitCode.DONE))
