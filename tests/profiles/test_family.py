from netad.ingest.flows import DTYPES
from netad.profiles.features import FAMILIES


def test_families_need_columns_of_a_flow_batch():
    """A family asks for columns that a FlowBatch can have."""
    for family in FAMILIES:
        assert set(family.needs) <= set(DTYPES), family.features[0].name


def test_families_compute_what_they_promise(profile, flow):
    """Every feature of every family comes out with a value for a source with several flows in both directions."""
    frame = profile([flow(start=second * second, answers=[60, 1500]) for second in range(4)])
    for family in FAMILIES:
        for feature in family.features:
            assert frame[feature.name].notna().all(), feature.name
