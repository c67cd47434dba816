"""Columns to and from Arrow, exactly, for the disk spool; flows to Arrow for files people read (addresses as text)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from netad.ingest.arrow_columns import (
    address_texts,
    byte_texts,
    fixed_bytes,
    fixed_rows,
    fixed_texts,
    named,
    numbers,
    texts,
)
from netad.ingest.flows import CONN_STATES, DTYPES, LOG_DTYPES, OPENED, TUNNELS, Column, FlowBatch

if TYPE_CHECKING:
    import pyarrow as pa

# Columns of a readable table that are dictionary-encoded text.
TEXT_COLUMNS = ("orig_addr", "resp_addr", "conn_state", "tunnel", "history", "input")
# A readable table's column of what a log says that netad does not know: a JSON object of texts.
OTHER = "other"

_INTERNAL = ("orig_hi", "orig_lo", "resp_hi", "resp_lo", "tunnel", "conn_state", "history", "input", "part")


def columns_to_table(columns: Mapping[str, Column]) -> "pa.Table":
    """Return columns of numbers, bytes or texts (dtype object), exactly: `columns_from_table` gives them back."""
    import pyarrow as pa

    written: dict[str, Any] = {}
    for name, column in columns.items():
        if column.dtype.kind == "O":
            written[name] = texts(column.tolist())
        else:
            written[name] = fixed_bytes(column) if column.dtype.kind == "S" else numbers(column)
    return pa.table(written)


def columns_from_table(table: "pa.Table") -> dict[str, Column]:
    """Return the columns that `columns_to_table` made a table of."""
    import pyarrow as pa

    columns: dict[str, Column] = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_fixed_size_binary(column.type):
            columns[name] = fixed_rows(column.combine_chunks()).reshape(-1).view(f"S{column.type.byte_width}")
        elif pa.types.is_string(column.type):
            columns[name] = np.array(column.to_pylist(), dtype=object)
        else:
            columns[name] = column.to_numpy()
    return columns


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
    for name, dtype in (*DTYPES.items(), *LOG_DTYPES.items()):
        if name in batch and name not in _INTERNAL and not name.endswith(("first_ns", "last_ns")):
            columns[name] = texts(batch[name].tolist()) if dtype.kind == "O" else numbers(batch[name])
    others = [name for name in batch.columns if name not in DTYPES and name not in LOG_DTYPES and name != OPENED.name]
    if others:
        columns[OTHER] = texts(_objects(batch, others))
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


def in_full(table: "pa.Table") -> "pa.Table":
    """Return a readable table with every column that one can have, null where the flows' input does not carry it."""
    import pyarrow as pa

    example = to_readable_table(FlowBatch.from_records((), ("-",)))
    kinds = {field.name: field.type for field in example.schema}
    kinds |= {name: pa.string() if dtype.kind == "O" else pa.int64() for name, dtype in LOG_DTYPES.items()}
    kinds |= {OTHER: pa.string()} | {field.name: field.type for field in table.schema}
    own = set(table.column_names)
    return pa.table({name: table.column(name) if name in own else pa.nulls(len(table), kind)
                     for name, kind in kinds.items()})  # fmt: skip


def _objects(batch: FlowBatch, names: Sequence[str]) -> list[str]:
    """Return the named text columns as one JSON object a row, without what is empty."""
    import orjson

    rows = zip(*(batch[name].tolist() for name in names), strict=True)
    return [orjson.dumps({name: text for name, text in zip(names, row, strict=True) if text}).decode() for row in rows]
