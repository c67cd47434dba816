"""`netad train`: learn what is normal."""

from pathlib import Path
from typing import Any

import click

from netad.cli.options import (
    common_options,
    detection_options,
    flow_filter,
    input_code,
    inputs_argument,
    load_rules,
    reading_options,
    rules_options,
    settings,
    window_option,
)


@click.command("train", short_help="Learn a model of normal traffic.")
@inputs_argument
@click.option("--model", "folder", metavar="DIR", required=True, help="Where the model is written.")
@click.option("--name", metavar="NAME", help="The model's name in events; keep it when you train again. [DIR's name]")
@rules_options
@window_option
@reading_options
@detection_options
@common_options
@click.pass_context
def command(ctx: click.Context, /, inputs: tuple[str, ...], folder: str, name: str | None, **flags: Any) -> None:
    """Learn what normal profiles look like from captures without attacks, and write the model to a directory.

    \b
    netad train /var/capture/last-week --model office
    netad ingest today.pcap --model office
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    config = settings(flags)

    from netad.detectors.bundle import check_target
    from netad.judging import train_model
    from netad.outputs.wording import counted
    from netad.progress import progress
    from netad.reading import Reading, span

    keep_out = flow_filter(config, load_rules(config))
    check_target(Path(folder))  # before hours of reading, not after
    with progress(inputs, config.quiet) as bar:
        reading = Reading(config, inputs, bar, keep_out=keep_out)
        model = train_model(config, reading, name or Path(folder).resolve().name)
    model.save(Path(folder))
    report = reading.report
    if not config.quiet:
        click.echo(f"model {model.name} {model.version} written to {folder}")
        click.echo(f"learnt from {counted(model.profiles, 'profile')} (window {model.window}) of "
                   f"{counted(report.flows, 'flow')}, {counted(report.packets, 'packet')}, {span(report)}")  # fmt: skip
        for note in (*reading.notes, *model.notes):
            click.echo(f"note: {note}")
    ctx.exit(input_code(report))
