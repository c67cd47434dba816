"""`netad rules`: check, test, explain, try, apply, list, count, write and import rules."""

import click

from netad.cli.rules import add, apply, cases, explain, importing, lint, listing, schema, simulate, stats


@click.group("rules", short_help="Check, test, try, apply, list, write and import suppression rules.")
def command() -> None:
    """Work with suppression rules.

    \b
    netad rules lint rules/
    netad rules test rules/
    netad rules explain event.json --rules rules/
    netad rules simulate rules/ --store parquet:netad-store
    netad rules apply rules/ --store parquet:netad-store --dry-run
    netad rules add --from events.ndjson#ID --created-by soc --comment "known backup" --expires 30d -o rules/new.yml
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"


for module in (lint, cases, explain, simulate, apply, listing, stats, add, importing, schema):
    command.add_command(module.command)
