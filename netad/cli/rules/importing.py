"""`netad rules import`: another tool's rules as netad's."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from netad.cli.rules.options import owner_and_end, writing_options
from netad.core.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from netad.rules.importing import Imported


@click.command("import", short_help="Turn another tool's rules into netad's.")
@click.argument("kind", metavar="suricata|slips", type=click.Choice(("suricata", "slips")))
@click.argument("file", metavar="FILE")
@click.option("--signature", "signatures", multiple=True, metavar="ID=BEHAVIOUR",
              help="suricata: what netad calls what a signature finds; may be given several times.")  # fmt: skip
@writing_options
@click.pass_context
def command(
    ctx: click.Context, /, kind: str, file: str, signatures: tuple[str, ...], output: str | None, **given: Any
) -> None:
    """Turn Suricata's threshold.config or Slips' whitelist.conf into rules; what cannot be said is told line by line.

    Exit codes: 0 everything was said, 3 some lines could not be.
    """
    from pathlib import Path

    from netad.core.files import atomic_path
    from netad.rules.importing import read_text
    from netad.rules.slips import import_slips
    from netad.rules.suricata import import_suricata
    from netad.rules.writing import rules_text

    text, common = read_text(file), owner_and_end(given)
    if kind == "suricata":
        found = import_suricata(file, text, common, _behaviours(signatures))
    elif signatures:
        raise ConfigError("--signature is for suricata only")
    else:
        found = import_slips(file, text, common)
    made = rules_text(found.rules, _heading(kind, found))
    if output is None:
        click.echo(made, nl=False)
    else:
        with atomic_path(Path(output)) as part:
            part.write_text(made, encoding="utf-8")
    for line in found.unsaid:
        click.echo(f"left out: {line}", err=True)
    click.echo(f"{found.lines:,} lines: {len(found.rules):,} rules, {len(found.unsaid):,} lines left out", err=True)
    ctx.exit(int(ExitCode.INPUT if found.unsaid else ExitCode.DONE))


def _heading(kind: str, found: "Imported") -> str:
    return f"Imported from {found.path} ({kind}) by netad rules import; {len(found.unsaid)} lines could not be said."


def _behaviours(signatures: Sequence[str]) -> dict[int, str]:
    found = {}
    for text in signatures:
        number, _, behaviour = text.partition("=")
        if not number.isascii() or not number.isdigit() or not behaviour:
            raise ConfigError(f"--signature: {text!r} is not ID=BEHAVIOUR, such as 2001219=brute_force")
        found[int(number)] = behaviour
    return found
