"""Columns as Arrow arrays: numbers without a copy, text without a Python object for every row.

`pa.array` and `pa.scalar` are not used: they import pandas, which takes longer than writing a small file.
"""

import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from netad.core.addresses import UInt64, format_address
from netad.ingest.flows import Column

if TYPE_CHECKING:
    import pyarrow as pa

_V4_HEAD = bytes(10) + b"\xff\xff"


def numbers(column: Column) -> "pa.Array":
    """Return a column of numbers or truths."""
    import pyarrow as pa

    data = np.ascontiguousarray(column)
    if data.dtype == np.bool_:
        data = np.packbits(data, bitorder="little")
    kind = pa.from_numpy_dtype(column.dtype)
    return pa.Array.from_buffers(kind, len(column), [None, pa.py_buffer(data)])


def texts(values: Sequence[str]) -> "pa.StringArray":
    """Return a few texts; what UTF-8 cannot carry is replaced."""
    import pyarrow as pa

    encoded = [value.encode("utf-8", "replace") for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))


def scalar(value: str) -> "pa.StringScalar":
    """Return one text, as functions of `pyarrow.compute` take it."""
    return texts((value,))[0]


def named(codes: Column, names: Sequence[str]) -> "pa.DictionaryArray":
    """Return a column of positions in `names` as text, dictionary-encoded."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(numbers(codes.astype(np.int32)), texts(names))


def address_texts(high: UInt64, low: UInt64) -> "pa.DictionaryArray":
    """Return a column of addresses as text, dictionary-encoded, each distinct address formatted once."""
    import pyarrow as pa

    packed = np.empty((len(high), 2), dtype=">u8")
    packed[:, 0], packed[:, 1] = high, low
    encoded = fixed_bytes(packed).dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices, _addresses(fixed_rows(encoded.dictionary)))


def byte_texts(column: Column) -> "pa.DictionaryArray":
    """Return a column of ASCII bytes (dtype S) as text, dictionary-encoded."""
    import pyarrow as pa

    encoded = fixed_bytes(column).dictionary_encode()
    distinct = fixed_rows(encoded.dictionary).reshape(-1).view(column.dtype).astype(str)
    return pa.DictionaryArray.from_arrays(encoded.indices, texts(distinct.tolist()))


def fixed_texts(column: Column) -> "pa.StringArray":
    """Return a column of ASCII bytes of which every row has the full length as text, without a dictionary."""
    import pyarrow as pa

    size, count = column.dtype.itemsize, len(column)
    ends = np.arange(0, (count + 1) * size, size, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(column)))


def fixed_bytes(column: Column) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return a column of dtype S, or rows of numbers, as fixed-size binary, byte for byte, padding included."""
    import pyarrow as pa

    data = np.ascontiguousarray(column)
    size = data.dtype.itemsize * (data.shape[1] if data.ndim == 2 else 1)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(size), len(data), [None, pa.py_buffer(data)])


def fixed_rows(array: Any) -> Column:  # noqa: ANN401
    """Return the bytes of a fixed-size binary array, shape (n, size), uint8, read-only."""
    size = array.type.byte_width
    data = np.frombuffer(array.buffers()[1] or b"", dtype=np.uint8)
    return data[array.offset * size : (array.offset + len(array)) * size].reshape(-1, size)


def _addresses(packed: Column) -> Any:  # noqa: ANN401
    """Return the text of addresses of shape (n, 16), as `format_address` gives it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    v4 = (packed[:, :12] == np.frombuffer(_V4_HEAD, dtype=np.uint8)).all(axis=1)
    octets = texts([str(number) for number in range(256)])
    dotted = pc.binary_join_element_wise(*(octets.take(numbers(packed[v4, at])) for at in range(12, 16)), scalar("."))
    data = packed[~v4].tobytes()
    others = [_v6(data[at : at + 16]) for at in range(0, len(data), 16)]
    position = np.empty(len(packed), dtype=np.int64)
    position[v4] = np.arange(len(dotted))
    position[~v4] = np.arange(len(dotted), len(packed))
    return pa.concat_arrays([dotted, texts(others)]).take(numbers(position))


def _v6(packed: bytes) -> str:
    """Return RFC 5952's form; inet_ntop has it, but for addresses that begin with 96 zero bits."""
    if not any(packed[:12]):
        return format_address(0, int.from_bytes(packed[8:], "big"))
    return socket.inet_ntop(socket.AF_INET6, packed)
