"""FlowBatch to and from Arrow: for the disk spool (exact) and for files people read (addresses as text)."""

from typing import TYPE_CHECKING, Any

from netad.ingest.arrow_columns import address_texts, byte_texts, fixed_bytes, fixed_rows, fixed_texts, named, numbers
from netad.ingest.flows import CONN_STATES, DTYPES, TUNNELS, FlowBatch

if TYPE_CHECKING:
    import pyarrow as pa

# Columns of a readable table that are dictionary-encoded text.
TEXT_COLUMNS = ("orig_addr", "resp_addr", "conn_state", "tunnel", "history", "input")

_INTERNAL = ("orig_hi", "orig_lo", "resp_hi", "resp_lo", "tunnel", "conn_state", "history", "input", "part")


def to_table(batch: FlowBatch) -> "pa.Table":
    """Return the batch column by column, exactly: `from_table` gives it back."""
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name, column in batch.columns.items():
        columns[name] = fixed_bytes(column) if column.dtype.kind == "S" else numbers(column)
    return pa.table(columns)


def from_table(table: "pa.Table", inputs: tuple[str, ...]) -> FlowBatch:
    """Return the batch that `to_table` made a table of."""
    columns = {}
    for name in table.column_names:
        column = table.column(name)
        if DTYPES[name].kind == "S":
            values = fixed_rows(column.combine_chunks()).reshape(-1).view(DTYPES[name])
        else:
            values = column.to_numpy().astype(DTYPES[name], copy=False)
        columns[name] = values
    return FlowBatch(columns, inputs)


def to_readable_table(batch: FlowBatch, *, community_id: bool = False) -> "pa.Table":
    """Return whole flows as people and other tools read them: address text, state names, times in UTC.

    `TEXT_COLUMNS` are dictionary-encoded. The Community ID, a SHA-1 for every flow, costs more than all the rest, so
    it is there only when asked for.
    """
    import pyarrow as pa

    def times(column: str) -> Any:  # noqa: ANN401 - pyarrow has no types
        return numbers(batch[column]).view(pa.timestamp("ns", "UTC"))

    columns: dict[str, Any] = {
        "first": times("first_ns"),
        "last": times("last_ns"),
        "orig_addr": address_texts(batch["orig_hi"], batch["orig_lo"]),
        "resp_addr": address_texts(batch["resp_hi"], batch["resp_lo"]),
    }
    for name in DTYPES:
        if name in batch and name not in _INTERNAL and not name.endswith(("first_ns", "last_ns")):
            columns[name] = numbers(batch[name])
    if "conn_state" in batch:
        columns["conn_state"] = named(batch["conn_state"], CONN_STATES)
    if "tunnel" in batch:
        columns["tunnel"] = named(batch["tunnel"], TUNNELS)
    if "history" in batch:
        columns["history"] = byte_texts(batch["history"])
    if community_id:
        from netad.ingest.community_id import community_id_bytes

        columns["community_id"] = fixed_texts(community_id_bytes(batch))
    if "input" in batch and batch.inputs:
        columns["input"] = named(batch["input"], batch.inputs)
    return pa.table(columns)
