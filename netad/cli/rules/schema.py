"""`netad rules schema`: the JSON Schema of rule files."""

import click


@click.command("schema", short_help="Print the JSON Schema of rule files.")
def command() -> None:
    """Print the JSON Schema of rule files, for editors that complete and check YAML by it."""
    from netad.rules.json_schema import schema_text

    click.echo(schema_text(), nl=False)
