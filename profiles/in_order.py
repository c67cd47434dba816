"""Columns seen through an order of their rows, each brought into it when it is first asked for."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from netad.ingest.flows import Column


class InOrder(Mapping[str, Column]):
    """Columns of which the given rows are seen, in their order; what nobody asks for is never copied."""

    def __init__(self, columns: Mapping[str, Column], rows: NDArray[np.intp]) -> None:
        """See columns of shape (n,) as columns of shape (m,): `rows` are m places in them."""
        self._columns = columns
        self._rows = rows
        self._ready: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self._ready:
            # Twice as fast as indexing.
            self._ready[name] = self._columns[name].take(self._rows)
        return self._ready[name]

    def __contains__(self, name: object) -> bool:
        return name in self._ready or name in self._columns

    def __iter__(self) -> Iterator[str]:
        yield from self._columns
        yield from (name for name in self._ready if name not in self._columns)

    def __len__(self) -> int:
        return len({*self._columns, *self._ready})

    def add(self, name: str, column: Column) -> None:
        """Add a column that has the shape (m,) and the order of the others already."""
        self._ready[name] = column
