import pytest

from netad.core.timing import parse_time
from netad.detectors.model import Model
from netad.outputs.stored import open_stored
from netad.sample.capture import write_sample


def test_a_model_is_written_and_used(run, office, tmp_path):
    """Train writes a model that ingest judges by, with the model's own window."""
    code, out, _ = run("train", office, "--model", "model", "--window", "30m")
    assert code == 0
    assert "window 30m" in out
    code, out, _ = run("ingest", office, "--model", "model")
    assert code == 0
    assert "trained on" in out.replace("\n", " ")


def test_the_name_is_the_folders_unless_given(run, office):
    """--name keeps a model's identity when its folder moves."""
    assert "model baseline " in run("train", office, "--model", "baseline")[1]
    assert "model office " in run("train", office, "--model", "baseline", "--name", "office")[1]


def test_nothing_to_learn_from_is_a_sentence(run, tmp_path):
    """A capture without hosts trains nothing, exit code 3."""
    (tmp_path / "idle.pcap").write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    code, _, err = run("train", "idle.pcap", "--model", "model")
    assert code == 3
    assert "nothing to train on" in err


def test_what_is_no_model_is_not_overwritten_and_told_at_once(run, tmp_path):
    """The check comes before the inputs are read: nobody waits for hours to hear it."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    code, _, err = run("train", "missing.pcap", "--model", "notes")
    assert code == 2
    assert "it is not overwritten" in err
    assert (tmp_path / "notes" / "a.txt").read_text() == "mine"


def test_an_update_adds_to_the_model_and_keeps_its_name_and_window(run, office, tmp_path):
    """The window need not be given again; what was learnt before counts on."""
    write_sample(tmp_path, seed=101, day=3, hours=1, attacks=(), name="later.pcap")
    run("train", office, "--model", "model", "--window", "30m", "--name", "hq")
    before = Model.load(tmp_path / "model")
    code, out, _ = run("train", "later.pcap", "--model", "model", "--update")
    after = Model.load(tmp_path / "model")
    assert code == 0
    assert (after.name, after.window) == ("hq", "30m")
    assert after.profiles > before.profiles
    assert f"{after.profiles - before.profiles} more profiles, {after.profiles} in all" in out
    assert [one["path"] for one in after.inputs] == [str(office), "later.pcap"]


def test_an_update_needs_a_model(run, office):
    """Exit code 2 before anything is read."""
    code, _, err = run("train", "missing.pcap", "--model", "none", "--update")
    assert code == 2
    assert "there is no model at none" in err


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--window", "5m"), "trained on windows of 1h, not 5m"),
        (("--name", "other"), r"keeps what the model model has (model): leave --name out"),
        (("--model-type", "neighbours"), "leave --model-type out"),
        (("--seed", "9"), "leave --seed out"),
    ],
)
def test_an_update_refuses_what_it_would_ignore(run, office, flags, sentence):
    """Told before the inputs are read, and the model stays as it was."""
    run("train", office, "--model", "model", "-q")
    code, _, err = run("train", "missing.pcap", "--model", "model", "--update", *flags)
    assert code == 2
    assert sentence in err


def test_verdicts_decide_what_trains(run, office, scanner, tmp_path):
    """The marked scan is left out, and a store that is none is told before reading."""
    run("ingest", office / "attacked.pcap", "--budget", "1/20", "--to", "parquet:store", "-q")
    found = [event for event in open_stored("parquet:store").events() if event["source"]["ip"] == scanner]
    assert found
    run("mark", *(event["event"]["id"] for event in found), "true", "--comment", "scan", "--store", "parquet:store")
    code, out, _ = run("train", office, "--model", "model", "--verdicts", "parquet:store")
    assert code == 0
    assert "note: left out: " in out
    kept = Model.load(tmp_path / "model").history.rows
    marked = {parse_time(event["event"]["start"]) for event in found}
    assert not marked & set(kept.loc[kept["source"] == scanner, "window_start_ns"])
    code, _, err = run("train", "missing.pcap", "--model", "model", "--verdicts", "parquet:nowhere")
    assert (code, "there is no store of events in nowhere" in err) == (2, True)
