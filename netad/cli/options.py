"""Options that several commands share, the settings they make up together, and how commands end."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from netad.config import FLOW_CHOICES, LOG_FORMATS, Config, load_config
from netad.core.errors import ExitCode

if TYPE_CHECKING:
    from netad.ingest.report import IngestReport

log = logging.getLogger("netad")

F = TypeVar("F", bound=Callable[..., Any])


def _stack(*options: Callable[[F], F]) -> Callable[[F], F]:
    def apply(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return apply


inputs_argument = click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)

reading_options = _stack(
    click.option("--inside", metavar="NETWORK", multiple=True, help="An inside network (CIDR). [private ranges]"),
    click.option("--since", metavar="TIME", help="Leave out packets before this time (ISO 8601 or epoch seconds)."),
    click.option("--until", metavar="TIME", help="Leave out packets from this time on."),
    click.option("--max-flows", type=int, metavar="N", help="Most flows open at once; the idlest go first. [1000000]"),
    click.option("--max-ratio", type=int, metavar="N",
                 help="Most bytes that each byte of a compressed input may give; more is a bomb. [1000]"),
    click.option("--no-decap", "decap", flag_value=False, default=None, type=bool,
                 help="Take tunnels (GRE, VXLAN, ...) for flows, not what they carry."),
)  # fmt: skip

window_option = click.option("--window", metavar="DURATION",
                             help="Length of a window: 5m, 1h, ..., or 'capture' for one. [1h]")  # fmt: skip

detection_options = _stack(
    click.option("--model-type", "detectors", metavar="NAME", multiple=True,
                 help="Detector to use; may be given several times. [isolation_forest]"),
    click.option("--seed", type=int, metavar="N", help="Seed of everything drawn by chance. [0]"),
)  # fmt: skip

common_options = _stack(
    click.option("--config", "config_file", metavar="FILE", help="Settings in YAML; NETAD_... variables override it, "
                 "flags override both."),
    click.option("-q", "--quiet", is_flag=True, default=None, help="Only results and errors."),
    click.option("-v", "--verbose", count=True, help="Say more; -vv shows tracebacks."),
    click.option("--log-file", metavar="FILE", help="Write messages to this file instead of stderr."),
    click.option("--log-format", type=click.Choice(LOG_FORMATS), help="Messages as text or as ECS JSON lines. [text]"),
)  # fmt: skip

flows_option = click.option("--flows", type=click.Choice(FLOW_CHOICES),
                            help="Which flows to ship with the anomalies. [anomalous]")  # fmt: skip


def settings(flags: dict[str, Any]) -> Config:
    """Return the run's settings from a command's flags, and set up logging as they say.

    Raises:
        ConfigError: something in them is wrong.
    """
    from netad.logs import configure_logging

    flags = dict(flags)
    file = flags.pop("config_file", None)
    flags["verbose"] = flags.get("verbose") or None
    config = load_config(file, flags)
    configure_logging(config)
    return config


def input_code(report: "IngestReport") -> int:
    """Tell what is wrong with the inputs, one line each, and return the exit code that says so."""
    for problem in report.problems:
        log.error("%s: %s", problem.path, problem.sentence)
    return int(ExitCode.INPUT if report.problems else ExitCode.DONE)


def place(target: str) -> str:
    """Return a file's name, or words for `-`, as messages say it."""
    return "standard output" if target == "-" else target
