"""Logs as tests write them, and what a parser makes of them."""

import json

import numpy as np

from netad.core.addresses import format_address
from netad.ingest.facts.batch import FactKind
from netad.ingest.logs.detect import Format
from netad.ingest.logs.formats import parser_of
from netad.ingest.logs.lines import Chunk
from netad.ingest.logs.parser import Ledger, ParserOptions
from netad.ingest.report import IngestReport

CONN_FIELDS = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration",
               "orig_bytes", "resp_bytes", "conn_state", "local_orig", "local_resp", "missed_bytes", "history",
               "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes", "tunnel_parents")  # fmt: skip
START = 1_700_000_000
SECOND = 10**9


def header(path, fields, separator="\t"):
    """Return a header of Zeek's TSV."""
    mark = "#separator " + "".join(f"\\x{ord(letter):02x}" for letter in separator)
    lines = [mark, f"#set_separator{separator},", f"#empty_field{separator}(empty)", f"#unset_field{separator}-"]
    lines += [f"#path{separator}{path}"] if path else []
    return "\n".join([*lines, separator.join(("#fields", *fields)), ""])


def conn(at=0.5, **more):
    """Return the fields of a line of conn.log; underscores stand for dots in `id_orig_h` and the like."""
    values = {"ts": f"{START + at:.6f}", "uid": "CAbc1", "id.orig_h": "10.0.0.1", "id.orig_p": "40000",
              "id.resp_h": "192.0.2.7", "id.resp_p": "443", "proto": "tcp", "service": "ssl", "duration": "1.500000",
              "orig_bytes": "100", "resp_bytes": "2000", "conn_state": "SF", "local_orig": "T", "local_resp": "F",
              "missed_bytes": "0", "history": "ShADadFf", "orig_pkts": "6", "orig_ip_bytes": "420", "resp_pkts": "5",
              "resp_ip_bytes": "2200", "tunnel_parents": "-"}  # fmt: skip
    return values | {name.replace("id_", "id.", 1): str(value) for name, value in more.items()}


def tsv(path, rows, fields=None, separator="\t"):
    """Return a log of Zeek's TSV with one row a mapping."""
    fields = fields or tuple(rows[0])
    lines = [separator.join(row.get(name, "-") for name in fields) for row in rows]
    return header(path, fields, separator) + "".join(line + "\n" for line in lines)


def lines_of(records):
    """Return lines of JSON."""
    return "".join(json.dumps(record) + "\n" for record in records)


def eve(kind="flow", at="2023-11-14T22:13:20.500000+0000", **more):
    """Return an EVE event."""
    event = {"timestamp": at, "flow_id": 2**60 + 1, "event_type": kind, "src_ip": "10.0.0.1", "src_port": 40000,
             "dest_ip": "192.0.2.7", "dest_port": 443, "proto": "TCP"}  # fmt: skip
    if kind == "flow":
        event |= {
            "app_proto": "tls",
            "flow": {
                "pkts_toserver": 6,
                "pkts_toclient": 5,
                "bytes_toserver": 504,
                "bytes_toclient": 2270,
                "start": "2023-11-14T22:13:18.000000+0000",
                "end": "2023-11-14T22:13:20.000000+0000",
                "age": 2,
                "state": "closed",
                "reason": "timeout",
                "alerted": False,
            },
            "tcp": {"tcp_flags": "1b", "tcp_flags_ts": "1b", "tcp_flags_tc": "1b", "state": "closed"},
        }
    return event | more


def parse(format_, text, report=None, *, cut=False, **options):
    """Return the parts of a whole log, and the report."""
    report = report or IngestReport()
    ledger = Ledger("a.log", report)
    ledger.tentative = cut
    parser = parser_of(Format(format_), ledger, ParserOptions(**options))
    raw = text if isinstance(text, bytes) else text.encode()
    parts = list(parser.take(Chunk(raw, 1, cut))) if raw else []
    return [*parts, *parser.finish()], report


def flows(format_, text, **options):
    """Return the flow columns of a log, and the report."""
    parts, report = parse(format_, text, **options)
    (part,) = [part for part in parts if part.kind is None]
    return part.columns, report


def facts(format_, text, kind, **options):
    """Return the facts of one kind as rows, addresses as text."""
    parts, _ = parse(format_, text, **options)
    return [row for part in parts if part.kind is FactKind(kind) for row in rows(part.columns)]


def rows(columns):
    """Return columns as one dict a row, addresses as text."""
    names = [name for name in columns if not name.endswith(("_hi", "_lo"))]
    sides = sorted({name[:-3] for name in columns if name.endswith("_hi")})
    count = len(next(iter(columns.values())))
    return [
        {name: columns[name][at].item() if isinstance(columns[name][at], np.generic) else columns[name][at]
         for name in names}
        | {side: format_address(int(columns[f"{side}_hi"][at]), int(columns[f"{side}_lo"][at])) for side in sides}
        for at in range(count)
    ]  # fmt: skip
