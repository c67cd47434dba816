"""What kind of log a file is, told by its first bytes; nothing heavy is imported for it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath
from typing import Any, Final

import orjson

from netad.ingest.facts.batch import FactKind


class Format(StrEnum):
    """The formats of inputs."""

    CAPTURE = "capture"
    ZEEK_TSV = "zeek-tsv"
    ZEEK_JSON = "zeek-json"
    EVE = "eve"
    BINETFLOW = "binetflow"
    NFDUMP = "nfdump"
    UNKNOWN = "unknown"


# Zeek's logs that netad reads, by path: fields that a log of the kind always has and which together tell it from
# others, and fields of logs that look alike.
ZEEK_SIGNS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "conn": (("id.orig_h", "proto", "conn_state"), ()),
    "dns": (("id.orig_h", "trans_id"), ()),
    "ssl": (("id.orig_h", "established"), ("result",)),
    "http": (("id.orig_h", "trans_depth", "request_body_len"), ()),
    "notice": (("note", "actions"), ()),
    "weird": (("name", "notice"), ()),
}

_DNS: Final = frozenset((FactKind.DNS, FactKind.ANSWER))
_TLS, _HTTP, _ALERT = (frozenset((kind,)) for kind in (FactKind.TLS, FactKind.HTTP, FactKind.ALERT))
_NOTHING: Final[frozenset[FactKind]] = frozenset()
# The facts that come of Zeek's logs by path, and of EVE by event type.
_ZEEK_FACTS: Final = {"dns": _DNS, "ssl": _TLS, "http": _HTTP, "notice": _ALERT, "weird": _ALERT}
_EVE_FACTS: Final = {b"dns": _DNS, b"tls": _TLS, b"http": _HTTP, b"alert": _ALERT, b"anomaly": _ALERT}
_EVENT_TYPE: Final = re.compile(rb'"event_type"\s*:\s*"(\w{1,20})"')

# Fields by which a CSV of flows is told, in lower case: Argus' ra, nfdump up to 1.7.2, nfdump since.
_BINETFLOW: Final = frozenset(("starttime", "proto", "srcaddr", "dstaddr", "totpkts", "totbytes"))
_NFDUMP: Final = (frozenset(("ts", "td", "sa", "da", "sp", "dp", "pr")),
                  frozenset(("firstseen", "proto", "srcaddr", "srcport", "dstaddr", "dstport")))  # fmt: skip

_LINES: Final = 200
_HEADERLESS_CONN = re.compile(
    rb"\d{1,10}\.\d{1,9}\t\S+\t[0-9a-fA-F:.]+\t\d{1,5}\t[0-9a-fA-F:.]+\t\d{1,5}\t(?:tcp|udp|icmp|unknown_transport)\t"
)
_HEADERLESS_FIELDS: Final = (20, 21)


@dataclass(frozen=True, slots=True)
class Detected:
    """A log's format, and the kinds of facts that its beginning shows it to tell of.

    `unused` says what it is when netad makes no use of such a log, in a sentence that goes on.
    """

    format: Format
    unused: str | None = None
    facts: frozenset[FactKind] = field(default=_NOTHING)


def detect(head: bytes, name: str) -> Detected | None:
    """Return what log begins with `head`, None when it is none that netad knows.

    `name` is the file's name: logs of connections that are still open (RITA's open_conn.log) do not differ from those
    of ended ones, as which they come again, by anything else.
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"#"):
        return _zeek_tsv(text, name)
    if text.startswith(b"{"):
        return _json(text, name)
    line = text.split(b"\n", 1)[0].rstrip(b"\r")
    if _HEADERLESS_CONN.match(line) and line.count(b"\t") + 1 in _HEADERLESS_FIELDS:
        return Detected(Format.ZEEK_TSV)
    for separator in (b",", b"\t"):
        fields = {field.strip().lower().decode("latin-1") for field in line.split(separator, 200)}
        if fields >= _BINETFLOW:
            return Detected(Format.BINETFLOW)
        if any(fields >= known for known in _NFDUMP):
            return Detected(Format.NFDUMP)
    return None


def zeek_path(names: Iterable[str]) -> str | None:
    """Return the path of a Zeek log with these fields, None where it is none of those netad reads."""
    fields = {name.replace("id_", "id.", 1) if name.startswith("id_") else name for name in names}
    for path, (signs, without) in ZEEK_SIGNS.items():
        if fields.issuperset(signs) and fields.isdisjoint(without):
            return path
    return None


def _zeek_tsv(text: bytes, name: str) -> Detected | None:
    paths: list[str | None] = []
    path: str | None = None
    separator = b"\t"
    found = False
    for line in text.split(b"\n"):
        if line.startswith(b"#separator") and re.search(rb"\\x2[cC]", line):
            separator = b","
        key, _, value = line.rstrip(b"\r").partition(separator)
        if key == b"#path":
            path = value.decode("latin-1")
        elif key == b"#fields":
            found = True
            paths.append(path or zeek_path(value.decode("latin-1").split(separator.decode())))
    if not found:
        return None
    return Detected(Format.ZEEK_TSV, _unused(paths, name), _facts_of(paths))


def _json(text: bytes, name: str) -> Detected | None:
    paths: list[str | None] = []
    named: set[str] = set()
    for line in text.split(b"\n", _LINES)[:_LINES]:
        record = _loads(line)
        if "event_type" in record and "timestamp" in record:
            kinds = (_EVE_FACTS.get(kind, _NOTHING) for kind in set(_EVENT_TYPE.findall(text)))
            return Detected(Format.EVE, facts=_NOTHING.union(*kinds))
        path = record.get("_path")
        if isinstance(path, str):
            named.add(path)
            paths.append(path)
        elif (known := zeek_path(_keys(record))) or ("ts" in record and ("uid" in record or "id.orig_h" in record)):
            paths.append(known)
    if not paths:
        return None
    return Detected(Format.ZEEK_JSON, _unused(paths, name) if len(named) < 2 else None, _facts_of(paths))


def _facts_of(paths: Iterable[str | None]) -> frozenset[FactKind]:
    return _NOTHING.union(*(_ZEEK_FACTS.get(path or "", _NOTHING) for path in paths))


def _loads(line: bytes) -> Mapping[str, Any]:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return record if isinstance(record, dict) else {}


def _keys(record: Mapping[str, Any]) -> Iterable[str]:
    """Return the record's keys, those of a nested `id` too."""
    ends = record.get("id")
    return [*record, *(f"id.{key}" for key in (ends if isinstance(ends, dict) else ()))]


def _unused(paths: list[str | None], name: str) -> str | None:
    used = [path for path in paths if path in ZEEK_SIGNS]
    if used and PurePath(name).name.startswith("open_"):
        return f"lists what Zeek had not ended yet ({used[0]}); that comes again in {used[0]}.log"
    if used:
        return None
    path = paths[0]
    return f"is a Zeek log of a kind that netad makes no use of{f' ({path[:40]})' if path else ''}"
