import numpy as np
import pytest

from netad.core.errors import ModelError
from netad.detectors.arrays import write_arrays
from netad.detectors.seen import SeenProfiles


def test_seen_profiles_are_told_by_source_window_and_digest(quiet):
    """Other values make no other profile; another window, source or digest does."""
    seen = SeenProfiles.of([quiet[:100]])
    assert seen.holds(quiet.assign(flows=1.0)).tolist() == [True] * 100 + [False] * 100
    for change in ({"window_digest": "abc"}, {"source_lo": quiet["source_lo"] + 50}, {"window_end_ns": 7}):
        assert not seen.holds(quiet.assign(**change)).any()


def test_the_order_of_profiles_does_not_matter(quiet):
    """What is saved is the same however the input was cut or ordered."""
    parts = [quiet[150:], quiet[:80], quiet[60:150]]
    assert np.array_equal(SeenProfiles.of(parts).keys, SeenProfiles.of([quiet]).keys)
    joined = SeenProfiles.of(parts[:1]).union(SeenProfiles.of(parts[1:]))
    assert np.array_equal(joined.keys, SeenProfiles.of([quiet]).keys)


def test_survives_saving(quiet, tmp_path):
    """What was seen is still seen after loading."""
    SeenProfiles.of([quiet]).save(tmp_path / "seen.npz")
    assert SeenProfiles.load(tmp_path / "seen.npz").holds(quiet).all()


def test_keys_out_of_order_are_damage(tmp_path):
    """An array that no model wrote is refused."""
    write_arrays(tmp_path / "seen.npz", {"keys": np.array([3, 2], dtype=np.uint64)})
    with pytest.raises(ModelError, match="damaged"):
        SeenProfiles.load(tmp_path / "seen.npz")
