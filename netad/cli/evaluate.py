"""`netad evaluate`: what the detectors are worth on recordings whose truth is known."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netad.cli.options import common_options, input_code, settings
from netad.core.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from netad.detectors.evaluate.running import Evaluation
    from netad.detectors.evaluate.suite import Suite
    from netad.detectors.verdicts import Verdicts

FORMATS = (".md", ".json")
# What an ablation is about, and what takes minutes a trial: to be asked for by name.
ABLATED, SLOW = ("fusion", "huggingface"), ("huggingface",)


@click.command("evaluate", short_help="Measure the detectors on labelled recordings.")
@click.argument("suite_file", metavar="SUITE.yaml")
@click.option(
    "-o",
    "--output",
    "targets",
    metavar="FILE",
    multiple=True,
    help="Write the report to FILE.md or FILE.json instead of printing it; may be given several times.",
)
@click.option(
    "--detectors",
    metavar="NAMES",
    help="Detectors with commas between; the first is reported first. [all but huggingface]",
)
@click.option(
    "--ablation",
    is_flag=True,
    help="Also change one thing about the detector huggingface at a time, and mix it with the fusion; takes minutes.",
)
@click.option("--splits", metavar="NAMES", help="Splits with commas between. [the suite's]")
@click.option("--seeds", metavar="NUMBERS", help="Seeds with commas between. [the suite's]")
@click.option("--budget", metavar="SHARE", help="False alarms accepted among normal profiles. [1/1000]")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes that train and score; the figures do not depend on it.",
)
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    suite_file: str,
    targets: tuple[str, ...],
    detectors: str | None,
    ablation: bool,
    splits: str | None,
    seeds: str | None,
    workers: int,
    **flags: Any,
) -> None:
    """Train and score on a suite of recordings whose truth is known, and print how well each detector ranks it.

    SUITE.yaml lists recordings and splits; docs/evaluation.md describes it.

    \b
    netad evaluate dev.yaml
    netad evaluate dev.yaml --splits transplant --seeds 0 --detectors fusion
    netad evaluate dev.yaml -o report.md -o report.json --workers 2
    netad evaluate dev.yaml --ablation --splits transplant
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    config = settings(flags)

    from netad.detectors.evaluate.suite import load_suite, narrowed

    suite = narrowed(load_suite(Path(suite_file)), _names(splits), _names(seeds))
    for target in targets:
        _check_target(Path(target))
    names = _detectors(detectors, ABLATED if ablation else ())

    from netad.detectors.evaluate.reading import read_recordings
    from netad.detectors.evaluate.running import evaluate
    from netad.ingest.report import IngestReport
    from netad.progress import step_progress

    report = IngestReport()
    recordings = read_recordings(suite, report, _verdicts(suite))
    with step_progress("trials", config.quiet) as on_step:
        evaluation = evaluate(suite, recordings, detectors=names, budget=config.budget, workers=workers,
                              ablation=ablation, on_step=on_step)  # fmt: skip
    _write(evaluation, targets)
    ctx.exit(input_code(report))


def _verdicts(suite: "Suite") -> "dict[str, Verdicts]":
    """Return what analysts said in the stores that the suite names.

    Raises:
        ConfigError: one of them is no store.
        OutputError: one of them cannot be read.
    """
    from netad.outputs.stored import open_stored
    from netad.outputs.verdicts import read_verdicts

    named = dict.fromkeys(item.labels.verdicts for item in suite.inputs if item.labels.verdicts)
    return {store: read_verdicts(open_stored(store)) for store in named}


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _detectors(text: str | None, needed: Sequence[str]) -> tuple[str, ...]:
    """Return the names and what is needed beside them, without any name all of netad's own that train in seconds.

    Each is looked up before hours of work, not after.
    """
    from netad.detectors.base import DETECTORS

    asked = _names(text) or needed or tuple(name for name in DETECTORS if name not in SLOW)
    names = tuple(dict.fromkeys((*asked, *needed)))
    for name in names:
        DETECTORS.load(name)
    return names


def _check_target(path: Path) -> None:
    if path.suffix not in FORMATS:
        raise ConfigError(f"--output: {path} ends neither in .md nor in .json")
    if not path.parent.is_dir():
        raise ConfigError(f"--output: the folder {path.parent} does not exist")


def _write(evaluation: "Evaluation", targets: Sequence[str]) -> None:
    from netad.core.files import atomic_path
    from netad.detectors.evaluate.report import to_json, to_markdown

    if not targets:
        click.echo(to_markdown(evaluation), nl=False)
    for target in targets:
        text = to_json(evaluation) if target.endswith(".json") else to_markdown(evaluation)
        try:
            with atomic_path(Path(target)) as part:
                part.write_text(text, encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error
