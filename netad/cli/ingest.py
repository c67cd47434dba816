"""`netad ingest`: from captures to explained, shipped anomalies."""

import logging
from collections.abc import Iterable
from typing import Any

import click

from netad.cli.options import (
    common_options,
    detection_options,
    enrich_options,
    flow_filter,
    flows_option,
    inputs_argument,
    load_rules,
    profiles_option,
    reading_options,
    rules_options,
    settings,
    window_option,
)
from netad.cli.targets import name_of, open_output
from netad.core.errors import ConfigError

log = logging.getLogger("netad.ingest")


@click.command("ingest", short_help="Find and explain anomalous hosts, and ship them.")
@inputs_argument
@click.option(
    "--to",
    multiple=True,
    metavar="OUTPUT",
    help="Where results go: console, ndjson[:PATH], parquet[:DIR], elastic[:URL], opensearch[:URL], syslog:URL, "
    "webhook[:URL], report:FILE; may be given several times. [console]",
)
@flows_option
@profiles_option
@click.option(
    "--model", metavar="DIR", help="Model made by 'netad train'; without one the capture is its own baseline."
)
@click.option("--budget", metavar="SHARE", help="False alarms accepted among normal profiles. [1/1000]")
@rules_options
@enrich_options
@click.option(
    "--format",
    "report_format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How the console prints anomalies.",
)
@click.option("--explain", metavar="ADDRESS", help="Print this source only, also where it is not anomalous.")
@window_option
@reading_options
@detection_options
@common_options
@click.pass_context
def command(
    ctx: click.Context, /, inputs: tuple[str, ...], report_format: str, explain: str | None, **flags: Any
) -> None:
    """Turn captures and logs into flows, profile every source, score the profiles, explain and ship what is anomalous.

    INPUT is a pcap or pcapng file, a log (Zeek, Suricata's EVE, Argus, nfdump), a directory, a glob, or - for stdin.

    \b
    netad ingest capture.pcap
    netad ingest /opt/zeek/logs/current
    netad ingest today.pcap --model office --explain 10.1.2.3
    netad ingest /var/capture --model office --rules rules/ --to console --to elastic:http://localhost:9200
    tcpdump -w - -c 10000 | netad ingest - --window 5m --format json

    Exit codes: 0 done, 2 usage or model, 3 some input was skipped or cut, 4 an output failed, 5 nothing to spool to.
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    from netad.explaining import explained_source
    from netad.rules.limit_memory import LimitMemory

    config = settings(flags)
    rules = load_rules(config)
    limits = LimitMemory.of_run(rules, config.observer, config.namespace)
    explained = None if explain is None else explained_source(explain)
    if explained is not None and "console" not in config.to:
        raise ConfigError("--explain prints on the console: add --to console")
    _check_stdout(config.to)
    opened = [(target, open_output(target, config, report_format)) for target in dict.fromkeys(config.to)]
    outputs = [(name_of(target, output), output) for target, output in opened]

    from netad.pipeline import ingest
    from netad.progress import progress
    from netad.reading import Reading

    with limits, progress(config.quiet) as bar:
        reading = Reading(config, inputs, bar, keep_out=flow_filter(config, rules))
        result = ingest(config, reading, outputs, rules, limits, explained)
    if not config.quiet and not any(output.name == "console" for _, output in outputs):
        for line in result.summary.deliveries:
            click.echo(line, err=True)
    for problem in result.summary.problems:
        log.error(problem)
    for delivery in result.deliveries.values():
        for problem in delivery.problems:
            log.error(problem)
    ctx.exit(int(result.exit_code))


def _check_stdout(targets: Iterable[str]) -> None:
    """Refuse two outputs that would write into each other's lines."""
    both = [target for target in dict.fromkeys(targets) if target in ("console", "ndjson", "ndjson:", "ndjson:-")]
    if len(both) > 1:
        raise ConfigError(f"{' and '.join(both)} both write to standard output: give a file, such as ndjson:FILE")
