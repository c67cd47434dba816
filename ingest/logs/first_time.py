"""When a log begins: the time at which its first lines count."""

from typing import Final

from netad.ingest.logs.detect import Format
from netad.ingest.logs.formats import parser_of
from netad.ingest.logs.lines import Chunk
from netad.ingest.logs.parser import Ledger, ParserOptions
from netad.ingest.report import IngestReport

_ROWS: Final = 100  # logs are only nearly in the order of time


def first_line_time_ns(format_: Format, head: bytes) -> int | None:
    """Return the least time of the first lines of a log that begins with `head`, None where none can be used."""
    end = head.rfind(b"\n") + 1
    raw = head[:end] or head + b"\n"
    parser = parser_of(format_, Ledger("", IngestReport()), ParserOptions())
    parts = [*parser.take(Chunk(raw, 1)), *parser.finish()]
    return min((int(part.times[:_ROWS].min()) for part in parts if len(part)), default=None)
