"""`netad rules apply`: stored events marked anew after rules changed."""

import click

from netad.cli.rules.options import config_option, load, paths_argument
from netad.cli.rules.stored import choose, stored_options
from netad.core.errors import OutputError


@click.command("apply", short_help="Mark stored events anew after rules changed.")
@paths_argument
@stored_options("30d")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@config_option
def command(
    paths: tuple[str, ...],
    store: str | None,
    since: str,
    namespace: str | None,
    dry_run: bool,
    config_file: str | None,
) -> None:
    """Mark stored events as the rules say now: hide those that a new rule matches, show those that none hides any more.

    Each event is judged by the rules that were in force when it was made; limits and inhibition look at the whole
    period. Only marks change, never what was found. Rules that drop do not delete what is stored: they hide it.

    Exit codes: 0 done, 2 the rules do not load, 4 the store cannot be written, or others changed events meanwhile.
    """
    from datetime import UTC, datetime

    from netad.outputs.wording import counted
    from netad.rules.marking import MARKS
    from netad.rules.replay import context_start, remarked, replay
    from netad.rules.ruleset import nanoseconds

    rules = load(paths, config_file)
    chosen = choose(store, since, namespace, config_file, nanoseconds(datetime.now(UTC)))
    context = chosen.events(context_start(rules.event_rules, chosen.since_ns))
    found = replay(context, rules, since_ns=chosen.since_ns)
    changes = remarked(chosen.events(chosen.since_ns), found.verdicts)
    if dry_run:
        done, changed, conflicts = "would be marked anew", sum(1 for _ in changes), 0
    else:
        replaced = chosen.stored.replace(changes, MARKS)
        done, changed, conflicts = "marked anew", replaced.changed, replaced.conflicts
    hidden, shown = (sum(getattr(each, which) for each in found.tried) for which in ("newly_hidden", "newly_shown"))
    click.echo(f"{chosen.told(len(found.tried))}: {changed:,} {done}, "
               f"{hidden:,} of them newly hidden and {shown:,} newly shown")  # fmt: skip
    if dropped := sum(each.after.fate == "dropped" for each in found.tried):
        click.echo(f"dropped by rules: {dropped:,} (stored events are not deleted, only hidden)")
    if lost := sum(each.lost for each in found.tried):
        click.echo(f"marked true positive, but hidden: {lost:,} (netad rules simulate names them)")
    if conflicts:
        raise OutputError(
            f"others changed {counted(conflicts, 'event')} meanwhile, which stayed as they are: run it again"
        )
