"""`netad rules list`: the rules with owner, action and days left."""

import click

from netad.cli.rules.options import config_option, load, paths_argument
from netad.cli.rules.tables import table


@click.command("list", short_help="The rules with owner, action and days left.")
@paths_argument
@config_option
def command(paths: tuple[str, ...], config_file: str | None) -> None:
    """List the rules, strongest first: id, action, days left, owner, ticket and reason."""
    from datetime import UTC, datetime

    from netad.rules.ruleset import nanoseconds

    rules = load(paths, config_file)
    now_ns = nanoseconds(datetime.now(UTC))
    rows = [("id", "action", "left", "owner", "ticket", "reason")]
    for rule in rules.rules:
        action = "keep out" if rule.applies_to == "flows" else rule.action
        rows.append((rule.id, action, rule.left_told(now_ns), rule.created_by, rule.ticket or "-",
                     " ".join(rule.comment.split())[:80]))  # fmt: skip
    for line in table(rows):
        click.echo(line)
