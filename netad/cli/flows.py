"""`netad flows`: captures to flow records in a file."""

from typing import Any

import click

from netad.cli.options import common_options, inputs_argument, reading_options, settings


@click.command("flows", short_help="Write flow records to a file.")
@inputs_argument
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    required=True,
    help="FILE.parquet, FILE.csv, FILE.ndjson (ECS events), or - for CSV on stdout.",
)
@reading_options
@common_options
@click.pass_context
def command(ctx: click.Context, /, inputs: tuple[str, ...], target: str, **flags: Any) -> None:
    r"""Turn captures into bidirectional flow records, as Zeek would see them.

    \b
    netad flows capture.pcap -o flows.parquet
    netad flows capture.pcap -o - | head
    """
    config = settings(flags | {"window": "capture"})

    from netad.core.errors import ExitCode
    from netad.outputs.flow_files import write_flows
    from netad.pipeline import Reading, origin_of
    from netad.progress import progress

    with progress(inputs, config.quiet) as bar:
        reading = Reading(config, inputs, bar)
        written = write_flows((batch.whole() for batch in reading.flows()), target, origin_of(config), config.networks)
    report = reading.report
    if not config.quiet:
        click.echo(f"{written:,} flows of {report.packets:,} packets written to {target}", err=True)
        for kind, count in report.skipped.most_common():
            click.echo(f"skipped: {count:,} {kind}", err=True)
    for problem in report.problems:
        click.echo(f"netad: {problem.path}: {problem.sentence}", err=True)
    ctx.exit(int(ExitCode.INPUT if report.problems else ExitCode.DONE))
