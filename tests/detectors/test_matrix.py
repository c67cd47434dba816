import json

import numpy as np
import pytest

from netad.core.errors import ModelError
from netad.detectors import matrix as module
from netad.detectors.matrix import FLOOR_LOG, MOST, Scaling, judged, view_columns
from netad.profiles.features import FEATURES


@pytest.fixture(scope="module")
def scaling(quiet):
    """The scaling of all judged features of `quiet`."""
    return Scaling.fit(quiet, judged())


def column(scaling, rows, name):
    return scaling.apply(rows)[:, scaling.names.index(name)]


def test_names_are_not_judged():
    """What DNS, TLS and HTTP say, and what logs call a service, are left to behaviours and people."""
    names = set(judged())
    assert not any(FEATURES[name].group == "names" for name in names)
    assert {"new_domains", "own_new_domains", "new_services"}.isdisjoint(names)
    assert {"new_destinations", "flows", "own_new_ports"} <= names


def test_views(scaling):
    """Novelty, traffic and all: what is measured against a past is no traffic."""
    groups = {
        view: {FEATURES[scaling.names[place]].group for place in view_columns(scaling.names, view)}
        for view in ("novelty", "traffic", "all")
    }
    assert groups["novelty"] == {"novelty"}
    assert not groups["traffic"] & {"novelty", "history"}
    assert groups["all"] == groups["traffic"] | {"novelty", "history"}


def test_the_median_is_the_middle(scaling, quiet):
    """The training median is 0, missing and infinite values are 0, and nothing passes the bounds."""
    median = quiet["flows"].median()
    rows = quiet.iloc[:4].assign(flows=[median, np.nan, np.inf, 1e300])
    assert column(scaling, rows, "flows").tolist() == pytest.approx([0, 0, 0, MOST], abs=1e-6)
    assert scaling.apply(rows).dtype == np.float32


def test_the_harmless_side_is_folded(scaling, quiet):
    """Fewer failures than usual is usual; both sides count where both are suspicious."""
    assert column(scaling, quiet.assign(failed_destinations=0.0), "failed_destinations").tolist() == [0.0] * 200
    assert (column(scaling, quiet.assign(packet_length_mean=0.0), "packet_length_mean") < -1).all()


def test_a_constant_column_has_a_least_scale(quiet):
    """Where training values do not differ a step of 10 % is one unit, and no more."""
    rows = quiet.assign(flows=0.0)
    scaling = Scaling.fit(rows, ["flows"])
    assert scaling.scale.tolist() == [FLOOR_LOG]
    assert column(scaling, rows.assign(flows=np.expm1(0.2)), "flows") == pytest.approx([2.0] * 200)


def test_columns_without_a_value_are_left_out(quiet):
    """A feature that no training profile has is not judged."""
    assert Scaling.fit(quiet.assign(flows=np.nan), ["flows", "bytes_out"]).names == ("bytes_out",)


def test_refit_keeps_columns(scaling, quiet):
    """Scaled by other profiles the columns stay; one without a value there keeps its scale."""
    again = scaling.refit(quiet.iloc[:50].assign(flows=np.nan))
    place = scaling.names.index("flows")
    assert again.names == scaling.names
    assert again.scale[place] == scaling.scale[place]
    assert not np.array_equal(again.median, scaling.median)


def test_many_rows_are_sampled(quiet, monkeypatch):
    """Of many profiles evenly spread ones are measured."""
    monkeypatch.setattr(module, "MOST_MEASURED", 100)
    assert np.array_equal(Scaling.fit(quiet, ["flows"]).median, Scaling.fit(quiet.iloc[::2], ["flows"]).median)


def test_survives_json(scaling, quiet):
    """Through JSON and back it scales the same."""
    again = Scaling.from_json(json.loads(json.dumps(scaling.to_json())))
    assert np.array_equal(again.apply(quiet), scaling.apply(quiet))


@pytest.mark.parametrize(
    "change",
    [{"names": 5}, {"names": ["flows", "flows"]}, {"names": ["flows", "shoe_size"]}, {"scale": [1, 0]},
     {"median": [1, float("nan")]}, {"median": [1]}, {"scale": None}],
)  # fmt: skip
def test_made_up_numbers_are_refused(change):
    """A scaling that makes no sense is one clear sentence."""
    document = {"names": ["flows", "bytes_out"], "median": [1, 2], "scale": [1, 2]}
    Scaling.from_json(document)
    with pytest.raises(ModelError, match="train it again"):
        Scaling.from_json(document | change)


def test_no_document_is_refused():
    """Nothing at all is refused as well."""
    with pytest.raises(ModelError):
        Scaling.from_json(None)
