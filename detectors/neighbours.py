"""Distance to the nearest normal profiles: what resembles nothing that was seen is anomalous."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

from netad.core.errors import ModelError
from netad.detectors.bundle import DAMAGED
from netad.detectors.matrix_detector import Core, MatrixDetector

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

NEAREST = 3
_TOGETHER, _STRETCH = 4, 256


@dataclass(frozen=True)
class Nearest(Core):
    """Mean distance to the three nearest of at most 1,024 training rows, drawn by seed.

    Ramaswamy, Rastogi and Shim, "Efficient algorithms for mining outliers from large data sets", SIGMOD 2000, with the
    mean of the distances in place of the last one. Exact: no index is better than a look at every reference in so
    many dimensions.
    """

    tail_shape: ClassVar[float] = 0.0
    most_rows: ClassVar[int] = 1024
    layout: ClassVar[Mapping[str, tuple[type[np.generic], int]]] = {"references": (np.float32, 2)}

    references: Float32

    @classmethod
    def fit(cls, matrix: Float32, seed: int) -> Self:
        """Keep up to 1,024 rows; of more, a sample in the order of the rows."""
        return cls(matrix.take(cls.drawn(len(matrix), seed), axis=0).astype(np.float32))

    def score(self, matrix: Float32) -> Float64:
        """Return mean Euclidean distances, shape (n,)."""
        out = np.empty(len(matrix))
        references = np.ascontiguousarray(_padded(self.references).T)
        _nearest(_padded(matrix), references, min(NEAREST, len(self.references)), out)
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the references."""
        return {"references": self.references}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], features: int) -> Self:
        """Return the core of references, shape (r, features).

        Raises:
            ModelError: they have another shape or are not finite.
        """
        references = arrays["references"]
        if references.shape[1] != features or not len(references) or not np.isfinite(references).all():
            raise ModelError(DAMAGED)
        return cls(references)


class NeighboursDetector(MatrixDetector):
    """Distance to the nearest training profiles over all features, scaled robustly."""

    name: ClassVar[str] = "neighbours"
    tail_shape: ClassVar[float] = Nearest.tail_shape
    core: ClassVar[type[Core]] = Nearest


def _padded(matrix: Float32) -> Float32:
    """Return the matrix with columns of zeros up to a multiple of four, C order."""
    wide = np.zeros((len(matrix), -(-matrix.shape[1] // _TOGETHER) * _TOGETHER), dtype=np.float32)
    wide[:, : matrix.shape[1]] = matrix
    return wide


# One row against a stretch of references side by side, four columns at a time: compilers make vector code of it, and a
# distance is always the same sum, whatever stands beside it.
@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _nearest(matrix, references, count, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Set `out`, shape (n,), to the mean distance of each row to its `count` nearest of `references`, shape (f, r)."""
    best = np.empty(count, dtype=np.float32)
    distance = np.empty(_STRETCH, dtype=np.float32)
    columns, others = references.shape
    for row in range(len(matrix)):
        best[:] = np.float32(np.inf)
        for first in range(0, others, _STRETCH):
            width = min(_STRETCH, others - first)
            distance[:width] = np.float32(0)
            for column in range(0, columns, _TOGETHER):
                x0, x1 = matrix[row, column], matrix[row, column + 1]
                x2, x3 = matrix[row, column + 2], matrix[row, column + 3]
                r0 = references[column, first : first + width]
                r1 = references[column + 1, first : first + width]
                r2 = references[column + 2, first : first + width]
                r3 = references[column + 3, first : first + width]
                for lane in range(width):
                    d0, d1, d2, d3 = x0 - r0[lane], x1 - r1[lane], x2 - r2[lane], x3 - r3[lane]
                    distance[lane] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)
            for lane in range(width):
                if distance[lane] < best[count - 1]:
                    place = count - 1
                    while place > 0 and best[place - 1] > distance[lane]:
                        best[place] = best[place - 1]
                        place -= 1
                    best[place] = distance[lane]
        total = 0.0
        for place in range(count):
            total += np.sqrt(np.float64(best[place]))
        out[row] = total / count
