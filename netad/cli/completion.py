"""`netad completion`: scripts for shells, and what a parameter's value may be completed to.

Click completes commands, options and choices by itself. What else a parameter takes is told by its metavar.
"""

import re
from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import CompletionItem, shell_complete

from netad.cli import COMPLETING, root

if TYPE_CHECKING:
    from collections.abc import Iterable

SHELLS: Final = ("bash", "zsh", "fish")
_FILES: Final = re.compile(r"\b(FILE|DIR|FOLDER|INPUT|PATH|STORE|CONFIG|SUITE)\b")
_STORES: Final = ("parquet:", "elastic:")


@click.command("completion", short_help="Completion of commands and options for your shell.")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the script that completes commands, options and their values. To have it in every shell:

    \b
    bash   netad completion bash > ~/.local/share/bash-completion/completions/netad
    zsh    netad completion zsh > "${fpath[1]}/_netad"
    fish   netad completion fish > ~/.config/fish/completions/netad.fish
    """  # noqa: D301, D400, D415 - click takes a backspace as "do not wrap what follows"; lines of examples end it
    shell_complete(root, {}, "netad", COMPLETING, f"{shell}_source")


def complete_values(found: click.Command) -> click.Command:
    """Return a command whose parameters, and those of the commands below it, complete their values."""
    for parameter in found.params:
        if isinstance(parameter.type, click.types.StringParamType):
            parameter.type = _Completed(parameter)
    if isinstance(found, click.Group):
        for below in found.commands.values():
            complete_values(below)
    return found


class _Completed(click.types.StringParamType):
    """A text, completed to what its parameter takes."""

    def __init__(self, parameter: click.Parameter) -> None:
        self._metavar, self._option = parameter.metavar or "", parameter.name

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click gives them
        """Return the names that may stand here and begin so; files where none does and a file may."""
        takes_files = _FILES.search(self._metavar) is not None
        names = () if takes_files and not incomplete else self._names()
        items = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return items or ([CompletionItem(incomplete, type="file")] if takes_files else [])

    def _names(self) -> "Iterable[str]":
        if self._metavar == "OUTPUT":
            from netad.outputs.base import OUTPUTS

            return OUTPUTS
        if self._option == "detectors":
            from netad.detectors.base import DETECTORS

            return DETECTORS
        if "builtin:NAME" in self._metavar:
            from netad.rules.files import builtin_names

            return [f"builtin:{name}" for name in builtin_names()]
        return _STORES if "STORE" in self._metavar else ()
