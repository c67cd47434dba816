"""Options that several commands share, the settings they make up together, and how commands end."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from netad.config import FLOW_CHOICES, LOG_FORMATS, PROFILE_CHOICES, RULES_ERRORS, STRICT_CHOICES, Config, load_config
from netad.core.errors import ExitCode
from netad.detectors.transformer.settings import DEVICES, OBJECTIVES, PRECISIONS

if TYPE_CHECKING:
    from netad.ingest.report import IngestReport
    from netad.rules.flow_filter import FlowFilter
    from netad.rules.ruleset import RuleSet

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
    click.option("--strict", type=click.Choice(STRICT_CHOICES),
                 help="Leave out packets longer than their frames, or with wrong checksums too. [none]"),
)  # fmt: skip

window_option = click.option("--window", metavar="DURATION",
                             help="Length of a window: 5m, 1h, ..., or 'capture' for one. [1h]")  # fmt: skip

detection_options = _stack(
    click.option("--model-type", "detectors", metavar="NAME", multiple=True,
                 help="Detector to use; may be given several times. [fusion and behaviour]"),
    click.option("--base-model", metavar="FOLDER|NAME",
                 help="What huggingface adapts: a folder, or a model of the Hugging Face hub, which is fetched. "
                 "[all-MiniLM-L6-v2, from its package]"),
    click.option("--objective", type=click.Choice(OBJECTIVES),
                 help="What huggingface learns to tell: words that are hidden, or that were replaced. [masked]"),
    click.option("--device", type=click.Choice(DEVICES), help="Where huggingface runs. [a GPU where there is one]"),
    click.option("--precision", type=click.Choice(PRECISIONS),
                 help="Numbers huggingface calculates with. [bf16 where the device has them]"),
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

inventory_option = click.option("--inventory", "enrich_inventory", metavar="FILE", multiple=True,
                                help="Hosts with their names, roles and owners, CSV or YAML; hosts of one role are "
                                "peers. May be given several times.")  # fmt: skip

hide_options = _stack(
    click.option("--anonymize", "enrich_hide", flag_value="anonymize", default=None,
                 help="Make other addresses of all addresses by the key in NETAD_ANONYMIZE_KEY[_FILE], and hide names "
                 "of inside hosts."),
    click.option("--mask", "enrich_hide", flag_value="mask",
                 help="Zero the last octet of addresses (IPv6: 80 bits), and hide names of inside hosts."),
)  # fmt: skip

enrich_options = _stack(
    inventory_option,
    click.option("--geoip-db", "enrich_geoip", metavar="FILE", multiple=True,
                 help="MaxMind database (City, Country, ASN) for outside addresses; may be given several times."),
    click.option("--threat-list", "enrich_threat_lists", metavar="FILE", multiple=True,
                 help="Addresses, networks, domains, JA3 or JA4 known to be bad, one a line; may be given several "
                 "times."),
    hide_options,
)  # fmt: skip

rules_options = _stack(
    click.option("--rules", multiple=True, metavar="FILE|DIR|builtin:NAME",
                 help="YAML suppression rules; may be given several times."),
    click.option("--rules-errors", type=click.Choice(RULES_ERRORS),
                 help="What rules that do not load end: the run (fail), or only themselves (warn). [fail]"),
)  # fmt: skip

kibana_options = _stack(
    click.option("--kibana-url", metavar="URL", help="Where Kibana answers. [http://localhost:5601]"),
    click.option("--space", "kibana_space", metavar="ID", help="The space that gets the dashboards. [default]"),
    click.option("--detection-rule", is_flag=True,
                 help="Also import a detection rule for Elastic Security, switched off."),
)  # fmt: skip

flows_option = click.option("--flows", type=click.Choice(FLOW_CHOICES),
                            help="Which flows to ship with the anomalies. [anomalous]")  # fmt: skip

profiles_option = click.option("--profiles", type=click.Choice(PROFILE_CHOICES),
                               help="Which judged profiles to ship with the anomalies. [none]")  # fmt: skip


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


def load_rules(config: Config) -> "RuleSet | None":
    """Return the rules that the settings name, None when they name none, having told what is to be looked at.

    Raises:
        RuleError: they do not load, and the settings do not say that the run goes on without them.
    """
    if not config.rules:
        return None
    from netad.core.errors import RuleError
    from netad.rules.ruleset import RuleSet

    rules = RuleSet.load_what_can(config.rules)
    if rules.problems and config.rules_errors == "fail":
        raise RuleError(rules.problems)
    for problem in rules.problems:
        log.error("%s", problem)
    if rules.problems:
        log.warning("going on with the %d rules that load (--rules-errors warn)", len(rules))
    for warning in rules.warnings:
        log.warning("%s", warning)
    return rules


def flow_filter(config: Config, rules: "RuleSet | None") -> "FlowFilter | None":
    """Return what keeps flows out of profiles, None when no rule in force does."""
    if rules is None or not rules.flow_rules:
        return None
    from datetime import UTC, datetime

    found = rules.flow_filter(datetime.now(UTC), config.observer, config.namespace)
    return found if found.rules else None


def input_code(report: "IngestReport") -> int:
    """Tell what is wrong with the inputs, one line each, and return the exit code that says so."""
    for problem in report.problems:
        log.error("%s: %s", problem.path, problem.sentence)
    return int(ExitCode.INPUT if report.problems else ExitCode.DONE)


def place(target: str) -> str:
    """Return a file's name, or words for `-`, as messages say it."""
    return "standard output" if target == "-" else target
