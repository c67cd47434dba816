"""`netad flows`: captures and logs to flow records in a file."""

from typing import Any

import click

from netad.cli.options import (
    common_options,
    hide_options,
    input_code,
    inputs_argument,
    place,
    reading_options,
    settings,
)


@click.command("flows", short_help="Write flow records to a file.")
@inputs_argument
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    required=True,
    help="FILE.parquet, .csv, .ndjson (ECS events), .log or .json (Zeek's conn.log), or - for CSV on stdout.",
)
@click.option(
    "--format",
    "named",
    type=click.Choice(("parquet", "csv", "ndjson", "zeek", "zeek-json")),
    help="The format, whatever FILE is called.",
)
@click.option("--community-id", is_flag=True, help="Add the Community ID to Parquet and CSV; the others have it.")
@hide_options
@reading_options
@common_options
@click.pass_context
def command(
    ctx: click.Context, /, inputs: tuple[str, ...], target: str, named: str | None, community_id: bool, **flags: Any
) -> None:
    """Turn captures into bidirectional flow records, as Zeek would see them; logs of flows into the same form.

    \b
    netad flows capture.pcap -o flows.parquet
    netad flows capture.pcap -o - | head
    netad flows capture.pcap.gz -o conn.log
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    config = settings(flags | {"window": "capture"})

    from netad.outputs.enrich.settings import disguise_of
    from netad.outputs.flow_files import format_of, write_flows
    from netad.outputs.wording import counted, traffic_read
    from netad.pipeline import origin_of
    from netad.progress import progress
    from netad.reading import Reading

    format_of(target, named)  # before anything is read
    disguise = disguise_of(config.enrich)
    origin = origin_of(config)
    with progress(config.quiet) as bar:
        reading = Reading(config, inputs, bar)
        whole = (batch.whole() for batch in reading.flows())
        written = write_flows(
            whole,
            target,
            origin if disguise is None else disguise.record(origin),
            config.networks,
            named=named,
            community_id=community_id,
            every_column=not reading.only_captures,
            disguise=disguise,
        )
    report = reading.report
    if not config.quiet:
        flows, traffic = counted(written, "flow"), traffic_read(report.packets, report.records, report.logs)
        click.echo(f"{flows} of {traffic} written to {place(target)}", err=True)
        for note in reading.notes:
            click.echo(f"note: {note}", err=True)
        for kind, count in report.skipped.most_common():
            click.echo(f"skipped: {count:,} {kind.replace('_', ' ')}", err=True)
    ctx.exit(input_code(report))
