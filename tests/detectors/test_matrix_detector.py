import json

import numpy as np
import pytest

from netad.core.errors import ModelError
from netad.detectors.isolation_forest import Forest
from netad.detectors.matrix_detector import PROBES, Fitted, check_probes, probes
from netad.detectors.neighbours import Nearest
from netad.profiles.features import FEATURES


def test_without_columns_all_score_alike(quiet, tmp_path):
    """Where training has no value at all, nothing is told apart, and that is saved and loaded."""
    hollow = quiet.assign(**dict.fromkeys(FEATURES.names(), np.nan))
    fitted = Fitted.fit(Nearest, hollow, ["flows"], 0)
    fitted.save(tmp_path)
    assert Fitted.load(Nearest, tmp_path).score(quiet).tolist() == [0.0] * 200


def test_probes_reach_into_every_column():
    """Probes differ from one another, lie within what a scaled matrix holds, and touch every column."""
    rows = probes(5)
    assert rows.shape == (PROBES, 5)
    assert np.abs(rows).max() <= 10
    assert (np.ptp(rows, axis=0) > 0).all()
    assert probes(0).shape == (PROBES, 0)


@pytest.mark.parametrize("expected", [[1.0, 2.1], [1.0], "high", None, [[1.0], [2.0, 3.0]]])
def test_other_scores_are_noticed(tmp_path, expected):
    """Scores of probes that are not those that were saved are refused; rounding is not."""
    check_probes(np.array([1.0, 2.0]), [1.00001, 2.00001], tmp_path)
    with pytest.raises(ModelError):
        check_probes(np.array([1.0, 2.0]), expected, tmp_path)


def test_a_changed_scaling_is_noticed(quiet, tmp_path):
    """Details without probes, or without a scaling, are damage."""
    fitted = Fitted.fit(Nearest, quiet, ["flows", "bytes_out"], 0)
    for missing in ("probe_scores", "scaling"):
        fitted.save(tmp_path)
        path = tmp_path / "detector.json"
        details = json.loads(path.read_text())
        del details[missing]
        path.write_text(json.dumps(details))
        with pytest.raises(ModelError):
            Fitted.load(Nearest, tmp_path)


@pytest.mark.parametrize("core", [Forest, Nearest])
def test_of_too_many_rows_some_are_drawn(core):
    """Few rows all teach; of more the seed draws as many as tell a core something new, in the order of the rows."""
    assert core.drawn(7, seed=1).tolist() == list(range(7))
    drawn = core.drawn(core.most_rows + 50, seed=1)
    assert len(drawn) == core.most_rows
    assert (np.diff(drawn) > 0).all()
    assert np.array_equal(drawn, core.drawn(core.most_rows + 50, seed=1))
    assert not np.array_equal(drawn, core.drawn(core.most_rows + 50, seed=2))
