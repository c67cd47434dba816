"""FlowBatch to and from Arrow: for the disk spool (exact) and for files people read (addresses as text)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from netad.core.addresses import format_addresses
from netad.ingest.community_id import community_ids
from netad.ingest.flows import CONN_STATES, DTYPES, FlowBatch

if TYPE_CHECKING:
    import pyarrow as pa

_INTERNAL = ("orig_hi", "orig_lo", "resp_hi", "resp_lo", "conn_state", "history", "input", "part")


def to_table(batch: FlowBatch) -> "pa.Table":
    """Return the batch column by column, exactly: `from_table` gives it back."""
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name, column in batch.columns.items():
        columns[name] = pa.array(column.tolist(), pa.binary()) if column.dtype.kind == "S" else pa.array(column)
    return pa.table(columns)


def from_table(table: "pa.Table", inputs: tuple[str, ...]) -> FlowBatch:
    """Return the batch that `to_table` made a table of."""
    columns = {}
    for name in table.column_names:
        column = table.column(name)
        values = column.to_pylist() if DTYPES[name].kind == "S" else column.to_numpy()
        columns[name] = np.asarray(values, dtype=DTYPES[name])
    return FlowBatch(columns, inputs)


def to_readable_table(batch: FlowBatch) -> "pa.Table":
    """Return whole flows as people and other tools read them: address text, state names, Community ID, times in UTC."""
    import pyarrow as pa

    def states() -> Any:  # noqa: ANN401 - pyarrow has no types
        names = pa.array(CONN_STATES)
        return pa.DictionaryArray.from_arrays(pa.array(batch["conn_state"].astype(np.int8)), names).cast(pa.string())

    columns: dict[str, Any] = {
        "first": pa.array(batch["first_ns"]).cast(pa.timestamp("ns", "UTC")),
        "last": pa.array(batch["last_ns"]).cast(pa.timestamp("ns", "UTC")),
        "orig_addr": pa.array(format_addresses(batch["orig_hi"], batch["orig_lo"]), pa.string()),
        "resp_addr": pa.array(format_addresses(batch["resp_hi"], batch["resp_lo"]), pa.string()),
    }
    for name in DTYPES:
        if name in batch and name not in _INTERNAL and not name.endswith(("first_ns", "last_ns")):
            columns[name] = pa.array(batch[name])
    if "conn_state" in batch:
        columns["conn_state"] = states()
    if "history" in batch:
        columns["history"] = pa.array([text.decode("ascii") for text in batch["history"].tolist()], pa.string())
    columns["community_id"] = pa.array(community_ids(batch), pa.string())
    if "input" in batch and batch.inputs:
        columns["input"] = pa.array(np.array(batch.inputs, dtype=object)[batch["input"]], pa.string())
    return pa.table(columns)
