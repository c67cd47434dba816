import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import ModelError
from netad.profiles.baseline import GRID_POINTS, Baseline, Distribution
from netad.profiles.registry import FEATURES

NUMBERS = st.lists(st.sampled_from([0.0, 0.0, 1.0, 5.5]) | st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(NUMBERS)
def test_few_values_have_exact_quantiles(values):
    """With fewer values than grid points the quantile of each is the share at or below it, ties and all."""
    array = np.array(values)
    expected = [float(np.mean(array <= value)) for value in values]
    assert Distribution.of(array).quantile(array).tolist() == pytest.approx(expected)


@given(NUMBERS, NUMBERS)
def test_quantiles_rise_between_nothing_and_all(values, asked):
    """0 below the least value, 1 from the greatest on, never falling in between."""
    distribution = Distribution.of(np.array(values))
    shares = distribution.quantile(np.sort(np.array(asked)))
    assert np.all(np.diff(shares) >= 0)
    ends = np.array([min(values) - 1, max(values), max(values) + 1, -np.inf, np.inf])
    assert distribution.quantile(ends).tolist() == [0, 1, 1, 0, 1]


def test_many_values_are_close_between_grid_points():
    """A baseline larger than the grid is off by less than one step of it."""
    values = np.random.default_rng(1).lognormal(3, 2, 20_000)
    distribution = Distribution.of(values)
    assert len(distribution.values) == GRID_POINTS
    asked = np.quantile(values, np.linspace(0, 1, 997))
    exact = np.searchsorted(np.sort(values), asked, side="right") / len(values)
    assert np.abs(distribution.quantile(asked) - exact).max() < 1 / (GRID_POINTS - 1)


def test_many_zeros():
    """Zero gives the share of zeros exactly, and values up to the next one add nothing to it."""
    values = np.array([0.0] * 373 + [10.0] * 500 + [20.0] * 127)
    shares = Distribution.of(values).quantile(np.array([-1.0, 0.0, 5.0, 9.9, 10.0, 15.0, 20.0]))
    assert shares.tolist() == [0, 0.373, 0.373, 0.373, 0.873, 0.873, 1]


def test_interpolation_between_values():
    """Halfway between two grid values lies half of what is between them."""
    shares = Distribution.of(np.arange(100_001.0)).quantile(np.array([250.0]))
    assert shares[0] == pytest.approx(0.0025, abs=1e-4)


def test_features_without_values(profile, flow):
    """A feature that no profile has: median and quantiles are unknown, others are not affected."""
    baseline = Baseline.fit(profile([flow(source=f"10.0.0.{k}") for k in range(3)], without=["orig_ttl_min"]))
    assert np.isnan(baseline.median("ttl_min"))
    assert np.isnan(baseline.quantile("ttl_min", np.array([1.0, np.nan]))).all()
    assert baseline.count("ttl_min") == 0
    assert baseline.median("flows") == 1
    assert np.isnan(baseline.quantile("flows", np.array([np.nan]))).all()
    assert baseline.count("flows") == 3


def test_it_is_the_same_after_saving(tmp_path, profile, flow):
    """Every median, count and quantile of every feature comes back, the unknown ones too."""
    frame = profile(
        [flow(source=f"10.0.0.{k}", start=k * i) for k in range(9) for i in range(k)], without=["orig_window"]
    )
    baseline = Baseline.fit(frame)
    path = tmp_path / "baseline.parquet"
    baseline.save(path)
    loaded = Baseline.load(path)
    assert tuple(loaded.distributions) == FEATURES.names()
    for name in FEATURES.names():
        asked = np.append(frame[name].to_numpy(), [-1, 0.5, 3])
        np.testing.assert_array_equal(loaded.quantile(name, asked), baseline.quantile(name, asked))
        np.testing.assert_array_equal(loaded.median(name), baseline.median(name))
        assert loaded.count(name) == baseline.count(name)


def test_a_feature_of_another_set():
    """Asking for a feature that the baseline does not hold is an error that says so."""
    with pytest.raises(ModelError, match="no feature 'flows'"):
        Baseline({}).median("flows")


@pytest.mark.parametrize("content", [None, b"", b"PAR1PAR1", b"PAR1" + b"\xff" * 50 + b"PAR1"])
def test_a_file_that_is_no_baseline(tmp_path, content):
    """A missing, empty or foreign file is one sentence."""
    path = tmp_path / "baseline.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match="missing or damaged"):
        Baseline.load(path)


def test_a_table_of_something_else(tmp_path):
    """A Parquet file with other columns is no baseline."""
    path = tmp_path / "baseline.parquet"
    pq.write_table(pa.table({"feature": ["flows"]}), path)
    with pytest.raises(ModelError, match="not a baseline of this version"):
        Baseline.load(path)


@pytest.mark.parametrize(
    ("column", "value"),
    [("values", [2.0, 1.0]), ("values", [1.0]), ("at_or_below", [0.5, 1.5]), ("below", [0.0, 0.4]), ("count", 0)],
)
def test_a_grid_out_of_order_is_refused(tmp_path, column, value):
    """A grid that is not ascending, not of one length or not a share would give wrong quantiles: it does not load."""
    path = tmp_path / "baseline.parquet"
    Baseline({"flows": Distribution.of(np.array([1.0, 2.0]))}).save(path)
    table = pq.read_table(path)
    row = table.to_pylist()[0] | {column: value}
    pq.write_table(pa.Table.from_pylist([row], table.schema), path)
    with pytest.raises(ModelError, match="not in order"):
        Baseline.load(path)
