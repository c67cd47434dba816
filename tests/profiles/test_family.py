import numpy as np

from netad.ingest.facts.batch import FACT_COLUMNS, FactBatch, FactKind
from netad.ingest.flows import DTYPES, LOG_DTYPES, FlowBatch
from netad.profiles.features import FACT_FAMILIES, FAMILIES
from netad.profiles.windows import WindowAggregator


def test_families_need_columns_of_a_flow_batch():
    """A family asks for columns that a FlowBatch can have, a family of facts for those of its kind."""
    for family in FAMILIES:
        assert set(family.needs) <= {*DTYPES, *LOG_DTYPES}, family.features[0].name
    for family in FACT_FAMILIES:
        assert set(family.needs) <= {spec.name for spec in FACT_COLUMNS[family.kind]}, family.features[0].name


def test_families_compute_what_they_promise(flow, fact, make_batch, inside):
    """Every feature of every family has a value for a source with several flows and every kind of facts."""
    windows = WindowAggregator(None, inside)
    for kind in (FactKind.DNS, FactKind.ANSWER, FactKind.TLS, FactKind.HTTP):
        windows.add(FactBatch.from_rows(kind, [fact(query="www.example.org", server_name="example.org")]))
    batch = make_batch([flow(start=second * second, answers=[60, 1500]) for second in range(4)])
    windows.add(FlowBatch({**batch.columns, "service": np.array(["dns", "", "", ""], dtype=object)}))
    (closed,) = windows.finish()
    for family in (*FAMILIES, *FACT_FAMILIES):
        for feature in family.features:
            assert closed.frame[feature.name].notna().all(), feature.name
