"""The newest profiles of scans, and how far they have drifted."""

import pytest

from netad.config import Config
from netad.core.errors import StateError
from netad.core.state_file import read_state, write_state
from netad.detectors.model import Model
from netad.profiles.batch import ProfileBatch
from netad.reading import Reading
from netad.scan import recent_profiles
from netad.scan.recent_profiles import RecentProfiles


@pytest.fixture(scope="module")
def model(scanned_office):
    return Model.load(scanned_office / "model")


@pytest.fixture(scope="module")
def frame(model, scanned_office):
    """Profiles of a later day, as the model measures them."""
    reading = Reading(Config(window="10m"), [str(scanned_office / "cut")])
    return model.measure(ProfileBatch.join(list(reading.profiles()))).frame


def test_of_few_profiles_nothing_is_told(model, frame):
    """Nor of none."""
    recent = RecentProfiles(model)
    assert recent.drift() is None
    recent.add(frame.head(recent_profiles.LEAST - 1))
    assert recent.drift() is None


def test_drift_is_that_of_the_models_command(model, frame):
    """Traffic in another window's length looks unlike what was learnt."""
    recent = RecentProfiles(model)
    recent.add(frame)
    found = recent.drift()
    assert found.state == 2
    assert 0 < found.features <= 1
    assert 0 <= found.odd <= 1


def test_it_goes_on_from_a_state(model, frame, tmp_path, monkeypatch):
    """The newest are kept, through a file; another model begins anew, and other features are refused."""
    monkeypatch.setattr(recent_profiles, "MOST", 250)
    recent = RecentProfiles(model)
    recent.add(frame.head(200))
    write_state(tmp_path / "state", recent.carry())
    back = RecentProfiles(model)
    state = read_state(tmp_path / "state")
    back.resume(state)
    for one in (recent, back):
        one.add(frame.tail(220))
    assert back.drift() == recent.drift() is not None
    other = RecentProfiles(model)
    other.resume({**state, "model": "another"})
    assert other.drift() is None
    with pytest.raises(StateError, match="other features"):
        other.resume({**state, "columns": {}})
