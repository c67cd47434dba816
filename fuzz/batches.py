"""What every batch of flows or facts promises, whatever it was read from."""

from typing import TYPE_CHECKING, Any

import numpy as np

from netad.ingest.facts.batch import FACT_COLUMNS, FactBatch
from netad.ingest.flows import DTYPES, LOG_DTYPES, OPENED, FlowBatch
from netad.ingest.framing import MAX_TIME_NS

if TYPE_CHECKING:
    from collections.abc import Mapping


def check(batch: FlowBatch | FactBatch) -> None:
    """Check that a batch has columns of the contract only, of its types, with possible values."""
    dtypes: Mapping[str, np.dtype[Any]]
    if isinstance(batch, FlowBatch):
        dtypes = {**DTYPES, **LOG_DTYPES, OPENED.name: np.dtype(OPENED.dtype)}
        times = (batch["first_ns"], batch["last_ns"])
        assert (batch["first_ns"] <= batch["last_ns"]).all()
    else:
        dtypes = {spec.name: np.dtype(spec.dtype) for spec in FACT_COLUMNS[batch.kind]}
        times = (batch["time_ns"],)
    for column in times:
        assert ((column >= 0) & (column < MAX_TIME_NS)).all()
    for name, column in batch.columns.items():
        # Fields that the contract has no column for keep their names and are text.
        assert name in dtypes or "." in name
        assert column.dtype == dtypes.get(name, np.dtype(object)), (name, column.dtype)
        if column.dtype == object:
            assert all(type(text) is str for text in column.tolist()), name
        elif name.endswith(("_packets", "_ip_bytes", "_payload_bytes", "_frame_bytes")):
            assert (column >= 0).all(), name
