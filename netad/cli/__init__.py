"""The command line: a group that loads a command when it is used, and ends with the documented exit codes."""

import os
import sys
from importlib import import_module
from typing import Any

import click

from netad import __version__
from netad.core.errors import ExitCode, NetadError, RuleError

# In the order of the help: reading and judging first, then the pieces on their own, then set-up.
COMMANDS = ("ingest", "train", "flows", "profiles", "sample", "setup")


class CommandGroup(click.Group):
    """Finds `netad NAME` in `netad.cli.NAME`, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click gives it
        """Return the commands in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command, or None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"netad.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever the command returns
        """Run the command; a closed pipe (`netad ... | head`) means that its reader has seen enough."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # What is still buffered must not fail again when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitCode.DONE
        return result

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, suggesting the nearest one for a typing error."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="netad")
def root() -> None:
    r"""Find anomalous hosts in network captures, explain them, and ship ECS events.

    \b
    netad ingest capture.pcap                    print what stands out
    netad train normal/ --model office           learn what is normal
    netad ingest today.pcap --model office --to elastic
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with a code of `ExitCode`; one sentence on stderr for whatever goes wrong."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code: Any = root.main(given, prog_name="netad", standalone_mode=False)
    except click.exceptions.Abort:
        _fail("interrupted", ExitCode.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    except NetadError as error:
        _traceback(given)
        _fail("\n".join(error.problems) if isinstance(error, RuleError) else str(error), error.exit_code)
    except Exception as error:
        _traceback(given)
        _fail(f"internal error, please report it: {type(error).__name__}: {error} (-vv shows where)", ExitCode.INTERNAL)
    sys.exit(code if isinstance(code, int) else ExitCode.DONE)


def _traceback(arguments: list[str]) -> None:
    verbosity = sum(arg.count("v") for arg in arguments if arg.startswith("-v") and set(arg[1:]) == {"v"})
    if verbosity + arguments.count("--verbose") >= 2:
        import traceback

        traceback.print_exc()


def _fail(sentence: str, code: ExitCode) -> None:
    click.echo(f"netad: {sentence}", err=True)
    sys.exit(code)
