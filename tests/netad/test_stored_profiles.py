"""Profiles of stores as inputs."""

import numpy as np
import pytest

from netad import stored_profiles as module
from netad.cli import main
from netad.config import load_config
from netad.core.errors import ConfigError, InputError
from netad.stored_profiles import read_stores, span_of, split_inputs


@pytest.fixture(scope="module")
def named(tmp_path_factory, office):
    """The store of one run."""
    folder = tmp_path_factory.mktemp("store") / "here"
    with pytest.raises(SystemExit):
        main(["ingest", str(office / "attacked.pcap"), "--profiles", "all", "--to", f"parquet:{folder}", "-q"])
    return f"parquet:{folder}"


def test_stores_are_told_from_captures_and_logs():
    """By their prefix."""
    assert split_inputs(("a.pcap", "parquet:s", "logs/", "parquet")) == (("a.pcap", "logs/", "parquet"), ("parquet:s",))


def test_profiles_come_in_one_batch(named):
    """With their meetings, and when they begin and end."""
    read = read_stores([named], load_config(None, {}))
    frame = read.batch.frame
    assert read.notes == []
    assert read.named == (named,)
    assert set(np.unique(read.batch.meetings.row)) == set(range(len(frame)))
    assert span_of(read.batch) == (frame["window_start_ns"].min(), frame["window_end_ns"].max())


def test_of_too_many_an_even_sample_is_taken(named, monkeypatch):
    """It says so, and is the same each time."""
    everything = read_stores([named], load_config(None, {})).batch
    monkeypatch.setattr(module, "MOST", len(everything) // 3)
    read = read_stores([named], load_config(None, {}))
    assert 0 < len(read.batch) < len(everything) * 0.6
    (note,) = read.notes
    assert note.startswith("a sample, one profile in ")
    assert f"of the {len(everything):,} that are stored" in note
    assert read_stores([named], load_config(None, {})).batch.frame.equals(read.batch.frame)


def test_a_store_without_such_profiles_is_told(named, tmp_path):
    """With what was left out, and how there would be some."""
    with pytest.raises(InputError, match=r"no profile of a window of 5m .*--profiles all"):
        read_stores([named], load_config(None, {"window": "5m"}))
    with pytest.raises(InputError, match="of that time"):
        read_stores([named], load_config(None, {"until": "2020-01-01"}))
    with pytest.raises(ConfigError, match="there is no store"):
        read_stores([f"parquet:{tmp_path / 'none'}"], load_config(None, {}))
