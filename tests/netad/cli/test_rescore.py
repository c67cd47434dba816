"""`netad rescore`, and learning from what it reads, on the store of real runs."""

import json
import shutil

import pytest

from netad.cli import main
from netad.sample.capture import write_sample


@pytest.fixture(scope="module")
def kept(tmp_path_factory, office):
    """Two hours of a normal day, a model of them, the store of that day and that of the attacked day."""
    folder = tmp_path_factory.mktemp("rescore")
    write_sample(folder / "normal", seed=101, day=1, hours=2)
    for arguments in (
        ("train", folder / "normal", "--window", "30m", "--model", folder / "model", "--name", "office"),
        ("ingest", folder / "normal", "--model", folder / "model", "--profiles", "all", "--to",
         f"parquet:{folder / 'days'}"),
        ("ingest", office / "attacked.pcap", "--model", folder / "model", "--profiles", "all", "--to",
         f"parquet:{folder / 'here'}"),
    ):  # fmt: skip
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments), "-q"])
        assert ended.value.code == 0
    return folder


@pytest.fixture
def stores(run, kept, tmp_path):
    """Copies of all of it in the folder of the test."""
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)


def document(run, *arguments):
    return json.loads(run("rescore", "here", "--since", "all", "--format", "json", *arguments)[1])


def test_the_same_model_changes_nothing(run, stores):
    """It measures and scores what is stored as it did the traffic."""
    code, out, _ = run("rescore", "here", "--model", "model", "--since", "all")
    assert code == 0
    assert "judged by office" in out.splitlines()[0]
    assert [line for line in out.splitlines() if ": 0" in line] == [
        "newly anomalous: 0", "no longer anomalous: 0", "more severe: 0", "less severe: 0",
    ]  # fmt: skip
    found = document(run, "--model", "model")
    assert all(one["before"] == one["after"] for one in found["severities"])
    assert any(one["before"] == "critical" for one in found["severities"])
    assert sum(one["windows"] for one in found["severities"]) == found["profiles"] > 0


def test_a_model_that_is_trained_on_the_store_is_the_one_trained_on_the_traffic(run, stores):
    """To the byte: the store keeps all that training looks at."""
    assert run("train", "normal", "--window", "30m", "--model", "a", "--name", "x", "-q")[0] == 0
    code, out, _ = run("train", "parquet:days", "--window", "30m", "--model", "b", "--name", "x")
    assert code == 0
    assert "learnt from" in out
    assert "of parquet:days, " in out
    versions = [json.loads((run_folder / "manifest.json").read_text())["version"] for run_folder in _folders("a", "b")]
    assert versions[0] == versions[1]
    assert run("train", "normal", "parquet:days", "--window", "30m", "--model", "c", "-q")[0] == 0


def _folders(*names):
    from pathlib import Path

    return [Path(name) for name in names]


def test_another_model_says_what_changes(run, stores, scanner):
    """One that learnt the attacked day takes the scan for normal; why something is new is told."""
    assert run("train", "parquet:here", "--window", "30m", "--model", "all", "--name", "all", "-q")[0] == 0
    code, out, _ = run("rescore", "here", "--model", "all", "--since", "all", "--limit", "1")
    assert code == 0
    assert "now by all" in out.splitlines()[0]
    found = document(run, "--model", "all", "--budget", "1/5", "--limit", "500")
    assert sum(found["counts"].values()) == len(found["changes"]) > 0
    for change in found["changes"]:
        assert (change["why"] == "") is (change["after"] == "below")
    assert document(run, "--model", "all", "--judged-by", "nobody")["profiles"] == 0


def test_a_period_without_profiles_is_told(run, stores):
    """The sample is of a day long past."""
    code, out, _ = run("rescore", "here", "--model", "model")
    assert code == 0
    assert "there is nothing to judge anew" in out
    assert run("rescore", "here", "--model", "model", "--since", "x")[0] == 2
    assert run("rescore", "nowhere", "--model", "model")[0] == 2
    assert run("rescore", "here", "--model", "nowhere")[0] == 2


def test_drift_reads_stores_too(run, stores):
    """The same comparison as with the traffic."""
    stored = json.loads(run("models", "drift", "model", "parquet:here", "--format", "json", "-q")[1])
    assert stored["profiles"] > 0
    assert stored["verdict"] in ("stable", "drifting", "retrain")


def test_training_wants_profiles_of_that_time_and_length(run, stores):
    """What is left out is told; huggingface reads words, which no store keeps."""
    code, _, err = run("train", "parquet:days", "--model", "m")
    assert code == 3
    assert "no profile of a window of 1h" in err
    assert "of windows that are not 1h long" in err
    code, _, err = run("train", "parquet:days", "--window", "30m", "--since", "30d", "--model", "m")
    assert (code, "no profile of a window of 30m is stored of that time" in err) == (3, True)
    code, _, err = run("train", "parquet:days", "--window", "30m", "--model", "m", "--model-type", "huggingface")
    assert (code, "keeps no words" in err) == (2, True)
    assert run("train", "parquet:nowhere", "--model", "m")[0] == 2
