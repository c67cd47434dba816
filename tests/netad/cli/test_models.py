import json

import pytest

from netad.cli import main
from netad.detectors.model import Model
from netad.sample.capture import write_sample
from tests.detectors.tiny_base import write_tiny_base


@pytest.fixture(scope="session")
def days(tmp_path_factory):
    """A folder with two normal days of two hours in one small office, a day of another, and a model of the first."""
    folder = tmp_path_factory.mktemp("days")
    write_sample(folder, seed=5, day=1, hours=2, attacks=(), name="monday.pcap")
    write_sample(folder, seed=5, day=2, hours=2, attacks=(), name="tuesday.pcap")
    write_sample(folder, seed=6, day=3, hours=2, attacks=(), name="other.pcap")
    for model, name in (("office", "monday.pcap"), ("later", "tuesday.pcap")):
        with pytest.raises(SystemExit) as caught:
            main(["train", str(folder / name), "--model", str(folder / model), "--quiet"])
        assert caught.value.code == 0
    return folder


def test_show_tells_what_a_model_knows(run, days):
    """Name, window, what it was trained on, detectors, thresholds and what it lacks."""
    code, out, _ = run("models", "show", days / "office")
    assert code == 0
    assert out.startswith("model      office ")
    assert "window 1h" in out
    assert "monday.pcap" in out
    assert f"{Model.load(days / 'office').threshold(1e-3):.3f} at 1/1000" in out
    assert "set aside" in out


def test_show_as_json(run, days):
    """One object on stdout, nothing else."""
    code, out, _ = run("models", "show", days / "office", "--format", "json")
    document = json.loads(out)
    assert code == 0
    assert document["window"] == "1h"
    assert document["trained"]["profiles"] > 20
    assert "unique_destinations" in document["features"]["judged"]


def test_what_is_shown_cannot_drive_a_terminal(run, days, tmp_path):
    """A model's name comes from whoever made it."""
    run("train", days / "monday.pcap", "--model", "model", "--name", "a\x1b[2Jb")
    out = run("models", "show", "model")[1]
    assert "\x1b" not in out
    assert r"a\x1b[2Jb" in out


def test_a_missing_model_is_a_sentence(run):
    """Exit code 2."""
    for arguments in (("show", "none"), ("diff", "none", "none"), ("drift", "none", "a.pcap")):
        code, _, err = run("models", *arguments)
        assert code == 2
        assert "there is no model at none" in err


def test_diff_tells_what_changed(run, days):
    """Settings, inputs and medians as text; the same as JSON."""
    code, out, _ = run("models", "diff", days / "office", days / "later")
    assert code == 0
    assert "name       office -> later" in out
    assert "inputs     +1: " in out
    assert "medians changed" in out
    document = json.loads(run("models", "diff", days / "office", days / "later", "--format", "json")[1])
    shown = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert shown[1] == document["features"]["medians"][0]["name"]
    longer = run("models", "diff", days / "office", days / "later", "--all")[1]
    assert len(longer.splitlines()) > len(out.splitlines())


def test_diff_with_itself_changes_nothing(run, days):
    """One line."""
    assert run("models", "diff", days / "office", days / "office")[1] == "no feature's median changed\n"


def test_the_next_day_of_an_office_is_stable(run, days):
    """The same hosts with the same habits do not call for another model."""
    code, out, _ = run("models", "drift", days / "office", days / "tuesday.pcap")
    assert code == 0
    assert out.startswith("stable: ")


def test_features_that_moved_are_listed_with_what_changed(run, days):
    """In another office destinations are new: a direction that speaks against a source. The exit code stays 0."""
    code, out, _ = run("models", "drift", days / "office", days / "other.pcap")
    assert code == 0
    row = next(line for line in out.splitlines() if line.startswith("  own_new_destination_share "))
    assert " moved " in row
    assert row.endswith("higher !")


def test_drift_as_json_of_the_newest_window(run, days):
    """--newest leaves older windows out."""
    code, out, _ = run("models", "drift", days / "office", days / "tuesday.pcap", "--format", "json")
    everything = json.loads(out)
    newest = json.loads(
        run("models", "drift", days / "office", days / "tuesday.pcap", "--newest", "1", "--format", "json")[1]
    )
    assert code == 0
    assert 0 < newest["profiles"] < everything["profiles"]
    indices = [one["psi"] for one in everything["features"]]
    assert indices == sorted(indices, reverse=True)
    assert everything["model"]["name"] == "office"


def test_the_training_itself_has_nothing_to_compare(run, days):
    """It would look as if everything had become known."""
    code, _, err = run("models", "drift", days / "office", days / "monday.pcap")
    assert code == 2
    assert "trained on all of these profiles" in err


def test_another_window_is_refused(run, days):
    """Profiles of other lengths do not compare."""
    code, _, err = run("models", "drift", days / "office", days / "tuesday.pcap", "--window", "5m")
    assert code == 2
    assert "trained on windows of 1h" in err


def test_an_input_that_is_not_there_is_told(run, days):
    """Exit code 3, and the verdict on the others."""
    code, out, err = run("models", "drift", days / "office", days / "tuesday.pcap", "missing.pcap")
    assert code == 3
    assert out.startswith("stable: ")
    assert "missing.pcap" in err


def test_a_model_without_the_transformer_has_nothing_to_export(run, days, tmp_path):
    """Only the detector huggingface can be made smaller."""
    code, _, err = run("models", "export", days / "office", tmp_path / "small")
    assert code == 2
    assert "has no detector huggingface" in err


def test_an_exported_model_judges_like_the_one_it_came_from(run, days, tmp_path):
    """Trained on a small base model, shown as text, exported, and used: smaller, and in the same order."""
    pytest.importorskip("torch", reason="the extra transformers is not installed")
    pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
    base, model, small = tmp_path / "base", tmp_path / "model", tmp_path / "small"
    write_tiny_base(base)
    train = ("train", days / "monday.pcap", "--model", model, "--base-model", base)
    code, _, err = run(*train)
    assert (code, "--model-type huggingface" in err) == (2, True)
    code, out, _ = run(*train, "--model-type", "fusion", "--model-type", "huggingface")
    assert code == 0
    assert "huggingface learnt from only" in out
    assert not list(tmp_path.glob(".*.training"))
    code, out, _ = run("models", "export", model, small)
    assert code == 0
    assert "rank correlation" in out
    assert [one.name for one in small.rglob("*.onnx")] == ["model.int8.onnx"]
    assert not list(small.rglob("*.safetensors"))
    code, out, _ = run("profiles", days / "other.pcap", "--as-text", "--model", small)
    assert (code, " flows " in out) == (0, True)
    for place in (model, small):
        code, out, _ = run("ingest", days / "other.pcap", "--model", place, "--budget", "1/5", "--to", "ndjson:-")
        events = [json.loads(line) for line in out.splitlines()]
        found = [one["netad"]["anomaly"] for one in events if one["event"]["kind"] == "alert"]
        assert code == 0
        assert found
        assert all("huggingface" in one["detectors"] for one in found)
    code, _, err = run("ingest", days / "other.pcap", "--model", small, "--precision", "bf16")
    assert (code, "exported to 8 bits" in err) == (2, True)
    code, _, err = run("train", days / "tuesday.pcap", "--model", model, "--update", "--objective", "replaced")
    assert (code, "leave --objective out" in err) == (2, True)
