import numpy as np
import pytest

from netad.detectors.explain import FRAMED, explain
from netad.profiles.features import FEATURES


def with_values(profiles, **values):
    return profiles(3, seed=8).assign(**values)


def test_the_planted_feature_leads(model, profiles):
    """What alone is far out comes first, with its value, the median, and the quantile it falls on."""
    reasons, _ = explain(model, with_values(profiles, failed_destination_ports=9000.0))[0]
    lead = reasons[0]
    assert (lead.feature, lead.actual, lead.quantile) == ("failed_destination_ports", 9000, 1)
    assert lead.typical == model.baseline.median("failed_destination_ports")
    assert lead.weight > max(reason.weight for reason in reasons[1:])


def test_three_reasons_with_shares_of_the_score(model, profiles):
    """There are at most three reasons, their weights are shares, the heaviest first."""
    for reasons, _ in explain(model, profiles(20, seed=7)):
        weights = [reason.weight for reason in reasons]
        assert 1 <= len(reasons) <= 3
        assert all(0 < weight <= 1 for weight in weights)
        assert sum(weights) <= 1 + 1e-9


def test_the_framed_list_is_what_operators_know(model, profiles):
    """The framed list has the operators' features in their order, then the other reasons."""
    reasons, profile = explain(model, with_values(profiles, failed_share=1.0, failed_destinations=9000.0))[0]
    names = [reason.feature for reason in profile]
    assert tuple(names[: len(FRAMED)]) == FRAMED
    assert names[len(FRAMED) :] == [reason.feature for reason in reasons if reason.feature not in FRAMED]


def test_missing_values_are_never_named(model, profiles):
    """A feature that the row does not have is in neither list."""
    reasons, profile = explain(model, with_values(profiles, port_ratio=np.nan, flows=np.nan))[0]
    assert {"port_ratio", "flows"}.isdisjoint(reason.feature for reason in (*reasons, *profile))


def test_what_the_baseline_lacks_is_never_named(quiet, profiles):
    """Nor is a feature that no baseline profile has."""
    from netad.detectors.model import Model

    bare = Model.train(
        quiet.assign(flows=np.nan),
        detectors=["isolation_forest"],
        name="x",
        window="1h",
        created="now",
        self_baseline=True,
    )
    for reasons, profile in explain(bare, profiles(5, seed=1)):
        assert "flows" not in {reason.feature for reason in (*reasons, *profile)}


def test_harmless_deviations_come_last(model, profiles):
    """A source that fails far less than usual is not suspicious for that while anything else deviates."""
    rows = with_values(profiles, failed_share=0.0, failed_destinations=0.0, flows=0.0, bytes_out=1e9)
    for reasons, _ in explain(model, rows):
        assert {"failed_share", "failed_destinations", "flows"}.isdisjoint(reason.feature for reason in reasons)


def test_without_any_drop_the_quantile_decides(profiles, flooding):
    """Where no single feature changes the score, the one farthest from the middle leads."""
    from netad.detectors.model import Model

    one_row = Model.train(
        profiles(1), detectors=["isolation_forest"], name="x", window="1h", created="now", self_baseline=True
    )
    reasons, _ = explain(one_row, flooding(profiles(2, seed=1)))[0]
    assert len(reasons) == 3
    assert all(abs(reason.quantile - 0.5) == pytest.approx(0.5) for reason in reasons)


def test_rows_are_explained_one_by_one(model, profiles):
    """Each row has its explanation, the same in any company; nothing flagged, nothing explained."""
    rows = profiles(12, seed=6)
    assert explain(model, rows)[4] == explain(model, rows.iloc[4:5])[0]
    assert explain(model, rows.iloc[:0]) == []


def test_many_rows_are_scored_in_blocks(model, profiles, monkeypatch):
    """The size of a block changes no explanation."""
    from netad.detectors import explain as module

    rows = profiles(5, seed=6)
    whole = explain(model, rows)
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 2 * (len(FEATURES.names()) + 1))
    assert explain(model, rows) == whole


def test_input_is_not_changed(model, profiles):
    """Explaining changes no profile."""
    rows = profiles(5, seed=6)
    before = rows.copy(deep=True)
    explain(model, rows)
    assert rows.equals(before)
