"""Flows as Zeek's conn.log, tab-separated with header or JSON lines, for zeek-cut, RITA and whatever reads Zeek.

Fields and types: https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html (`Conn::Info`), and
`community_id` as Zeek's policy script adds it. What the flows' input does not tell is unset.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from orjson import dumps

from netad.core.addresses import Networks
from netad.core.timing import SECOND_NS
from netad.ingest.arrow_columns import address_texts, byte_texts, fixed_texts, named, numbers, scalar, texts
from netad.ingest.community_id import ICMP, ICMP6, TCP, UDP, canonical_columns, community_id_bytes
from netad.ingest.flows import CONN_STATES, FlowBatch
from netad.outputs.origin import Origin

FIELDS: Final = (
    ("ts", "time"), ("uid", "string"), ("id.orig_h", "addr"), ("id.orig_p", "port"), ("id.resp_h", "addr"),
    ("id.resp_p", "port"), ("proto", "enum"), ("service", "string"), ("duration", "interval"), ("orig_bytes", "count"),
    ("resp_bytes", "count"), ("conn_state", "string"), ("local_orig", "bool"), ("local_resp", "bool"),
    ("missed_bytes", "count"), ("history", "string"), ("orig_pkts", "count"), ("orig_ip_bytes", "count"),
    ("resp_pkts", "count"), ("resp_ip_bytes", "count"), ("tunnel_parents", "set[string]"), ("ip_proto", "count"),
    ("community_id", "string"),
)  # fmt: skip
_COUNTS: Final = {"orig_pkts": "orig_packets", "orig_ip_bytes": "orig_ip_bytes", "resp_pkts": "resp_packets",
                  "resp_ip_bytes": "resp_ip_bytes", "id.orig_p": "orig_port", "id.resp_p": "resp_port",
                  "ip_proto": "protocol"}  # fmt: skip
_QUOTED: Final = ("string", "addr", "enum")
_PROTOCOLS: Final = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMP6: "icmp"}
_ROWS: Final = 1 << 16  # at once: their text takes some 16 MiB

_DIGITS: Final = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
_UID_ROW: Final = np.dtype([("protocol", "u1"), ("first_hi", "<u8"), ("first_lo", "<u8"), ("second_hi", "<u8"),
                            ("second_lo", "<u8"), ("first_port", "<u2"), ("second_port", "<u2"), ("first_ns", "<i8"),
                            ("vlan", "<u2")])  # fmt: skip

_UNSAFE: Final = re.compile(r"[\x00-\x1f\\\x7f]")

_Texts = Any  # an Arrow array of strings; pyarrow has no types


def escaped(text: str) -> str:
    r"""Return a text as a field of a TSV log: what would end it becomes `\xNN`, and so does what would mean unset."""
    if text in ("-", "(empty)"):
        return f"\\x{ord(text[0]):02x}{text[1:]}"
    return _UNSAFE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _json_text(text: str) -> str:
    return dumps(text.encode("utf-8", "replace").decode())[1:-1].decode()


class ZeekLog:
    """Writes flows to a binary stream as conn.log. The stream stays open.

    `#open` and `#close` are the times of the first and last packet written, so that the same flows give the same file.
    `inside` decides `local_orig` and `local_resp`; `origin` is part of every `uid`, as it is of event ids.
    """

    def __init__(self, stream: BinaryIO, origin: Origin, inside: Networks, *, as_json: bool) -> None:
        self._stream, self._origin, self._inside, self._json = stream, origin, inside, as_json
        self._last_ns: int | None = None

    def write(self, batch: FlowBatch) -> None:
        """Append a batch of whole flows."""
        if self._last_ns is None and not self._json:
            self._stream.write(_header(int(batch["first_ns"].min()) if len(batch) else 0))
        self._last_ns = max(self._last_ns or 0, int(batch["last_ns"].max(initial=0)))
        for start in range(0, len(batch), _ROWS):
            part = FlowBatch({name: column[start : start + _ROWS] for name, column in batch.columns.items()})
            ways = (("false", "true"), _json_text) if self._json else (("F", "T"), escaped)
            texts = conn_fields(part, self._origin, self._inside, *ways)
            lines = _json_lines(texts) if self._json else _tsv_lines(texts)
            for chunk in lines.chunks if isinstance(lines, pa.ChunkedArray) else (lines,):
                self._stream.write(_bytes(chunk))

    def close(self) -> None:
        """Write the last line."""
        if self._last_ns is not None and not self._json:
            self._stream.write(f"#close\t{_stamp(self._last_ns)}\n".encode())


def conn_fields(
    batch: FlowBatch,
    origin: Origin,
    inside: Networks,
    truths: tuple[str, str] = ("F", "T"),
    escape: Callable[[str], str] = escaped,
) -> dict[str, _Texts]:
    """Return the fields of `FIELDS` as Arrow texts of shape (n,), null where Zeek would leave them unset.

    `escape` makes texts of other tools harmless: those of services, and the uids of flows that came from a conn.log.
    """
    duration_ns = batch["last_ns"] - batch["first_ns"]
    at_once = numbers(duration_ns <= 0)  # Zeek then knows neither duration nor sizes
    unset = pa.nulls(len(batch), pa.string())
    nothing = pa.nulls(1, pa.string())[0]
    fields: dict[str, _Texts] = {
        "ts": _seconds(batch["first_ns"]),
        "uid": _uid_texts(batch, origin, escape),
        "id.orig_h": address_texts(batch["orig_hi"], batch["orig_lo"]).cast(pa.string()),
        "id.resp_h": address_texts(batch["resp_hi"], batch["resp_lo"]).cast(pa.string()),
        "proto": _protocols(batch["protocol"]),
        "service": _texts(batch["service"], escape) if "service" in batch else unset,
        "duration": pc.if_else(at_once, nothing, _seconds(np.maximum(duration_ns, 0))),
        "conn_state": _named(batch["conn_state"], CONN_STATES) if "conn_state" in batch else unset,
        "local_orig": _named(inside.contains(batch["orig_hi"], batch["orig_lo"]), truths),
        "local_resp": _named(inside.contains(batch["resp_hi"], batch["resp_lo"]), truths),
        "missed_bytes": _missed(batch),
        "history": unset,
        "tunnel_parents": unset,
        "community_id": fixed_texts(community_id_bytes(batch)),
    }
    for side in ("orig", "resp"):
        name = f"{side}_payload_bytes"
        sizes = numbers(batch[name]).cast(pa.string()) if name in batch else unset
        fields[f"{side}_bytes"] = pc.if_else(at_once, nothing, sizes)
    if "history" in batch:
        letters = byte_texts(batch["history"]).cast(pa.string())
        fields["history"] = pc.if_else(pc.equal(letters, scalar("")), nothing, letters)
    for name, column in _COUNTS.items():
        fields[name] = numbers(batch[column]).cast(pa.string()) if column in batch else unset
    return {name: fields[name] for name, _ in FIELDS}


def _header(opened_ns: int) -> bytes:
    names, types = ("\t".join(column) for column in zip(*FIELDS, strict=True))
    lines = ("#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tconn",
             f"#open\t{_stamp(opened_ns)}", f"#fields\t{names}", f"#types\t{types}")  # fmt: skip
    return "".join(f"{line}\n" for line in lines).encode()


def _stamp(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // SECOND_NS, UTC).strftime("%Y-%m-%d-%H-%M-%S")


def _tsv_lines(texts: dict[str, _Texts]) -> _Texts:
    """Return whole lines. Nothing in them needs Zeek's escapes any more: addresses, numbers, texts of netad's own."""
    *columns, last = (pc.fill_null(text, scalar("-")) for text in texts.values())
    return _joined(*columns, _joined(last, "\n"), between="\t")


def _json_lines(texts: dict[str, _Texts]) -> _Texts:
    """Return whole lines, without the fields that are unset, as Zeek's JSON writer does."""
    pieces: list[Any] = []
    for name, kind in FIELDS:
        mark = '"' if kind in _QUOTED else ""
        before = f'{"," if pieces else "{"}"{name}":{mark}'
        if texts[name].null_count == len(texts[name]):
            continue
        if texts[name].null_count:
            pieces.append(pc.fill_null(_joined(before, texts[name], mark), scalar("")))
        else:
            pieces += [before, texts[name], mark]
    return _joined(*pieces, "}\n")


