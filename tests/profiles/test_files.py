import io

import pandas as pd
import pyarrow.parquet as pq
import pytest

from netad.core.errors import ConfigError, OutputError
from netad.profiles import files
from netad.profiles.files import write_profiles
from netad.profiles.frame import empty_frame, frame_dtypes, join_frames


def read_back(path):
    """A Parquet file of profiles as the ProfileFrame it was."""
    return pd.read_parquet(path).astype(frame_dtypes())


def test_parquet_gives_back_what_was_written(tmp_path, monkeypatch, profile, flow):
    """All rows, dtypes and missing values, also when they are written in several pieces."""
    monkeypatch.setattr(files, "CHUNK_ROWS", 2)
    frames = [profile([flow(source=f"10.0.0.{k}", start=k), flow(source="2001:db8::1")]) for k in range(3)]
    path = tmp_path / "profiles.parquet"
    assert write_profiles(iter(frames), str(path)) == 6
    assert pq.read_metadata(path).num_row_groups == 3
    pd.testing.assert_frame_equal(read_back(path), join_frames(frames), check_exact=True)


def test_no_profiles_make_a_file_with_columns(tmp_path):
    """Without a row there is still a file that can be read."""
    path = tmp_path / "profiles.parquet"
    assert write_profiles([], str(path)) == 0
    pd.testing.assert_frame_equal(read_back(path), empty_frame())


def test_csv_in_a_file_and_on_stdout(tmp_path, capfdbinary, profile, flow):
    """Both hold the same lines, a header first; what is missing is empty."""
    path = tmp_path / "profiles.csv"
    frame = profile([flow()])
    assert write_profiles([frame], str(path)) == write_profiles([frame], "-") == 1
    text = path.read_bytes()
    assert capfdbinary.readouterr().out == text
    table = pd.read_csv(io.BytesIO(text))
    assert list(table.columns) == list(frame.columns)
    assert table.loc[0, "source"] == "10.0.0.1"
    assert table.loc[0, "flows"] == 1
    assert pd.isna(table.loc[0, "flow_gap_mean"])


def test_a_name_that_says_no_format(tmp_path):
    """Another ending is refused before anything is read or written."""
    with pytest.raises(ConfigError, match=r"profiles\.xlsx"):
        write_profiles([], str(tmp_path / "profiles.xlsx"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path):
    """The error names the target."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"profiles\.csv cannot be written"):
        write_profiles([], str(tmp_path / "file" / "profiles.csv"))
