"""`netad profiles`: captures to profiles in a file."""

from typing import Any

import click

from netad.cli.options import common_options, inputs_argument, reading_options, settings, window_option


@click.command("profiles", short_help="Write the profile of every source and window to a file.")
@inputs_argument
@click.option(
    "-o", "--output", "target", metavar="FILE", required=True, help="FILE.parquet, FILE.csv, or - for CSV on stdout."
)
@window_option
@reading_options
@common_options
@click.pass_context
def command(ctx: click.Context, /, inputs: tuple[str, ...], target: str, **flags: Any) -> None:
    r"""Turn captures into one behavioural profile for every source address and window.

    \b
    netad profiles capture.pcap --window 5m -o profiles.parquet
    """
    config = settings(flags)

    from netad.core.errors import ExitCode
    from netad.pipeline import Reading
    from netad.profiles.files import write_profiles
    from netad.progress import progress

    with progress(inputs, config.quiet) as bar:
        reading = Reading(config, inputs, bar)
        written = write_profiles(reading.profiles(), target)
    report = reading.report
    if not config.quiet:
        click.echo(f"{written:,} profiles of {report.flows:,} flows written to {target}", err=True)
    for problem in report.problems:
        click.echo(f"netad: {problem.path}: {problem.sentence}", err=True)
    ctx.exit(int(ExitCode.INPUT if report.problems else ExitCode.DONE))