def _joined(*pieces: _Texts, between: str = "") -> _Texts:
    """Join columns and single texts row by row; null where one of them is."""
    columns = (scalar(piece) if isinstance(piece, str) else piece for piece in pieces)
    return pc.binary_join_element_wise(*columns, scalar(between))


def _bytes(lines: _Texts) -> memoryview:
    """Return the text of all rows, one after the other, without a copy."""
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data)[ends[0] : ends[-1]]


def _seconds(time_ns: NDArray[np.int64]) -> _Texts:
    """Return times in ns, not negative, as seconds with six digits, rounded; no float is on the way."""
    microseconds = np.zeros((len(time_ns), 2), dtype="<i8")  # two halves of a 128-bit decimal
    microseconds[:, 0] = time_ns // 1000 + (time_ns % 1000 >= 500)
    decimals = pa.Array.from_buffers(pa.decimal128(20, 6), len(time_ns), [None, pa.py_buffer(microseconds)])
    return decimals.cast(pa.string())


def _missed(batch: FlowBatch) -> _Texts:
    """Return `missed_bytes`: none of packets, else what another conn.log said, else unset."""
    if "orig_length_min" in batch:
        return pa.repeat(scalar("0"), len(batch))
    if "zeek.missed_bytes" not in batch:
        return pa.nulls(len(batch), pa.string())
    return _texts(batch["zeek.missed_bytes"], lambda text: text if text.isascii() and text.isdigit() else "")


