"""`netad models`: what a model knows, what changed between two, and whether traffic has moved away from it."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from netad.cli.moments import period
from netad.cli.options import (
    common_options,
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
    from netad.detectors.drift import Drift, FeatureDrift

F = TypeVar("F", bound=Callable[..., Any])

MOST_FEATURES = 15

format_option = click.option("--format", "form", type=click.Choice(("text", "json")), default="text",
                             help="How it is printed. [text]")  # fmt: skip
all_option = click.option("--all", "everything", is_flag=True, help="Every feature, not only the first 15.")


@click.group("models", short_help="What a model knows, what changed between two, and how far traffic has drifted.")
def command() -> None:
    """Look into models that `netad train` wrote.

    \b
    netad models show office
    netad models diff office-june office-july
    netad models drift office today.pcap
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"


@command.command("show", short_help="What a model was trained on, and what it judges by.")
@click.argument("folder", metavar="DIR")
@format_option
def show_command(folder: str, form: str) -> None:
    """Say what a model is, what it was trained on and when, what it judges by, and what was set aside in training.

    \b
    netad models show office
    netad models show office --format json | jq .features.missing
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    from netad.detectors.description import describe
    from netad.detectors.model import Model

    _print(describe(Model.load(Path(folder))), form, _shown)


@command.command("diff", short_help="What changed from one model to another.")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@all_option
@format_option
def diff_command(before: str, after: str, everything: bool, form: str) -> None:
    """Say what changed from model A to model B: training, sources, detectors, thresholds, medians of features.

    \b
    netad models diff office-june office-july
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    from netad.detectors.description import differences
    from netad.detectors.model import Model

    found = differences(Model.load(Path(before)), Model.load(Path(after)))
    _print(found, form, lambda document: _compared(document, everything))


@command.command("drift", short_help="How far newer traffic has moved away from a model.")
@click.argument("folder", metavar="DIR")
@inputs_argument
@click.option("--newest", type=click.IntRange(min=1), metavar="N", help="Only the newest N windows. [all]")
@all_option
@format_option
@rules_options
@window_option
@reading_options
@common_options
@click.pass_context
def drift_command(
    ctx: click.Context, /, folder: str, inputs: tuple[str, ...], newest: int | None, everything: bool, form: str,
    **flags: Any,
) -> None:  # fmt: skip
    """Compare newer traffic with what a model was trained on, feature by feature, and say whether to train again.

    INPUT may also be a local store, parquet:DIR, that runs have filled with --profiles all; --since and --until take
    durations too.

    A feature drifts from a population stability index of .1 on and has moved away from .25 on, where chance does not
    explain it. Drifting: 10 % of the judged features drift, or 10 % of the profiles score as one in a hundred normal
    ones does. Retrain: 10 % of the features have moved away, or 25 % of the profiles score so.

    \b
    netad models drift office today.pcap
    netad models drift office /var/capture --newest 24 --format json
    netad models drift office parquet:netad-store --since 7d

    Exit code 0 whatever the verdict; 3 when an input could not be read.
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    from dataclasses import asdict

    config = settings({**flags, **period(flags), "model": folder})

    from netad.detectors.drift import drift
    from netad.judging import newest_windows, open_model, profiles_of
    from netad.progress import progress
    from netad.reading import Reading
    from netad.stored_profiles import read_stores, split_inputs

    model, config = open_model(config)
    keep_out = flow_filter(config, load_rules(config))
    inputs, stores = split_inputs(inputs)
    stored = read_stores(stores, config) if stores else None
    with progress(config.quiet) as bar:
        reading = Reading(config, inputs, bar, keep_out=keep_out)
        found = drift(model, newest_windows(profiles_of(config, reading, stored), newest))
    notes = [*found.notes, *reading.notes, *(stored.notes if stored is not None else ())]
    if form == "json":
        identity = {"name": model.name, "version": model.version}
        _print({"model": identity, **asdict(found), "notes": notes}, form, lambda _: ())
    else:
        _echo(_drifted(found, everything))
        _echo(f"note: {note}" for note in notes)
    ctx.exit(input_code(reading.report))


@command.command("export", short_help="Write a smaller copy of a model whose huggingface detector needs no torch.")
@click.argument("folder", metavar="DIR")
@click.argument("target", metavar="TARGET")
def export_command(folder: str, target: str) -> None:
    """Write a copy of a model in which the detector huggingface is 8-bit, for ONNX Runtime: under 30 MB.

    It says how well its scores keep their order. Exporting needs netad[transformers,onnx], running it netad[onnx].

    \b
    netad models export office office-small
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    from netad.core.errors import ConfigError
    from netad.detectors.bundle import check_target
    from netad.detectors.model import Model
    from netad.detectors.transformer.detector import HuggingfaceDetector
    from netad.detectors.transformer.onnx_export import export

    check_target(Path(target))
    model = Model.load(Path(folder))
    found = next((one for one in model.detectors.values() if isinstance(one, HuggingfaceDetector)), None)
    if found is None:
        raise ConfigError(f"the model {folder} has no detector huggingface: there is nothing to export")
    done = export(found, model.history.rows)
    model.save(Path(target))
    click.echo(f"model {model.name} {model.version} written to {target}, its network in {done.size / 1e6:.1f} MB")
    click.echo(f"rank correlation with the scores of {folder}: {done.correlation:.3f} on {done.profiles:,} profiles")


def _print(document: dict[str, Any], form: str, told: Callable[[dict[str, Any]], Iterable[str]]) -> None:
    if form == "json":
        import json

        click.echo(json.dumps(document, indent=1, allow_nan=False))
    else:
        _echo(told(document))


