"""The command line: a group that loads a command when it is used, and ends with the documented exit codes."""

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import click

from netad import __version__
from netad.core.errors import ExitCode, NetadError, RuleError

# In the order of the help: reading and judging first, then the pieces on their own, then set-up.
COMMANDS = ("ingest", "scan", "train", "flows", "profiles", "rules", "mark", "history", "rescore", "store", "report",
            "extract", "models", "evaluate", "sample", "init", "setup", "replay",
            "doctor", "completion")  # fmt: skip

# Where the script of `netad completion` says that a shell asks how a line may go on.
COMPLETING = "_NETAD_COMPLETE"


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
        if COMPLETING not in os.environ:
            return command
        from netad.cli.completion import complete_values

        return complete_values(command)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever the command returns
        """Run the command; a closed pipe (`netad ... | head`) means that its reader has seen enough.

        Caught here because click ends the program with 1 for it.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _forget_stdout()
            return ExitCode.DONE

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
    """Find anomalous hosts in network captures, explain them, and ship ECS events.

    \b
    netad ingest capture.pcap                    print what stands out
    netad train normal/ --model office           learn what is normal
    netad ingest today.pcap --model office --to elastic
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with a code of `ExitCode`; one sentence on stderr for whatever goes wrong."""
    given = sys.argv[1:] if arguments is None else arguments
    with _terminable():
        code = _run(given)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    try:
        code: Any = root.main(arguments, prog_name="netad", standalone_mode=False)
    except click.exceptions.Abort:
        return _failed("interrupted", ExitCode.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except NetadError as error:
        _traceback(arguments)
        sentence = "\n".join(error.problems) if isinstance(error, RuleError) else str(error)
        return _failed(sentence, error.exit_code)
    except Exception as error:
        _traceback(arguments)
        sentence = f"internal error, please report it: {type(error).__name__}: {error} (-vv shows where)"
        return _failed(sentence, ExitCode.INTERNAL)
    return code if isinstance(code, int) else ExitCode.DONE


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM (systemd, docker stop) end a run as Ctrl-C does: outputs closed, temporary files gone."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread, where nothing can be set
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _forget_stdout() -> None:
    """Point stdout to nowhere, so that what is still buffered does not fail again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _traceback(arguments: list[str]) -> None:
    verbosity = sum(arg.count("v") for arg in arguments if arg.startswith("-v") and set(arg[1:]) == {"v"})
    if verbosity + arguments.count("--verbose") >= 2 or logging.getLogger("netad").level == logging.DEBUG:
        import traceback

        traceback.print_exc()


def _failed(sentence: str, code: ExitCode) -> int:
    """Say why the run ended, where the settings send messages; on stderr in any case, unless that is JSON."""
    logger = logging.getLogger("netad")
    if logger.handlers:
        logger.error(sentence)
    if not any(getattr(handler, "stream", None) is sys.stderr for handler in logger.handlers):
        click.echo(f"netad: {sentence}", err=True)
    return code
