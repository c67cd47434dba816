"""`netad rules explain`: which rules apply to an event, and why the others do not."""

import click

from netad.cli.rules.options import config_option, load, rules_option


@click.command("explain", short_help="Which rules apply to an event, and why the others do not.")
@click.argument("event", metavar="EVENT")
@rules_option
@click.option("--all", "everything", is_flag=True, help="Also the rules that are far from it.")
@config_option
def command(event: str, paths: tuple[str, ...], everything: bool, config_file: str | None) -> None:
    """Say for each rule whether it applies to an event, and which of its conditions stand in the way.

    EVENT is a JSON or NDJSON file, FILE#ID for the event of that event.id, or - for standard input. Of rules that do
    not apply, those with at most two conditions in the way are told, unless --all is given.
    """
    from datetime import UTC, datetime

    from netad.rules.event_files import read_events
    from netad.rules.explain import explain
    from netad.rules.marking import unmark
    from netad.rules.ruleset import nanoseconds

    now = datetime.now(UTC)
    rules = load(paths, config_file)
    events = read_events(event)
    for each in events:
        unmark(each)
    for each, verdict in zip(events, rules.judge(events, now).verdicts, strict=True):
        block = each.get("event")
        click.echo(f"{(block.get('id') if isinstance(block, dict) else None) or 'event'}: {verdict.action or 'none'}")
        far = 0
        for rule in rules.event_rules:
            told = explain(rule, each, nanoseconds(now))
            if told.applies:
                effect = "" if rule in verdict.rules else ", but no stronger event is here to inhibit it"
                click.echo(f"  applies    {rule.id} ({rule.action}{effect}) of {rule.created_by}: {rule.comment}")
            elif everything or len(told.reasons) <= 2:
                click.echo(f"  does not   {rule.id} ({rule.action}) at {rule.where}")
                for reason in told.reasons:
                    click.echo(f"             {reason}")
            else:
                far += 1
        if far:
            click.echo(f"  and {far:,} rules that are further from it (--all)")
