"""The contract of a detector: profiles in, one raw score a row out, higher is more anomalous; and who fulfils it."""

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, cast, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ConfigError
from netad.core.registry import Registry

if TYPE_CHECKING:
    from netad.detectors.anomaly import UnexpectedWord

ENTRY_POINTS = "netad.detectors"
PYOD = "pyod:"


@runtime_checkable
class Detector(Protocol):
    """Learns what normal profiles look like and scores how far others are from it.

    A detector is seeded, never changes its input, does not care about the order of columns, copes with missing
    values (NaN), and is the same after `save` and `load`. `fit` and `score` take a ProfileFrame (netad.profiles) and
    use its feature columns, `known_source`, `behaviour.<name>` and `said` (netad.profiles.said) only, never an address
    or a time. A row's score depends on nothing that is scored beside it, and on no number of threads.

    `tail_shape` is the shape of the generalised Pareto tail its raw scores have (`netad.detectors.calibration`): 0
    for unbounded scores such as distances, below 0 for scores that cannot pass a bound.
    """

    name: ClassVar[str]
    tail_shape: ClassVar[float]

    def fit(self, profiles: pd.DataFrame, *, seed: int) -> None:
        """Learn from profiles, shape (n, features), n >= 1."""
        ...

    def score(self, profiles: pd.DataFrame) -> NDArray[np.float64]:
        """Return raw scores, shape (n,), finite; higher is more anomalous."""
        ...

    def save(self, folder: Path) -> None:
        """Write everything `load` needs into an existing empty folder, without pickle."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that was saved to `folder`."""
        ...


@runtime_checkable
class CrossFitting(Protocol):
    """A detector that scores its own training rows out of fold while it fits, cheaper than being fitted once a fold."""

    def fit_folds(self, profiles: pd.DataFrame, folds: NDArray[np.intp], *, seed: int) -> NDArray[np.float64]:
        """Learn from profiles, and return the raw scores, shape (n,), that each has without its fold (0..).

        NaN stands for profiles that it has only seen in training.
        """
        ...


@runtime_checkable
class WithSettings(Protocol):
    """A detector that is made with settings of its own, with which it is trained again when a model is updated."""

    settings: Any


@runtime_checkable
class OnDevice(Protocol):
    """A detector that can run on a GPU, and with shorter numbers."""

    def use(self, device: str, precision: str) -> None:
        """Run on a device from now on, in a precision: `auto` leaves either to the detector.

        Raises:
            ConfigError: there is no such device, or the detector cannot run so.
        """
        ...


@runtime_checkable
class Reading(Protocol):
    """A detector that can say which words of a profile's text it did not expect."""

    def unexpected(self, profiles: pd.DataFrame) -> "list[tuple[UnexpectedWord, ...]]":
        """Return for each profile the most unexpected words of its text, the most unexpected first."""
        ...


def reads_words(detectors: Iterable[object]) -> bool:
    """Tell whether one of the detectors, or of their classes, looks at the column `said`: its `reads_said` is true."""
    return any(getattr(one, "reads_said", False) for one in detectors)


class DetectorRegistry(Registry[Detector]):
    """netad's detectors, those of installed packages (entry points `netad.detectors`), and every PyOD model.

    netad's own names cannot be taken by a package. A package's detector is a class; it is loaded when it is asked for.
    """

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            isinstance(name, str) and (name.startswith(PYOD) or _entry_point(name) is not None)
        )

    def load(self, name: str) -> type[Detector]:
        """Return the detector's class.

        Raises:
            ConfigError: nothing has that name, PyOD has no such model, or a package's entry point is no detector.
            MissingExtraError: its optional dependency is not installed.
        """
        if super().__contains__(name):
            return super().load(name)
        if name.startswith(PYOD):
            from netad.detectors.pyod_model import pyod_detector

            return pyod_detector(name.removeprefix(PYOD))
        found = _entry_point(name)
        if found is not None:
            return _loaded(found)
        others = sorted(one.name for one in entry_points(group=ENTRY_POINTS))
        raise self._unknown(name, (*self, *others, f"{PYOD}<model>"))


def _entry_point(name: str) -> EntryPoint | None:
    return next(iter(entry_points(group=ENTRY_POINTS, name=name)), None)


def _loaded(found: EntryPoint) -> type[Detector]:
    try:
        kind: Any = found.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"the detector {found.name!r} of another package cannot be loaded: {error}") from error
    members = ("name", "tail_shape", "fit", "score", "save", "load")
    if not isinstance(kind, type) or not all(hasattr(kind, member) for member in members):
        raise ConfigError(f"the entry point {found.name!r} ({found.value}) is no detector")
    return cast("type[Detector]", kind)


DETECTORS = DetectorRegistry("detector")
DETECTORS.register("fusion", "netad.detectors.fusion:FusionDetector")
DETECTORS.register("isolation_forest", "netad.detectors.isolation_forest:IsolationForestDetector")
DETECTORS.register("neighbours", "netad.detectors.neighbours:NeighboursDetector")
DETECTORS.register("behaviour", "netad.detectors.behaviour_detector:BehaviourDetector")
DETECTORS.register("huggingface", "netad.detectors.transformer.detector:HuggingfaceDetector", extra="transformers")
