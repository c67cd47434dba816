"""The kinds of facts that sources tell of, before any was told: nothing said is another thing than not known."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.inputs import Source
from netad.ingest.logs.detect import Format

# What captures are searched for, and the columns of logs that only some of them have.
CAPTURE_FACTS: Final = frozenset((FactKind.DNS, FactKind.ANSWER, FactKind.TLS, FactKind.HTTP))
_SOMETIMES: Final[Mapping[FactKind, tuple[str, ...]]] = {
    FactKind.DNS: ("query_bytes", "answer_bytes"),
    FactKind.TLS: ("ja3", "ja4"),
}


def expected_facts(sources: Iterable[Source]) -> Iterator[FactBatch]:
    """Yield a batch without rows for each kind of facts that some source tells of, with the columns it surely has."""
    whole, partly = set[FactKind](), set[FactKind]()
    for source in sources:
        if source.format is Format.CAPTURE:
            whole |= CAPTURE_FACTS
        else:
            partly |= source.facts
    for kind in sorted(whole | partly):
        yield FactBatch.from_rows(kind, (), () if kind in whole else _SOMETIMES.get(kind, ()))