def _uid_texts(batch: FlowBatch, origin: Origin, escape: Callable[[str], str]) -> _Texts:
    """Return `uid`: that of another conn.log, by which its other logs are found, else one of netad's own."""
    own = fixed_texts(_uids(batch, origin))
    return pc.coalesce(_texts(batch["zeek.uid"], escape), own) if "zeek.uid" in batch else own


def _texts(column: NDArray[Any], change: Callable[[str], str]) -> _Texts:
    """Return a column of texts, each changed; null where it is empty."""
    values = texts([change(text) for text in column.tolist()])
    return pc.if_else(pc.equal(values, scalar("")), pa.nulls(1, pa.string())[0], values)


def _uids(batch: FlowBatch, origin: Origin) -> NDArray[np.bytes_]:
    """Return `C` and 17 base-62 digits of a hash of the flow's content, shape (n,) of S18."""
    rows = np.zeros(len(batch), dtype=_UID_ROW)
    for name, column in zip(_UID_ROW.names or (), canonical_columns(batch), strict=False):
        rows[name] = column
    rows["first_ns"] = batch["first_ns"]
    rows["vlan"] = batch.columns.get("vlan", 0)
    who = f"uid\x1f{origin.observer}\x1f{origin.namespace}"
    key = hashlib.blake2b(who.encode("utf-8", "replace"), digest_size=32).digest()
    data, size = memoryview(rows.tobytes()), _UID_ROW.itemsize
    keyed = hashlib.blake2b(key=key, digest_size=16)
    digests = []
    for at in range(0, len(data), size):
        digest = keyed.copy()
        digest.update(data[at : at + size])
        digests.append(digest.digest())
    halves = np.frombuffer(b"".join(digests), dtype="<u8").reshape(-1, 2)
    text = np.full((len(batch), 18), ord("C"), dtype=np.uint8)
    for half, places in ((0, range(1, 11)), (1, range(11, 18))):
        left = halves[:, half]
        for place in places:
            left, digit = np.divmod(left, np.uint64(62))
            text[:, place] = _DIGITS[digit]
    return text.reshape(-1).view("S18")


def _named(codes: NDArray[Any], names: tuple[str, ...]) -> _Texts:
    return named(codes, names).cast(pa.string())


def _protocols(numbers: NDArray[np.uint8]) -> _Texts:
    return _named(numbers, tuple(_PROTOCOLS.get(number, "unknown_transport") for number in range(256)))
