"""`netad rules add`: a rule as narrow as an event."""

from typing import Any

import click

from netad.cli.rules.options import config_option, owner_and_end, writing_options
from netad.cli.rules.stored import find_event, store_option
from netad.core.errors import ConfigError


@click.command("add", short_help="Write a rule as narrow as an event.")
@click.option("--from", "source", required=True, metavar="FILE[#ID]|ID",
              help="The event: in a JSON or NDJSON file, or its event.id in the store.")  # fmt: skip
@store_option
@click.option("--comment", required=True, metavar="TEXT", help="Why the event is no alarm.")
@click.option("--id", "identity", metavar="ID", help="The rule's id. [made of the source and the event's id]")
@click.option("--ticket", metavar="TEXT", help="A reference for people.")
@writing_options
@config_option
def command(
    source: str,
    store: str | None,
    comment: str,
    identity: str | None,
    output: str | None,
    config_file: str | None,
    **given: Any,
) -> None:
    """Write a rule that suppresses events like one event: the same source doing the same, and nothing worse."""
    from pathlib import Path

    from netad.rules.event_files import read_events
    from netad.rules.suggestion import suggested_rule
    from netad.rules.writing import append_rule, rules_text

    event = find_event(source, store, config_file)
    events = read_events(source) if event is None else [event]
    if len(events) != 1:
        raise ConfigError(f"{source} holds {len(events)} events: say which by FILE#ID")
    try:
        rule = suggested_rule(events[0], comment, owner_and_end(given), identity, given["ticket"])
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if output is None:
        click.echo(rules_text([rule]), nl=False)
        return
    append_rule(Path(output), rule)
    click.echo(f"rule {rule['id']} written to {output}", err=True)
