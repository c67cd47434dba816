"""Quantile strips."""

import pytest

from netad.outputs.report.strip import WIDTH, strips


def test_features_stand_once_and_those_that_matter_most_first(beacon):
    """Influencers are also in the profile; the order is that of the weights."""
    found = strips(beacon["netad"]["anomaly"], 20)
    assert [strip.feature for strip in found[:3]] == ["unique_destination_ports", "failed_share", "packet_length_mean"]
    assert len({strip.feature for strip in found}) == len(found) == 10
    assert len(strips(beacon["netad"]["anomaly"], 4)) == 4
    first = found[0]
    assert (first.label, first.actual, first.typical) == ("unique destination ports", "812", "6")
    assert (first.quantile, first.weight) == ("100 %", "61.0 %")


def test_marks_lie_where_their_quantiles_do():
    """One for all profiles, one for peers, one for its own past, as far as they are known; words say the same."""
    reason = {"feature": "x", "quantile": 1.0, "peer_quantile": 0.5, "own_quantile": 0.0}
    (strip,) = strips({"influencers": [reason]}, 3)
    assert [mark.kind for mark in strip.marks] == ["all", "peers", "own"]
    assert [mark.x for mark in strip.marks] == pytest.approx([WIDTH - 8, WIDTH / 2, 8])
    assert strip.told == "100 % of all, 50.0 % of its peers, 0 % of its own past"
    (bare,) = strips({"profile": [{"feature": "y"}]}, 3)
    assert (list(bare.marks), bare.told) == ([], "no quantile is known")
