"""What commands about a local store share: which one is meant, and tables as they print them."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from netad.outputs.store.stored import ParquetStored

format_option = click.option("--format", "form", type=click.Choice(("text", "json")), default="text",
                             help="How it is printed. [text]")  # fmt: skip
config_option = click.option("--config", "config_file", metavar="FILE", help="Settings in YAML, for their store.")


def open_local(named: str | None, config_file: str | None) -> "ParquetStored":
    """Return the local store that a command names, else that of the settings, else the default one.

    Raises:
        ConfigError: it is not there, or no local one.
    """
    from netad.config import load_config
    from netad.outputs.store.files import DEFAULT_FOLDER, existing_store
    from netad.outputs.store.stored import ParquetStored

    target = named or load_config(config_file, {}).store or DEFAULT_FOLDER
    return ParquetStored(existing_store(target))


def echo(lines: Iterable[str]) -> None:
    """Print lines; names and messages come from outside, and may not drive the terminal."""
    from netad.outputs.wording import printable

    for line in lines:
        click.echo(printable(line, sys.stdout.encoding or "utf-8"))


def echo_table(rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose first row is its heading."""
    from netad.cli.rules.tables import table

    echo(table(rows))
