"""A suite's inputs to recordings, by the readers that every run uses."""

import logging
from collections.abc import Mapping

from netad.core.errors import InputError
from netad.detectors.evaluate.recording import Recording, record
from netad.detectors.evaluate.suite import Suite, SuiteInput
from netad.detectors.verdicts import NO_VERDICTS, Verdicts
from netad.ingest.capture import IngestOptions
from netad.ingest.inputs import find_sources
from netad.ingest.read import read_inputs
from netad.ingest.report import IngestReport

log = logging.getLogger(__name__)

MOST_RATIO = 1000


def read_recordings(
    suite: Suite, report: IngestReport, verdicts: Mapping[str, Verdicts] | None = None
) -> list[Recording]:
    """Return the recordings of a suite, in its order; what could not be read to its end is told in the report.

    `verdicts` are those of the stores that the suite's labels name, by the store as it is named there.

    Raises:
        InputError: nothing of an input can be read, or it holds no flow.
    """
    held = verdicts or {}
    return [
        _recording(item, suite.window_ns, report, held.get(item.labels.verdicts, NO_VERDICTS)) for item in suite.inputs
    ]


def _recording(item: SuiteInput, window_ns: int, report: IngestReport, verdicts: Verdicts) -> Recording:
    known = len(report.problems)
    sources = find_sources([str(path) for path in item.paths], report, MOST_RATIO)
    options = IngestOptions(window_ns=window_ns, facts=True, labels=True)
    recording = record(item, read_inputs(sources, options, report), window_ns, verdicts)
    if not any(len(part) for part in recording.parts):
        problems = "; ".join(f"{one.path}: {one.sentence}" for one in report.problems[known:])
        raise InputError(f"the scenario {item.scenario!r} holds no flow" + (f" ({problems})" if problems else ""))
    log.info("%s: samples read: %d", item.scenario, len(recording.samples))
    return recording
