"""`netad rules simulate`: what rules would change in stored events, before they are switched on."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from netad.cli.rules.options import config_option, format_option, load, paths_argument
from netad.cli.rules.stored import choose, stored_options
from netad.cli.rules.tables import table
from netad.core.errors import ExitCode

if TYPE_CHECKING:
    from netad.rules.replay import Tried
    from netad.rules.simulation import Simulation

NAMED = 10  # events of a list; --format json has all


@click.command("simulate", short_help="What rules would hide and show among stored events.")
@paths_argument
@stored_options("30d")
@click.option("--against", multiple=True, metavar="FILE|DIR|builtin:NAME",
              help="Compare with these rules; may be given several times. [with what is in the store]")  # fmt: skip
@click.option("--changed-only", is_flag=True, help="Leave out the counts that stay as they are.")
@format_option
@config_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    store: str | None,
    since: str,
    namespace: str | None,
    against: tuple[str, ...],
    changed_only: bool,
    report_format: str,
    config_file: str | None,
) -> None:
    """Say what rules would do with stored events, beside what was done with them: nothing is changed.

    Each event is judged by the rules that were in force when it was made; limits and inhibition look at the whole
    period. Events that an analyst marked true positive and that would be hidden are told one by one.

    Exit codes: 0 done, 2 the rules do not load, 10 a true positive would be hidden.
    """
    from datetime import UTC, datetime

    from netad.rules.replay import context_start, replay
    from netad.rules.ruleset import RuleSet, nanoseconds
    from netad.rules.simulation import Simulation

    rules, other = load(paths, config_file), RuleSet.load(against) if against else None
    chosen = choose(store, since, namespace, config_file, nanoseconds(datetime.now(UTC)))
    asked = [*rules.event_rules, *(other.event_rules if other is not None else ())]
    events = chosen.events(context_start(asked, chosen.since_ns))
    simulation = Simulation(replay(events, rules, other, chosen.since_ns).tried, rules)
    if report_format == "json":
        from orjson import OPT_INDENT_2, dumps

        found = {"store": chosen.stored.where, **simulation.to_json(changed_only=changed_only)}
        click.echo(dumps(found, option=OPT_INDENT_2).decode())
    else:
        from netad.outputs.wording import counted

        what = "what is in the store" if other is None else "the rules they are compared with"
        click.echo(f"{chosen.told(simulation.events)}: {counted(len(rules.event_rules), 'rule')} beside {what}")
        for line in _report(simulation, changed_only=changed_only):
            click.echo(line)
    ctx.exit(int(ExitCode.ANOMALIES if simulation.lost else ExitCode.DONE))


def _report(simulation: "Simulation", *, changed_only: bool) -> Iterator[str]:
    if not simulation.events:
        return
    yield from _table(
        ("severity", *simulation.by_severity["all"]),
        [
            (name, *(_told(change.before, change.after) for change in changes.values()))
            for name, changes in simulation.by_severity.items()
            if not changed_only or any(change.changes for change in changes.values())
        ],
    )
    yield from _table(
        ("rule", "effect", "events"),
        [
            (rule_id, fate, _told(change.before, change.after))
            for (rule_id, fate), change in simulation.by_rule.items()
            if not changed_only or change.changes
        ],
    )
    yield from _events("newly hidden", simulation.newly_hidden, NAMED)
    yield from _events("newly shown", simulation.newly_shown, NAMED)
    yield from _events("marked true positive, but hidden", simulation.lost, len(simulation.lost), verdict=True)


def _told(before: int, after: int) -> str:
    return f"{before:,}" if before == after else f"{before:,} -> {after:,}"


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield ""
        yield from table([heading, *rows])


def _events(heading: str, events: "Sequence[Tried]", most: int, *, verdict: bool = False) -> Iterator[str]:
    """Yield a list of events with the rules that hide them, or did."""
    from netad.outputs.wording import printable
    from netad.rules.simulation import severity_name

    if not events:
        return
    yield ""
    yield f"{heading}: {len(events):,}"
    for each in events[:most]:
        outcome = each.before if each.newly_shown else each.after
        said = f"; {each.verdict.get('by', '')}: {each.verdict.get('comment', '')}" if verdict else ""
        told = f"{each.time[:19]}Z  {severity_name(each.severity)}  {each.source}  {each.id}"
        yield printable(f"  {told}  {', '.join(outcome.rule_ids)}{said}", sys.stdout.encoding)
    if len(events) > most:
        yield f"  and {len(events) - most:,} more (--format json names all)"
