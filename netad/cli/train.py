"""`netad train`: learn what is normal."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from netad.detectors.model import Model
    from netad.detectors.verdicts import Verdicts


@click.command("train", short_help="Learn a model of normal traffic.")
@inputs_argument
@click.option("--model", "folder", metavar="DIR", required=True, help="Where the model is written.")
@click.option("--update", is_flag=True, help="Add to the model that is there: it keeps its name, window and detectors.")
@click.option("--name", metavar="NAME", help="The model's name in events; keep it when you train again. [DIR's name]")
@click.option("--verdicts", "judged", metavar="STORE",
              help="Heed analysts' verdicts (netad mark) in this store: parquet[:DIR] or elastic[:URL].")  # fmt: skip
@rules_options
@window_option
@reading_options
@detection_options
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    inputs: tuple[str, ...],
    folder: str,
    name: str | None,
    update: bool,
    judged: str | None,
    **flags: Any,
) -> None:
    """Learn what normal profiles look like from captures or logs without attacks, and write the model to a directory.

    \b
    netad train /var/capture/last-week --model office
    netad ingest today.pcap --model office
    netad train /var/capture/this-week --model office --update --verdicts elastic
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    config = settings({**flags, "model": folder} if update else flags)

    from netad.detector_settings import detector_settings, prepare_update
    from netad.detectors.bundle import check_target
    from netad.judging import open_model, train_model, update_model
    from netad.outputs.wording import counted, traffic_read
    from netad.progress import progress, training_progress
    from netad.reading import Reading, span

    keep_out = flow_filter(config, load_rules(config))
    check_target(Path(folder))  # before hours of reading, not after
    old = None
    if update:
        old, config = open_model(config)
        _refuse_change(old, name, flags)
    verdicts = _verdicts(judged, config.since_ns)
    with progress(config.quiet) as bar, training_progress(bar) as on_step:
        reading = Reading(config, inputs, bar, keep_out=keep_out)
        checkpoint = _checkpoint(Path(folder))
        if old is None:
            made_with = detector_settings(config, checkpoint, on_step)
            model = train_model(config, reading, name or Path(folder).resolve().name, verdicts, made_with)
        else:
            prepare_update(old, checkpoint, on_step)
            model = update_model(config, reading, old, verdicts)
    model.save(Path(folder))
    report = reading.report
    if not config.quiet:
        click.echo(f"model {model.name} {model.version} written to {folder}")
        learnt = counted(model.profiles, "profile")
        if old is not None:
            learnt = f"{counted(model.profiles - old.profiles, 'more profile')}, {model.profiles:,} in all"
        click.echo(f"learnt from {learnt} (window {model.window}) of "
                   f"{counted(report.flows, 'flow')}, {traffic_read(report.packets, report.records, report.logs)}, "
                   f"{span(report)}")  # fmt: skip
        for note in (*reading.notes, *model.notes):
            click.echo(f"note: {note}")
    ctx.exit(input_code(report))


def _verdicts(store: str | None, since_ns: int | None) -> "Verdicts":
    """Return what analysts said of the anomalies in a store, nothing without one.

    Raises:
        ConfigError: it is no store.
        OutputError: it cannot be read.
    """
    from netad.detectors.verdicts import NO_VERDICTS
    from netad.outputs.stored import open_stored
    from netad.outputs.verdicts import read_verdicts

    return NO_VERDICTS if store is None else read_verdicts(open_stored(store), since_ns)


def _checkpoint(folder: Path) -> Path:
    """Return where a training of minutes keeps its state, beside the model that it makes, to go on if it is ended."""
    place = folder.resolve()
    return place.parent / f".{place.name}.training"


def _refuse_change(model: "Model", name: str | None, flags: dict[str, Any]) -> None:
    """Refuse settings that an update would have to ignore.

    Raises:
        ConfigError: a flag asks for another name, other detectors or another seed than the model's.
    """
    from netad.core.errors import ConfigError

    asked = (
        ("--name", name, model.name),
        ("--model-type", tuple(dict.fromkeys(flags["detectors"])), tuple(model.detectors)),
        ("--seed", flags["seed"], model.seed),
        ("--base-model", flags["base_model"], "its own base model"),
        ("--objective", flags["objective"], "its own objective"),
    )
    for flag, wanted, held in asked:
        if wanted not in (None, (), held):
            told = ", ".join(held) if isinstance(held, tuple) else held
            raise ConfigError(f"an update keeps what the model {model.name} has ({told}): leave {flag} out, or train "
                              "another model")  # fmt: skip