def _echo(lines: Iterable[str]) -> None:
    """Print lines; names, paths and reasons come from outside, and may not drive the terminal."""
    from netad.outputs.wording import printable

    for line in lines:
        click.echo(printable(line, sys.stdout.encoding or "utf-8"))


def _shown(model: dict[str, Any]) -> Iterable[str]:
    from netad.outputs.wording import counted

    trained, features, trimmed = model["trained"], model["features"], model["trimmed"]
    yield f"model      {model['name']} {model['version']}, window {model['window']}, made {model['created']}"
    yield (f"trained    {counted(trained['profiles'], 'profile')} of {counted(trained['sources'], 'source')}, "
           f"{trained['first']} to {trained['last']}; {trained['kept']:,} kept")  # fmt: skip
    for one in trained["inputs"]:
        yield f"           {one.get('path', one)}"
    for name, one in model["detectors"].items():
        raw = ", ".join(f"{score:.4g} at {budget}" for budget, score in one["raw"].items())
        yield f"detector   {name}, calibrated on {counted(one['calibrated_on'], 'profile')}; raw score {raw}"
    yield "threshold  " + ", ".join(f"{score:.3f} at {budget}" for budget, score in model["thresholds"].items())
    yield f"features   {len(features['judged'])} judged, {len(features['missing'])} that the training did not tell of"
    yield from _wrapped(features["missing"], "           ")
    yield f"set aside  {counted(trimmed['count'], 'profile')} as the oddest of the training"
    for one in trimmed["listed"][:10]:
        yield f"           {one['source']} at {one['start'][:16]}Z: {one['reason']} (surprise {one['surprise']:.1f})"
    if len(trimmed["listed"]) > 10:
        yield f"           and {trimmed['count'] - 10:,} more"
    for note in model["notes"]:
        yield f"note: {note}"


def _compared(found: dict[str, Any], everything: bool) -> Iterable[str]:
    trained = {key: pair for key, pair in found["trained"].items() if pair[0] != pair[1]}
    for key, (old, new) in (found["settings"] | trained | {"set aside": found["trimmed"]}).items():
        if old != new:
            yield f"{key:11}{_text(old)} -> {_text(new)}"
    for key in ("inputs", "detectors", "sources"):
        for what, mark in (("added", "+"), ("gone", "-")):
            if count := found[key][f"{what}_count"]:
                listed = ", ".join(found[key][what][:8])
                yield f"{key:11}{mark}{count:,}: {listed}{', ...' if count > 8 else ''}"
    yield from _scores_compared("threshold", found["thresholds"])
    for name, raw in found["raw"].items():
        yield from _scores_compared("raw score", raw, f" ({name})")
    features = found["features"]
    for what in ("gained", "lost"):
        if features[what]:
            yield f"features   {len(features[what])} {what}"
            yield from _wrapped(features[what], "           ")
    yield from _median_table(features["medians"], everything)


def _scores_compared(heading: str, scores: dict[str, list[float]], of: str = "") -> Iterable[str]:
    for budget, (old, new) in scores.items():
        if old != new:
            yield f"{heading:11}{old:.4g} -> {new:.4g} at {budget}{of}"


def _median_table(medians: Sequence[dict[str, Any]], everything: bool) -> Iterable[str]:
    from netad.core.figures import figure

    if not medians:
        yield "no feature's median changed"
        return
    yield f"{len(medians)} medians changed; moved: the share of A's profiles between the two"
    shown = medians if everything else medians[:MOST_FEATURES]
    rows = [("feature", "A", "B", "moved")]
    rows += [
        (one["name"], figure(one["before"], one["unit"]), figure(one["after"], one["unit"]), f"{one['moved']:+.2f}")
        for one in shown
    ]
    yield from _table(rows)
    yield from _more(len(medians) - len(shown))


def _drifted(found: "Drift", everything: bool) -> Iterable[str]:
    from netad.outputs.wording import counted

    yield f"{found.verdict}: {found.reason}"
    yield (f"compared {counted(found.profiles, 'new profile')} of {counted(found.sources, 'source')} "
           f"({found.unknown:,} of them unknown to the model) with {found.trained:,} that the model keeps")  # fmt: skip
    shown = found.features if everything else [one for one in found.features if one.state != "stable"][:MOST_FEATURES]
    if not shown:
        yield "no feature drifts"
        return
    rows = [("feature", "state", "PSI", "chance", "KS", "p", "median", "90 %", "change")]
    yield from _table([*rows, *(_drift_row(one) for one in shown)])
    drifting = sum(one.state != "stable" for one in found.features)
    if not everything:
        yield from _more(drifting - len(shown))
    if any(one.suspicious for one in shown):
        yield "! in the direction that speaks against a source"


def _drift_row(one: "FeatureDrift") -> tuple[str, ...]:
    from netad.core.figures import figure
    from netad.profiles.features import FEATURES

    unit = FEATURES[one.name].unit
    change = "" if one.direction == "same" else f"{one.direction}{' !' if one.suspicious else ''}"
    return (one.name, one.state, f"{one.psi:.2f}", f"{one.chance:.2f}", f"{one.ks:.2f}", f"{one.p_value:.1g}",
            f"{figure(one.before, unit)} -> {figure(one.after, unit)}",
            f"{figure(one.high_before, unit)} -> {figure(one.high_after, unit)}", change)  # fmt: skip


def _table(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _more(count: int) -> Iterable[str]:
    if count > 0:
        yield f"  and {count} more (--all)"


def _wrapped(names: Sequence[str], indent: str) -> Iterable[str]:
    import textwrap

    if names:
        yield from textwrap.wrap(", ".join(names), 100, initial_indent=indent, subsequent_indent=indent)


def _text(value: Any) -> str:  # noqa: ANN401 - counts and times
    return f"{value:,}" if isinstance(value, int) else str(value)
