import numpy as np
import pandas as pd
import pytest

from netad.core.errors import ModelError
from netad.detectors import history as module
from netad.detectors.history import KEYS, History


def address(number):
    return (0xFFFF << 32) + (10 << 24) + number


def test_all_profiles_are_kept_while_they_are_few(quiet):
    """Below the bound everything stays, sorted by source and window, whatever the order it came in."""
    kept = History.of(quiet).rows
    assert len(kept) == 200
    assert kept["source_lo"].is_monotonic_increasing
    assert History.of(quiet.sample(frac=1, random_state=1)).rows.equals(kept)


def test_the_sample_does_not_depend_on_the_parts(quiet, monkeypatch):
    """Beyond the bound the same profiles are kept, however the input was cut; of a repeated window the last."""
    monkeypatch.setattr(module, "MOST_ROWS", 50)
    whole = History.of(quiet).rows
    parts = History.of(History.of(quiet.iloc[:90]).rows, quiet.iloc[90:]).rows
    assert len(whole) == 50
    assert parts.equals(whole)
    changed = quiet.assign(flows=7.0)
    assert set(History.of(quiet, changed).rows["flows"]) == {7.0}


def test_own_profiles_and_those_of_peers(quiet):
    """A source's own profiles are told from those of its neighbours; strangers elsewhere have neither."""
    history = History.of(quiet)
    assert set(history.rows["source"].iloc[history.own(0, address(3))]) == {"10.0.0.3"}
    peers = history.rows["source"].iloc[history.peers(0, address(3))]
    assert len(peers) == 180
    assert "10.0.0.3" not in set(peers)
    assert len(history.own(0, address(99))) == 0
    assert len(history.peers(0, address(99))) == 200
    assert len(history.peers(0, address(256))) == 0


def test_peers_are_bounded(quiet, monkeypatch):
    """Of many peers evenly spread ones are looked at."""
    monkeypatch.setattr(module, "MOST_PEERS", 30)
    assert 15 <= len(History.of(quiet).peers(0, address(3))) <= 30


def test_what_it_holds(quiet, profiles):
    """Profiles are told by source and window, not by their values."""
    history = History.of(quiet.iloc[:100])
    assert history.holds(quiet.assign(flows=1.0)).tolist() == [True] * 100 + [False] * 100


def test_saved_and_loaded_it_is_the_same(quiet, tmp_path):
    """What comes back from disk is equal, behaviours included."""
    history = History.of(quiet)
    history.save(tmp_path / "history.parquet")
    loaded = History.load(tmp_path / "history.parquet")
    pd.testing.assert_frame_equal(loaded.rows, history.rows)
    assert list(loaded.rows.columns)[: len(KEYS)] != []


def test_damage_is_said(quiet, tmp_path, monkeypatch):
    """A file that is missing, mangled, too long or something else is one clear sentence."""
    path = tmp_path / "history.parquet"
    with pytest.raises(ModelError):
        History.load(path)
    History.of(quiet).save(path)
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    with pytest.raises(ModelError):
        History.load(path)
    pd.DataFrame({"flows": np.arange(3)}).to_parquet(path)
    with pytest.raises(ModelError):
        History.load(path)
    path.write_bytes(content)
    monkeypatch.setattr(module, "MOST_ROWS", 10)
    with pytest.raises(ModelError):
        History.load(path)
