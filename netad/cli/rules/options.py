"""Options that commands about rules share, and how they find their rules."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from netad.core.errors import ConfigError

if TYPE_CHECKING:
    from netad.rules.ruleset import RuleSet

F = TypeVar("F", bound=Callable[..., Any])

paths_argument = click.argument("paths", metavar="[FILE|DIR|builtin:NAME]...", nargs=-1)
config_option = click.option(
    "--config", "config_file", metavar="FILE", help="Settings in YAML, for their rules and store."
)
rules_option = click.option("--rules", "paths", multiple=True, metavar="FILE|DIR|builtin:NAME",
                            help="The rules; may be given several times. [those of the settings]")  # fmt: skip
format_option = click.option("--format", "report_format", type=click.Choice(("text", "json")), default="text",
                             show_default=True, help="How the result is printed.")  # fmt: skip
_WRITING = (
    click.option("-o", "--output", metavar="FILE", help="Write to this file. [standard output]"),
    click.option("--permanent", is_flag=True, help="It never ends."),
    click.option("--expires", metavar="DURATION|TIME", help="When it ends: 30d from now, or a date."),
    click.option("--created-by", required=True, metavar="NAME", help="Whose rule it is."),
)


def writing_options(function: F) -> F:
    """Give a command the options of rules that are written: owner, end and file."""
    for option in _WRITING:
        function = option(function)
    return function


def named_paths(paths: Sequence[str], config_file: str | None) -> Sequence[str]:
    """Return the paths of rules: those that were given, else those of the settings.

    Raises:
        ConfigError: there are none.
    """
    from netad.config import load_config

    found = paths or load_config(config_file, {}).rules
    if not found:
        raise ConfigError("no rules were named: give files or folders, or rules: in the settings")
    return found


def load(paths: Sequence[str], config_file: str | None = None) -> "RuleSet":
    """Return the rules that the paths or the settings name.

    Raises:
        RuleError: they do not load.
    """
    from netad.rules.ruleset import RuleSet

    return RuleSet.load(named_paths(paths, config_file))


def owner_and_end(given: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a rule that say whose it is and when it ends.

    Raises:
        ConfigError: there is not exactly one end.
    """
    from netad.rules.writing import end_of

    if bool(given["expires"]) is given["permanent"]:
        raise ConfigError("say when the rule ends: --expires, or --permanent")
    return {"created_by": given["created_by"], **end_of(given["expires"])}
