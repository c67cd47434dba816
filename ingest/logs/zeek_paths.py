"""Zeek's logs that netad reads: the fields of each that are read, and what makes facts of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from netad.ingest.logs.columns import Decode, Reading
from netad.ingest.logs.detect import ZEEK_SIGNS
from netad.ingest.logs.parser import Ledger, Part
from netad.ingest.logs.zeek_conn import CONN_FIELDS
from netad.ingest.logs.zeek_facts import (
    DNS_FIELDS,
    HTTP_FIELDS,
    NOTICE_FIELDS,
    SSL_FIELDS,
    WEIRD_FIELDS,
    Split,
    dns_parts,
    http_parts,
    notice_parts,
    ssl_parts,
    weird_parts,
)

FactParts = Callable[[Reading, Ledger, Decode, Split], Iterator[Part]]

CONN: Final = "conn"


@dataclass(frozen=True, slots=True)
class ZeekPath:
    """One of Zeek's logs: its fields that are read, and what makes facts of its lines, None for flows."""

    fields: tuple[str, ...]
    parts: FactParts | None = None


ZEEK_PATHS: Final[Mapping[str, ZeekPath]] = {
    CONN: ZeekPath(CONN_FIELDS),
    "dns": ZeekPath(DNS_FIELDS, dns_parts),
    "ssl": ZeekPath(SSL_FIELDS, ssl_parts),
    "http": ZeekPath(HTTP_FIELDS, http_parts),
    "notice": ZeekPath(NOTICE_FIELDS, notice_parts),
    "weird": ZeekPath(WEIRD_FIELDS, weird_parts),
}

# Everything that is looked for in a line whose path is not known, or that several paths have.
_SIGNS: Final = tuple(name for signs, without in ZEEK_SIGNS.values() for name in (*signs, *without))
ALL_FIELDS: Final = tuple(dict.fromkeys([*(name for path in ZEEK_PATHS.values() for name in path.fields), *_SIGNS]))
