import numpy as np
import pytest

from netad.detectors.explain import FRAMED, explain
from netad.profiles.features import FEATURES


def with_values(profiles, **values):
    return profiles(3, seed=8).assign(**values)


def test_the_planted_feature_leads(model, quiet, profiles):
    """What alone is far out comes first, with its value, the median, and the quantile it falls on."""
    typical = {name: quiet[name].median() for name in FEATURES.names()}
    rows = with_values(profiles, **(typical | {"failed_destination_ports": 9000.0}))
    reasons = explain(model, rows)[0].reasons
    lead = reasons[0]
    assert (lead.feature, lead.actual, lead.quantile) == ("failed_destination_ports", 9000, 1)
    assert lead.typical == model.baseline.median("failed_destination_ports")
    assert lead.weight > max((reason.weight for reason in reasons[1:]), default=0)


def test_three_reasons_with_shares_of_the_score(model, profiles):
    """There are at most three reasons, their weights are shares, the heaviest first."""
    for explained in explain(model, profiles(20, seed=7)):
        reasons = explained.reasons
        weights = [reason.weight for reason in reasons]
        assert 1 <= len(reasons) <= 3
        assert all(0 < weight <= 1 for weight in weights)
        assert sum(weights) <= 1 + 1e-9


def test_the_framed_list_is_what_operators_know(model, profiles):
    """The framed list has the operators' features in their order, then the other reasons."""
    explained = explain(model, with_values(profiles, failed_share=1.0, failed_destinations=9000.0))[0]
    reasons, profile = explained.reasons, explained.profile
    names = [reason.feature for reason in profile]
    assert tuple(names[: len(FRAMED)]) == FRAMED
    assert names[len(FRAMED) :] == [reason.feature for reason in reasons if reason.feature not in FRAMED]


def test_missing_values_are_never_named(model, profiles):
    """A feature that the row does not have is in neither list."""
    explained = explain(model, with_values(profiles, port_ratio=np.nan, flows=np.nan))[0]
    reasons, profile = explained.reasons, explained.profile
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
    for explained in explain(bare, profiles(5, seed=1)):
        assert "flows" not in {reason.feature for reason in (*explained.reasons, *explained.profile)}


def test_harmless_deviations_come_last(model, profiles):
    """A source that fails far less than usual is not suspicious for that while anything else deviates."""
    rows = with_values(profiles, failed_share=0.0, failed_destinations=0.0, flows=0.0, bytes_out=1e9)
    for explained in explain(model, rows):
        assert {"failed_share", "failed_destinations", "flows"}.isdisjoint(one.feature for one in explained.reasons)


def test_without_any_drop_the_quantile_decides(profiles, flooding):
    """Where no single feature changes the score, the one farthest from the middle leads."""
    from netad.detectors.model import Model

    one_row = Model.train(
        profiles(1), detectors=["isolation_forest"], name="x", window="1h", created="now", self_baseline=True
    )
    reasons = explain(one_row, flooding(profiles(2, seed=1)))[0].reasons
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
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 7)
    assert explain(model, rows) == whole


def test_input_is_not_changed(model, profiles):
    """Explaining changes no profile."""
    rows = profiles(5, seed=6)
    before = rows.copy(deep=True)
    explain(model, rows)
    assert rows.equals(before)


def test_the_smallest_normalising_change(model, profiles):
    """One feature far out is what has to change, to less than it was and no further than typical."""
    rows = with_values(profiles, failed_destination_ports=9000.0)
    level = float(model.score(rows).score.min()) - 0.001
    explained = explain(model, rows, threshold=level)[0]
    assert explained.changes
    for change in explained.changes:
        typical = model.baseline.median(change.feature)
        assert min(typical, change.actual) <= change.target <= max(typical, change.actual)
    changed = {one.feature: one.target for one in explained.changes}
    assert model.score(rows.assign(**changed)).score[0] < level


def test_what_is_normal_needs_no_change(model, profiles):
    """Below the threshold nothing has to change."""
    assert all(not explained.changes for explained in explain(model, profiles(5, seed=3), threshold=0.99))


def test_quantiles_of_its_own_and_of_its_peers(model, profiles):
    """A value is placed among the source's own profiles and its neighbours'; a stranger elsewhere has neither."""
    rows = with_values(profiles, flows=1e6)
    known = explain(model, rows)[0].profile[0]
    assert 0 <= known.own_quantile <= 1
    assert 0 <= known.peer_quantile <= 1
    away = rows.assign(source_lo=np.uint64((0xFFFF << 32) + (192 << 24)))
    stranger = explain(model, away)[0].profile[0]
    assert np.isnan(stranger.own_quantile)
    assert np.isnan(stranger.peer_quantile)


def test_a_behaviour_is_a_reason(profiles, quiet):
    """Where behaviours decide, the behaviour leads, and its absence is the change."""
    from netad.detectors.model import Model

    watched = quiet.assign(**{"behaviour.scan": 0.0})
    model = Model.train(watched, detectors=["behaviour"], name="x", window="1h", created="now")
    explained = explain(model, profiles(2, seed=1).assign(**{"behaviour.scan": 8.0}))[0]
    assert (explained.reasons[0].feature, explained.reasons[0].label) == ("behaviour.scan", "scan")
    assert (explained.changes[0].feature, explained.changes[0].target) == ("behaviour.scan", 0.0)
