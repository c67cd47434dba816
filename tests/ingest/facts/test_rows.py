"""Tests of netad.ingest.facts.rows."""

from netad.core.addresses import parse_address
from netad.ingest.facts.batch import FACT_COLUMNS, FactKind
from netad.ingest.facts.rows import Ends, FactRows

ENDS = Ends(parse_address("10.0.0.1"), 40000, parse_address("192.0.2.7"), 80, 6)


def test_rows_become_batches_with_every_column():
    """Each kind has its columns, in the order the facts were found; taking empties."""
    rows = FactRows()
    rows.add(FactKind.HTTP, 2, ENDS, "b", "", "GET")
    rows.add(FactKind.TLS, 1, ENDS, "c", "", "")
    rows.add(FactKind.HTTP, 1, ENDS, "a", "", "GET")
    tls, http = rows.take()
    assert (tls.kind, http.kind) == (FactKind.TLS, FactKind.HTTP)
    assert http["host"].tolist() == ["b", "a"]
    assert list(http.columns) == [spec.name for spec in FACT_COLUMNS[FactKind.HTTP]]
    assert (http["orig_port"].tolist(), http["resp_lo"].tolist()) == ([40000] * 2, [ENDS.resp[1]] * 2)
    assert rows.take() == []
