import pytest


def test_the_median_is_not_moved_by_one_long_flow(profile, flow):
    """One flow of an hour among short ones moves mean and maximum, not the median; even counts take the middle."""
    (row,) = profile([flow(start=k, duration=d) for k, d in enumerate([1, 2, 3, 3600])]).to_dict("records")
    assert row["duration_median"] == 2.5
    assert row["duration_max"] == 3600
    assert row["duration_mean"] == pytest.approx(901.5)


def test_groups_have_their_own_medians(profile, flow):
    """Durations of one source do not enter the median of another."""
    frame = profile([flow(source=f"10.0.0.{k}", duration=k, start=n) for k in (1, 2, 3) for n in range(k)])
    assert frame["duration_median"].tolist() == [1, 2, 3]


def test_a_clock_has_no_variation(profile, flow):
    """Flows at equal times apart vary by nothing; a single flow has no times between."""
    (clock,) = profile([flow(start=10 * k) for k in range(5)]).to_dict("records")
    assert clock["flow_gap_variation"] == pytest.approx(0, abs=1e-9)
    assert clock["flow_gap_mean"] == 10
    assert profile([flow()])["flow_gap_mean"].isna().all()
