"""A model as a folder: manifest, Parquet, arrays and JSON, no pickle; what is loaded is checked."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from netad import __version__
from netad.core.errors import ModelError
from netad.detectors.base import DETECTORS
from netad.detectors.bundle import feature_set, library_versions, read_bundle, read_json, write_bundle, write_json
from netad.detectors.calibration import Calibration
from netad.detectors.habits import BehaviourHabits
from netad.detectors.history import History
from netad.detectors.model import Model
from netad.detectors.seen import SeenProfiles
from netad.detectors.training import Trimmed
from netad.profiles.baseline import Baseline
from netad.profiles.novelty import Knowledge

_BASELINE, _CALIBRATION, _DETECTORS = "baseline.parquet", "calibration.json", "detectors"
_HISTORY, _HABITS, _KNOWLEDGE = "history.parquet", "habits.parquet", "knowledge"
_SEEN = "seen.npz"


def save(model: Model, folder: Path) -> None:
    """Write the model as a folder; the same training data gives the same bytes but for `created`.

    Raises:
        ModelError: `folder` is something else than a model, or cannot be written.
    """
    training = {
        "inputs": [dict(item) for item in model.inputs], "profiles": model.profiles, "sources": model.sources,
        "first_ns": model.first_ns, "last_ns": model.last_ns, "seed": model.seed,
        "self_baseline": model.self_baseline, "notes": model.notes,
        "trimmed_count": model.trimmed_count, "trimmed": [asdict(one) for one in model.trimmed],
        "knows_novelty": model.knowledge is not None, "knows_habits": model.habits is not None,
    }  # fmt: skip
    manifest = {
        "netad_version": __version__, "libraries": library_versions(), "created": model.created,
        "name": model.name, "version": model.version, "window": model.window, "detectors": list(model.detectors),
        "features": feature_set(), "training": training,
    }  # fmt: skip
    write_bundle(folder, manifest, lambda place: _write(model, place))


def load(folder: Path) -> Model:
    """Return the model in a folder.

    Raises:
        ModelError: it is missing, damaged, from another feature set or of another format version.
        MissingExtraError: a detector needs an optional dependency.
    """
    manifest = read_bundle(folder)
    calibrations = read_json(folder / _CALIBRATION)
    names = _detector_names(folder, manifest, calibrations)
    try:
        training = manifest["training"]
        return Model(
            name=_text(manifest["name"]),
            window=_text(manifest["window"]),
            seed=_whole(training["seed"]),
            created=_text(manifest["created"]),
            version=_text(manifest["version"]),
            profiles=_whole(training["profiles"]),
            sources=_whole(training["sources"]),
            first_ns=_whole(training["first_ns"]),
            last_ns=_whole(training["last_ns"]),
            self_baseline=bool(training["self_baseline"]),
            baseline=Baseline.load(folder / _BASELINE),
            detectors={one: DETECTORS.load(one).load(_place(folder, one)) for one in names},
            calibrations={one: Calibration.from_json(calibrations[one]) for one in names},
            history=History.load(folder / _HISTORY),
            seen=SeenProfiles.load(folder / _SEEN),
            habits=BehaviourHabits.load(folder / _HABITS) if training["knows_habits"] else None,
            knowledge=Knowledge.load(folder / _KNOWLEDGE) if training["knows_novelty"] else None,
            inputs=tuple(dict(item) for item in training["inputs"]),
            notes=[_text(note) for note in training["notes"]],
            trimmed=tuple(_trimmed(one) for one in training["trimmed"]),
            trimmed_count=_whole(training["trimmed_count"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(_damaged(folder)) from error


def _write(model: Model, folder: Path) -> None:
    model.baseline.save(folder / _BASELINE)
    model.history.save(folder / _HISTORY)
    model.seen.save(folder / _SEEN)
    if model.habits is not None:
        model.habits.save(folder / _HABITS)
    if model.knowledge is not None:
        (folder / _KNOWLEDGE).mkdir()
        model.knowledge.save(folder / _KNOWLEDGE)
    write_json(folder / _CALIBRATION, {name: one.to_json() for name, one in model.calibrations.items()})
    for name, detector in model.detectors.items():
        place = _place(folder, name)
        place.mkdir(parents=True)
        detector.save(place)


def _place(folder: Path, detector: str) -> Path:
    return folder / _DETECTORS / detector.replace(":", "-")


def _detector_names(folder: Path, manifest: Mapping[str, Any], calibrations: Mapping[str, Any]) -> list[str]:
    names = manifest.get("detectors")
    if not isinstance(names, list) or not names or not all(isinstance(one, str) for one in names):
        raise ModelError(_damaged(folder))
    for one in names:
        if one not in DETECTORS:
            raise ModelError(f"the model {folder} uses the detector {one!r:.60}, which this netad does not have")
        if one not in calibrations:
            raise ModelError(_damaged(folder))
    return names


def _damaged(folder: Path) -> str:
    return f"the manifest of the model {folder} is damaged: train it again with netad train"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _trimmed(document: Mapping[str, Any]) -> Trimmed:
    return Trimmed(_text(document["source"]), _whole(document["window_start_ns"]), _whole(document["window_end_ns"]),
                   float(document["surprise"]), _text(document["reason"]))  # fmt: skip
