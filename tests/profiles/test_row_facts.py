import numpy as np

from netad.ingest.facts.batch import FactBatch, FactKind
from netad.profiles.row_facts import RowFacts


def test_there_are_as_many_as_rows(fact):
    """Every fact has its row, and no column is lacking where nothing says so."""
    facts = RowFacts(np.array([0, 3], dtype=np.int32), FactBatch.from_rows(FactKind.DNS, [fact(), fact()]))
    assert len(facts) == len(facts.facts) == 2
    assert not facts.lacking
