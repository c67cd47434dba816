"""`netad train`: learn what is normal."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netad.cli.moments import period
from netad.cli.options import (
    common_options,
    detection_options,
    flow_filter,
    input_code,
    inputs_argument,
    inventory_option,
    load_rules,
    reading_options,
    rules_options,
    settings,
    window_option,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netad.config import Config
    from netad.detectors.model import Model
    from netad.detectors.verdicts import Verdicts
    from netad.reading import Reading
    from netad.stored_profiles import StoredBatch


@click.command("train", short_help="Learn a model of normal traffic.")
@inputs_argument
@click.option("--model", "folder", metavar="DIR", required=True, help="Where the model is written.")
@inventory_option
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

    INPUT may also be a local store, parquet:DIR, that runs have filled with --profiles all: it is learnt from what they
    kept, without reading the traffic again. --since and --until take durations too: 30d is thirty days ago.

    \b
    netad train /var/capture/last-week --model office
    netad train parquet:netad-store --since 30d --verdicts parquet:netad-store --model office
    netad ingest today.pcap --model office
    netad train /var/capture/this-week --model office --update --verdicts elastic
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    flags |= period(flags)
    config = settings({**flags, "model": folder} if update else flags)

    from netad.detector_settings import detector_settings, prepare_update
    from netad.detectors.bundle import check_target
    from netad.judging import open_model, train_model, update_model
    from netad.progress import progress, training_progress
    from netad.reading import Reading
    from netad.stored_profiles import split_inputs

    keep_out = flow_filter(config, load_rules(config))
    inputs, stores = split_inputs(inputs)
    check_target(Path(folder))  # before hours of reading, not after
    old = None
    if update:
        old, config = open_model(config)
        _refuse_change(old, name, flags)
    verdicts = _verdicts(judged, config.since_ns)
    stored = _stored(config, stores, old)
    with progress(config.quiet) as bar, training_progress(bar) as on_step:
        reading = Reading(config, inputs, bar, keep_out=keep_out)
        checkpoint = _checkpoint(Path(folder))
        if old is None:
            made_with = detector_settings(config, checkpoint, on_step)
            model = train_model(config, reading, name or Path(folder).resolve().name, verdicts, made_with, stored)
        else:
            prepare_update(old, checkpoint, on_step)
            model = update_model(config, reading, old, verdicts, stored)
    model.save(Path(folder))
    if not config.quiet:
        notes = (*reading.notes, *(stored.notes if stored is not None else ()), *model.notes)
        _tell(folder, model, old, " and ".join(_learnt_from(reading, stored)), notes)
    ctx.exit(input_code(reading.report))


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


def _tell(folder: str, model: "Model", old: "Model | None", of: str, notes: "Iterable[str]") -> None:
    """Say what was learnt, and from what."""
    from netad.outputs.wording import counted

    click.echo(f"model {model.name} {model.version} written to {folder}")
    learnt = counted(model.profiles, "profile")
    if old is not None:
        learnt = f"{counted(model.profiles - old.profiles, 'more profile')}, {model.profiles:,} in all"
    click.echo(f"learnt from {learnt} (window {model.window}) of {of}")
    for note in notes:
        click.echo(f"note: {note}")


def _stored(config: "Config", stores: tuple[str, ...], old: "Model | None") -> "StoredBatch | None":
    """Return what stores have to learn from, None without any.

    Raises:
        ConfigError: a store is not there or holds too much, or a detector reads words, which no store keeps.
        OutputError: a store cannot be read.
    """
    if not stores:
        return None
    from netad.core.errors import ConfigError
    from netad.detectors.base import DETECTORS, reads_words
    from netad.stored_profiles import read_stores

    if reads_words(map(DETECTORS.load, config.detectors) if old is None else old.detectors.values()):
        raise ConfigError(f"{stores[0]} keeps no words of what was said, which huggingface reads: train it on captures "
                          "or logs, or choose other detectors with --model-type")  # fmt: skip
    return read_stores(stores, config)


def _learnt_from(reading: "Reading", stored: "StoredBatch | None") -> "Iterator[str]":
    """Yield what a model was learnt from, in words: what was read, and stores."""
    from netad.core.timing import iso
    from netad.outputs.wording import counted, traffic_read
    from netad.reading import span
    from netad.stored_profiles import span_of

    report = reading.report
    if reading.inputs:
        read = traffic_read(report.packets, report.records, report.logs)
        yield f"{counted(report.flows, 'flow')}, {read}, {span(report)}"
    if stored is not None and len(stored.batch):
        first, last = span_of(stored.batch)
        yield f"{', '.join(stored.named)}, {iso(first)} to {iso(last)}"


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
