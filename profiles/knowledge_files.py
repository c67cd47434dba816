"""Knowledge on disk: three Parquet files without pickle, kept under a size by keeping fewer bits of large sets."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from netad.core.errors import ModelError
from netad.profiles.habits import Habits
from netad.profiles.item_set import ItemSet, bits_within
from netad.profiles.meetings import MeetingKind
from netad.profiles.novelty import Knowledge, Scope

HOSTS, HABITS, SETS = "known_hosts.parquet", "known_habits.parquet", "known_items.parquet"
# All three files together; the sets get what the others leave, but at least a part.
MOST_BYTES = 48_000_000
LEAST_SET_BYTES = 24_000_000
_META = b"netad"


def save(knowledge: Knowledge, folder: Path) -> None:
    """Write what is known into an existing folder.

    Raises:
        OSError: the folder cannot be written.
    """
    import pyarrow as pa

    hosts = {"host": knowledge.hosts, "peers": knowledge.peers, "windows": knowledge.windows}
    _write(folder / HOSTS, pa.table(hosts), {"peer_networks": list(knowledge.peer_networks)})
    tables = [(kind, table) for kind, table in sorted(knowledge.habits.items())]
    place = [np.searchsorted(knowledge.hosts, table.host) for _, table in tables]
    habits = {
        "kind": _joined([np.full(len(table.host), kind) for kind, table in tables], "u1"),
        "host": _joined(place, "i4"),
        "item": _joined([table.item for _, table in tables], "u8"),
        "count": _joined([table.count for _, table in tables], "i8"),
    }
    _write(folder / HABITS, pa.table(habits), {"kinds": [int(kind) for kind, _ in tables]})
    taken = sum((folder / name).stat().st_size for name in (HOSTS, HABITS))
    _write_sets(folder / SETS, knowledge.sets, max(MOST_BYTES - taken, LEAST_SET_BYTES))


def load(folder: Path) -> Knowledge:
    """Return what was saved to a folder.

    Raises:
        ModelError: a file is missing, damaged, or holds something else.
    """
    try:
        hosts, about = _read(folder / HOSTS, {"host": "u8", "peers": "u8", "windows": "i8"})
        networks = about["peer_networks"]
        if not np.all(hosts["host"][1:] > hosts["host"][:-1]) or not all(isinstance(one, str) for one in networks):
            raise ValueError
        return Knowledge(
            hosts["host"],
            hosts["peers"],
            hosts["windows"],
            _read_sets(folder / SETS),
            _read_habits(folder / HABITS, hosts["host"]),
            tuple(networks),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        # pyarrow's errors are ValueErrors, KeyErrors and OSErrors.
        raise ModelError(f"what the model {folder} knows is missing or damaged: train it again") from error


def _write_sets(path: Path, sets: Mapping[tuple[MeetingKind, Scope], ItemSet], most_bytes: int) -> None:
    import pyarrow as pa

    names = sorted(sets)
    bits = bits_within([len(sets[name]) for name in names], most_bytes)
    cut = [sets[name].cut(most) for name, most in zip(names, bits, strict=True)]
    about = [
        {"kind": int(kind), "scope": int(scope), "bits": one.bits, "items": len(one),
         "false_positive_rate": one.false_positive_rate}
        for (kind, scope), one in zip(names, cut, strict=True)
    ]  # fmt: skip
    heads = _joined([one.heads for one in cut], "i8")
    # Set after set, each ascending: kept as differences, packed to their bits.
    _write(path, pa.table({"head": heads}), {"sets": about}, {"head": "DELTA_BINARY_PACKED"})


def _read_sets(path: Path) -> dict[tuple[MeetingKind, Scope], ItemSet]:
    columns, about = _read(path, {"head": "i8"})
    heads = columns["head"].view(np.uint64)
    sizes = [int(one["items"]) for one in about["sets"]]
    if any(size < 0 for size in sizes) or sum(sizes) != len(heads):
        raise ValueError
    result = {}
    for one, end in zip(about["sets"], np.cumsum(sizes).tolist(), strict=True):
        items = ItemSet(int(one["bits"]), heads[end - int(one["items"]) : end])
        if not items.sound():
            raise ValueError
        result[MeetingKind(one["kind"]), Scope(one["scope"])] = items
    return result


def _read_habits(path: Path, hosts: Any) -> dict[MeetingKind, Habits]:  # noqa: ANN401
    columns, about = _read(path, {"kind": "u1", "host": "i4", "item": "u8", "count": "i8"})
    if np.any(columns["host"] < 0) or np.any(columns["count"] < 1):
        raise ValueError
    result = {}
    for kind in about["kinds"]:
        rows = columns["kind"] == kind
        result[MeetingKind(kind)] = Habits.of(
            hosts[columns["host"][rows]], columns["item"][rows], columns["count"][rows]
        )
    return result


def _joined(parts: list[Any], dtype: str) -> Any:  # noqa: ANN401
    return np.concatenate([np.empty(0, dtype), *parts]).astype(dtype)


def _write(path: Path, table: Any, about: Mapping[str, Any], encoding: Mapping[str, str] | None = None) -> None:  # noqa: ANN401
    import pyarrow.parquet as pq

    described = table.replace_schema_metadata({_META: json.dumps(about)})
    options: dict[str, Any] = {"use_dictionary": False, "column_encoding": dict(encoding)} if encoding else {}
    pq.write_table(described, path, compression="zstd", write_statistics=False, **options)


def _read(path: Path, dtypes: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=None)
    about = json.loads(table.schema.metadata[_META])
    columns = {name: table[name].to_numpy() for name in dtypes}
    if any(columns[name].dtype != np.dtype(dtype) for name, dtype in dtypes.items()):
        raise ValueError
    return columns, about
