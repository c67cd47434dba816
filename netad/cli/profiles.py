"""`netad profiles`: captures to profiles in a file."""

from typing import Any

import click

from netad.cli.options import (
    common_options,
    flow_filter,
    input_code,
    inputs_argument,
    load_rules,
    place,
    reading_options,
    rules_options,
    settings,
    window_option,
)


@click.command("profiles", short_help="Write the profile of every source and window to a file.")
@inputs_argument
@click.option(
    "-o", "--output", "target", metavar="FILE", required=True, help="FILE.parquet, FILE.csv, or - for CSV on stdout."
)
@rules_options
@window_option
@reading_options
@common_options
@click.pass_context
def command(ctx: click.Context, /, inputs: tuple[str, ...], target: str, **flags: Any) -> None:
    """Turn captures into one behavioural profile for every source address and window.

    \b
    netad profiles capture.pcap --window 5m -o profiles.parquet
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    config = settings(flags)

    from netad.outputs.wording import counted
    from netad.profiles.files import write_profiles
    from netad.progress import progress
    from netad.reading import Reading

    keep_out = flow_filter(config, load_rules(config))
    with progress(config.quiet) as bar:
        reading = Reading(config, inputs, bar, keep_out=keep_out)
        written = write_profiles((batch.frame for batch in reading.profiles()), target)
    report = reading.report
    if not config.quiet:
        profiles, flows = counted(written, "profile"), counted(report.flows, "flow")
        click.echo(f"{profiles} of {flows} written to {place(target)}", err=True)
        for note in reading.notes:
            click.echo(f"note: {note}", err=True)
    ctx.exit(input_code(report))
