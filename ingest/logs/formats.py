"""The parser of each format of logs."""

from collections.abc import Callable, Mapping
from typing import Final

from netad.ingest.compiling import watch_compiler
from netad.ingest.logs.binetflow import Binetflow
from netad.ingest.logs.detect import Format
from netad.ingest.logs.eve import Eve
from netad.ingest.logs.nfdump import Nfdump
from netad.ingest.logs.parser import Ledger, Parser, ParserOptions
from netad.ingest.logs.zeek_json import ZeekJson
from netad.ingest.logs.zeek_tsv import ZeekTsv

PARSERS: Final[Mapping[Format, Callable[[Ledger, ParserOptions], Parser]]] = {
    Format.ZEEK_TSV: ZeekTsv,
    Format.ZEEK_JSON: ZeekJson,
    Format.EVE: Eve,
    Format.BINETFLOW: Binetflow,
    Format.NFDUMP: Nfdump,
}


def parser_of(format_: Format, ledger: Ledger, options: ParserOptions) -> Parser:
    """Return a parser for one log of the format, and say so if it has to be compiled."""
    watch_compiler()
    return PARSERS[format_](ledger, options)
