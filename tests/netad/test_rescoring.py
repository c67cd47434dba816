"""Stored profiles judged by another model."""

import numpy as np
import pandas as pd
import pytest

from netad.detectors.model import Model
from netad.outputs.store.profiles import StoredPiece
from netad.profiles.batch import ProfileBatch
from netad.profiles.features import FEATURES
from netad.profiles.meetings import Meetings
from netad.rescoring import BANDS, DOWN, GONE, NEW, UP, Rescoring, kind_of, rescore

HOUR_NS = 3600 * 10**9


@pytest.fixture(scope="module")
def frame():
    """Fifty quiet hours of ten hosts, and then the last of them does a thousand times as much."""
    draw = np.random.default_rng(3)
    host, hour = np.arange(501) % 10, np.arange(501) // 10
    keys = pd.DataFrame(
        {
            "source": [f"10.0.0.{number + 1}" for number in host],
            "source_hi": np.zeros(501, dtype=np.uint64),
            "source_lo": (0xFFFF << 32) + (10 << 24) + host.astype(np.uint64) + 1,
            "window_start_ns": hour * HOUR_NS,
            "window_end_ns": (hour + 1) * HOUR_NS,
            "inside": True,
            "window_digest": "",
            "known_source": True,
        }
    )
    values = {one.name: np.exp(3 + draw.normal(0, 0.3, 501)) for one in FEATURES}
    values |= {one.name: draw.beta(2, 8, 501) for one in FEATURES if one.unit == "share"}
    columns = pd.DataFrame(values)
    columns.loc[500] *= 1000
    return pd.concat([keys, columns], axis=1)


@pytest.fixture(scope="module")
def model(frame):
    """A model of the quiet hours."""
    return Model.train(frame[:500], detectors=["isolation_forest"], name="new", window="1h", created="now")


def piece(frame, severity="below", score=0.1):
    judged = pd.DataFrame({"id": [f"id-{row}" for row in range(len(frame))], "model": "old", "version": "1",
                           "score": score, "severity": severity})  # fmt: skip
    return StoredPiece(ProfileBatch(frame.reset_index(drop=True), Meetings.empty()), judged)


class Pieces:
    """Stored profiles, already read."""

    def __init__(self, *parts):
        self.parts = parts

    def pieces(self):
        return iter(self.parts)


def test_what_is_anomalous_now_is_told_with_why(frame, model):
    """Who, when, from which severity to which, and what is unusual about it."""
    found = rescore(Pieces(piece(frame[:500]), piece(frame[500:])), model, 1 / 1000, 5)
    assert (found.profiles, len(found.sources), dict(found.models)) == (501, 10, {("old", "1"): 501})
    assert sum(found.bands.values()) == 501
    loud = [change for change in found.changes() if change.start == "1970-01-03T02:00:00.000Z"]
    assert [(one.kind, one.source, one.before, one.after) for one in loud] == [(NEW, "10.0.0.1", "below", "critical")]
    assert loud[0].why.startswith("10.0.0.1 ")
    assert loud[0].why.endswith(")")
    assert loud[0].score_before == 0.1 < loud[0].score_after
    assert found.counts()[NEW] == sum(count for (_, after), count in found.bands.items() if after != "below")


def test_what_is_normal_now_is_told_without_why(frame, model):
    """The highest before come first, and no more than are asked for are listed."""
    scores = np.linspace(0.5, 0.9, 500)
    found = rescore(Pieces(piece(frame[:500], "high", scores)), model, 1 / 1000, 3)
    gone = [change for change in found.changes() if change.kind == GONE]
    assert len(gone) == 3
    assert [one.score_before for one in gone] == sorted((one.score_before for one in gone), reverse=True)
    assert gone[0].score_before > 0.89
    assert all(one.why == "" and one.after == "below" for one in gone)
    assert found.counts()[GONE] > 400


def test_the_pieces_do_not_matter(frame, model):
    """Listed are the same changes however the profiles came."""
    whole = rescore(Pieces(piece(frame)), model, 1 / 20, 4)
    parts = Rescoring(model, model.threshold(1 / 20), 4)
    for start in range(0, 501, 100):
        part = piece(frame[start : start + 100])
        part.judged["id"] = [f"id-{row}" for row in range(start, start + len(part.batch))]
        parts.add(part)
    assert parts.changes() == whole.changes()
    assert parts.bands == whole.bands


def test_the_same_model_changes_nothing(frame, model):
    """What it said is what it says."""
    scores, threshold = model.score(frame), model.threshold(1 / 1000)
    first = Rescoring(model, threshold, 5)
    first.add(piece(frame))
    bands = np.array(["below"] * len(frame), dtype=object)
    for change in Rescoring(model, threshold, len(frame)).changes():
        raise AssertionError(change)
    everything = Rescoring(model, threshold, len(frame))
    everything.add(piece(frame))
    for change in everything.changes():
        bands[int(change.id.removeprefix("id-"))] = change.after
    again = Rescoring(model, threshold, 5)
    again.add(piece(frame, bands, scores.score))
    assert again.changes() == []
    assert set(again.counts().values()) == {0}


@pytest.mark.parametrize(("before", "after", "kind"), [("below", "low", NEW), ("critical", "below", GONE),
                                                       ("low", "high", UP), ("critical", "medium", DOWN)])  # fmt: skip
def test_kinds_of_changes(before, after, kind):
    """The bands have an order."""
    assert kind_of(before, after) == kind
    assert {before, after} <= set(BANDS)


def test_without_profiles_there_is_nothing(model):
    """An empty store is no error here."""
    found = rescore(Pieces(), model, 1 / 1000, 5)
    assert (found.profiles, found.changes()) == (0, [])
