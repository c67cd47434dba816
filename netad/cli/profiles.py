"""`netad profiles`: captures to profiles in a file."""

from typing import TYPE_CHECKING, Any

import click

from netad.cli.options import (
    common_options,
    flow_filter,
    hide_options,
    input_code,
    inputs_argument,
    load_rules,
    place,
    reading_options,
    rules_options,
    settings,
    window_option,
)
from netad.core.errors import ConfigError

if TYPE_CHECKING:
    from netad.config import Config
    from netad.detectors.model import Model
    from netad.profiles.batch import ProfileBatch


@click.command("profiles", short_help="Write the profile of every source and window to a file.")
@inputs_argument
@click.option("-o", "--output", "target", metavar="FILE", help="FILE.parquet, FILE.csv, or - for CSV on stdout.")
@click.option("--as-text", is_flag=True, help="Print each profile as the text that huggingface reads, a line each.")
@click.option("--model", metavar="DIR", help="With --as-text: by what this model knows. [the input itself]")
@hide_options
@rules_options
@window_option
@reading_options
@common_options
@click.pass_context
def command(
    ctx: click.Context, /, inputs: tuple[str, ...], target: str | None, as_text: bool, model: str | None, **flags: Any
) -> None:
    """Turn captures into one behavioural profile for every source address and window.

    \b
    netad profiles capture.pcap --window 5m -o profiles.parquet
    netad profiles capture.pcap --as-text --model office
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    config = settings({**flags, "model": model})
    if as_text == (target is not None) or (model is not None and not as_text):
        raise ConfigError("give either --output FILE, or --as-text with or without --model")

    from netad.outputs.enrich.settings import disguise_of
    from netad.outputs.wording import counted
    from netad.profiles.batch import ProfileBatch
    from netad.profiles.files import write_profiles
    from netad.progress import progress
    from netad.reading import Reading

    disguise = disguise_of(config.enrich)
    known = None
    if config.model is not None and as_text:
        from netad.judging import open_model

        known, config = open_model(config)
    keep_out = flow_filter(config, load_rules(config))
    with progress(config.quiet) as bar:
        reading = Reading(config, inputs, bar, keep_out=keep_out)
        if target is None:
            lines = _lines(ProfileBatch.join(list(reading.profiles())), known, config)
        else:
            frames = (batch.frame for batch in reading.profiles())
            written = write_profiles(frames if disguise is None else map(disguise.profiles, frames), target)
    report = reading.report
    if target is None:
        for line in lines:
            click.echo(line if disguise is None else disguise.text(line))
    elif not config.quiet:
        profiles, flows = counted(written, "profile"), counted(report.flows, "flow")
        click.echo(f"{profiles} of {flows} written to {place(target)}", err=True)
        for note in reading.notes:
            click.echo(f"note: {note}", err=True)
    ctx.exit(input_code(report))


def _lines(batch: "ProfileBatch", model: "Model | None", config: "Config") -> list[str]:
    """Return for each profile its source, its start and its text, by a model, or by the profiles themselves."""
    from netad.core.timing import iso
    from netad.detectors.training import measured
    from netad.detectors.transformer.text import as_text, levels_of
    from netad.enriching import peer_groups
    from netad.profiles.novelty import Knowledge

    if not len(batch):
        return []
    if model is not None:
        frame, levels = measured(batch, model.knowledge), levels_of(model.measured_training)
    else:
        frame = Knowledge.measure_training(batch, peer_networks=peer_groups(config), seed=config.seed)
        levels = levels_of(frame)
    starts = frame["window_start_ns"].tolist()
    return [f"{source}  {iso(start)[:16]}Z  {text}"
            for source, start, text in zip(frame["source"], starts, as_text(frame, levels), strict=True)]  # fmt: skip
