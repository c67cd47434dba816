"""`netad rules`: check, test, explain, list, write and import rules."""

import click

from netad.cli.rules import add, cases, explain, importing, lint, listing, schema


@click.group("rules", short_help="Check, test, explain, list, write and import suppression rules.")
def command() -> None:
    """Work with suppression rules.

    \b
    netad rules lint rules/
    netad rules test rules/
    netad rules explain event.json --rules rules/
    netad rules add --from events.ndjson#ID --created-by soc --comment "known backup" --expires 30d -o rules/new.yml
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"


for module in (lint, cases, explain, listing, add, importing, schema):
    command.add_command(module.command)
