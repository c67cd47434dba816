"""Any model of PyOD (Zhao, Nasrullah, Li 2019) by its class name: `pyod:KNN`, `pyod:LOF`, `pyod:HBOS`, ..."""

import contextlib
import importlib
import inspect
import pkgutil
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ConfigError, MissingExtraError, ModelError
from netad.detectors.arrays import read_arrays, write_arrays
from netad.detectors.base import PYOD, Detector
from netad.detectors.bundle import DAMAGED, read_json, write_json
from netad.detectors.matrix import Scaling, judged
from netad.detectors.matrix_detector import check_probes, probes

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

LEAST_ROWS, MOST_ROWS = 20, 10_000
_DETAILS, _ROWS = "detector.json", "rows.npz"


class _PyodDetector:
    """A PyOD model over the scaled features.

    PyOD's models are arbitrary Python objects, which only pickle could write down. So the model on disk is what it was
    fitted to, at most 10,000 rows, and the seed; loading fits it again, and checks that probes score as they did.

    Some models (ECOD, COPOD, ...) score a row differently with other rows beside it. Those are found out when they
    are fitted, and then score row by row: correct, and slow. Fewer than 20 training rows, which many models do not
    take, tell nothing apart: every profile scores the same.
    """

    name: ClassVar[str]
    tail_shape: ClassVar[float] = 0.0
    kind: ClassVar[type[Any]]

    def __init__(self) -> None:
        self._scaling = Scaling((), np.empty(0), np.empty(0))
        self._rows: Float32 = np.empty((0, 0), dtype=np.float32)
        self._seed = 0
        self._model: Any = None
        self._one_by_one = False

    def fit(self, profiles: pd.DataFrame, *, seed: int) -> None:
        """Learn from profiles, shape (n, features), n >= 1; of more than 10,000, from a sample drawn by seed.

        Raises:
            ModelError: the model does not take these rows, as when there are too few of them.
        """
        self._scaling = Scaling.fit(profiles, judged())
        rows = self._scaling.apply(profiles)
        if len(rows) > MOST_ROWS:
            chosen = np.random.default_rng(seed % (1 << 64)).choice(len(rows), MOST_ROWS, replace=False)
            rows = rows[np.sort(chosen)]
        self._learn(rows, seed)

    def _learn(self, rows: Float32, seed: int) -> None:
        self._rows, self._seed, self._model = rows, seed % (1 << 32), None
        if not rows.shape[1] or len(rows) < LEAST_ROWS:
            return
        takes_seed = "random_state" in inspect.signature(self.kind.__init__).parameters
        with _undisturbed(self._seed):
            try:
                model = self.kind(**({"random_state": self._seed} if takes_seed else {}))
                model.fit(rows.astype(np.float64))
                self._model = model
                asked = probes(rows.shape[1])
                alone = np.concatenate([self._raw(asked[place : place + 1]) for place in range(len(asked))])
                self._one_by_one = not np.allclose(self._raw(asked), alone, rtol=1e-9, atol=1e-9)
            except ImportError as error:
                raise MissingExtraError(f"detector {self.name!r} needs {error.name}, which is not installed") from error
            except (ValueError, TypeError, IndexError, ArithmeticError, np.linalg.LinAlgError) as error:
                raise ModelError(f"{self.name} cannot learn from {len(rows)} profiles: {str(error)[:200]}") from error

    def score(self, profiles: pd.DataFrame) -> Float64:
        """Return the model's decision function, shape (n,); what it gives no number for scores as its middle row."""
        return self._scores(self._scaling.apply(profiles))

    def _scores(self, matrix: Float32) -> Float64:
        if self._model is None or not len(matrix):
            return np.zeros(len(matrix))
        with _undisturbed(self._seed):
            if self._one_by_one:
                return np.concatenate([self._raw(matrix[place : place + 1]) for place in range(len(matrix))])
            return self._raw(matrix)

    def _raw(self, matrix: Float32) -> Float64:
        scores = np.asarray(self._model.decision_function(matrix.astype(np.float64)), dtype=np.float64).ravel()
        usual = np.asarray(self._model.decision_scores_, dtype=np.float64)
        usual = usual[np.isfinite(usual)]
        low, middle, high = np.quantile(usual, [0.0, 0.5, 1.0]) if len(usual) else (0.0, 0.0, 0.0)
        reach = 1e6 * max(high - low, abs(high), 1.0)
        return np.nan_to_num(scores, nan=middle, posinf=high + reach, neginf=low - reach)

    def save(self, folder: Path) -> None:
        """Write scaling, seed and probes as JSON, and the rows the model was fitted to."""
        scores = self._scores(probes(len(self._scaling.names))).tolist()
        write_json(folder / _DETAILS, {"scaling": self._scaling.to_json(), "seed": self._seed, "probe_scores": scores})
        write_arrays(folder / _ROWS, {"rows": self._rows})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector, fitted again to what it was fitted to.

        Raises:
            ModelError: a file is missing or damaged, or probes score differently, as after a change of PyOD.
        """
        detector, details = cls(), read_json(folder / _DETAILS)
        detector._scaling = Scaling.from_json(details.get("scaling"))
        rows = read_arrays(folder / _ROWS, {"rows": (np.float32, 2)})["rows"]
        seed = details.get("seed")
        sound = isinstance(seed, int) and 0 < len(rows) <= MOST_ROWS and np.isfinite(rows).all()
        if not sound or rows.shape[1] != len(detector._scaling.names):
            raise ModelError(DAMAGED)
        detector._learn(rows, cast("int", seed))
        check_probes(detector._scores(probes(rows.shape[1])), details.get("probe_scores"), folder)
        return detector


def pyod_detector(model: str) -> type[Detector]:
    """Return the detector class of PyOD's model of that class name, such as `KNN`.

    Raises:
        MissingExtraError: PyOD is not installed.
        ConfigError: it has no such model.
    """
    try:
        base: Any = importlib.import_module("pyod.models.base").BaseDetector
        package = importlib.import_module("pyod.models")
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"detector '{PYOD}{model}' needs {error.name}: install it with pip install 'netad[pyod]'"
        ) from error
    kind = _find(model, package) if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,40}", model) else None
    if not (isinstance(kind, type) and issubclass(kind, base) and not inspect.isabstract(kind)):
        raise ConfigError(
            f"PyOD has no model {model!r:.60}; see its documentation for their names (KNN, LOF, HBOS, ...)"
        )
    return cast("type[Detector]", type("PyodDetector", (_PyodDetector,), {"name": f"{PYOD}{model}", "kind": kind}))


def _find(model: str, package: Any) -> object:  # noqa: ANN401 - a module
    """Return the model's class: PyOD keeps `KNN` in `knn`, `DeepSVDD` in `deep_svdd`."""
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.replace("_", "") == model.lower().replace("_", ""):
            try:
                with _undisturbed(0):
                    return getattr(importlib.import_module(f"{package.__name__}.{module.name}"), model, None)
            except ImportError as error:
                raise MissingExtraError(
                    f"detector '{PYOD}{model}' needs {error.name}, which is not installed"
                ) from error
    return None


@contextlib.contextmanager
def _undisturbed(seed: int) -> Iterator[None]:
    """Seed NumPy's global generator, which some models draw from, and give it back as it was; keep PyOD quiet."""
    from threadpoolctl import threadpool_limits

    state = np.random.get_state()
    np.random.seed(seed)
    try:
        with warnings.catch_warnings(), threadpool_limits(1), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)
