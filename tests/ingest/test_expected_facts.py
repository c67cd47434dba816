"""Tests of netad.ingest.expected_facts."""

import pytest

from netad.ingest.expected_facts import CAPTURE_FACTS, expected_facts
from netad.ingest.facts.batch import FACT_COLUMNS, FactKind
from netad.ingest.inputs import Source
from netad.ingest.logs.detect import Format


def log(*kinds):
    return Source("x", format=Format.EVE, facts=frozenset(kinds))


@pytest.mark.parametrize(
    ("sources", "kinds"),
    [((), set()), ((log(),), set()), ((Source("a.pcap"),), CAPTURE_FACTS), ((log(FactKind.ALERT),), {FactKind.ALERT}),
     ((Source("a.pcap"), log(FactKind.ALERT)), set(FactKind))],
)  # fmt: skip
def test_each_kind_that_is_told_of_comes_once(sources, kinds):
    """Empty, and with the time that profiles place facts by."""
    batches = list(expected_facts(sources))
    assert [batch.kind for batch in batches] == sorted(kinds)
    assert all(len(batch) == 0 and "time_ns" in batch for batch in batches)


def test_columns_that_only_some_logs_have_are_not_promised():
    """A capture has them all."""
    (dns,) = expected_facts([log(FactKind.DNS)])
    assert {spec.name for spec in FACT_COLUMNS[FactKind.DNS]} - set(dns.columns) == {"query_bytes", "answer_bytes"}
    whole = {batch.kind: batch for batch in expected_facts([log(FactKind.DNS), Source("a.pcap")])}
    assert set(whole[FactKind.DNS].columns) == {spec.name for spec in FACT_COLUMNS[FactKind.DNS]}
