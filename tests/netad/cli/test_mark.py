"""`netad mark`, on the anomalies of a real run."""

import getpass
import shutil

import pytest

from netad.cli import main
from netad.outputs.stored import Replaced, open_stored
from netad.outputs.verdicts import Marked

NOBODY = "0" * 12 + "-" + "0" * 20
BACKUP = ("--comment", "nightly backup")


@pytest.fixture(scope="module")
def store(tmp_path_factory, office):
    """The local store of one run."""
    folder = tmp_path_factory.mktemp("store") / "here"
    with pytest.raises(SystemExit) as ended:
        main(["ingest", str(office / "attacked.pcap"), "--budget", "1/20", "--to", f"parquet:{folder}", "-q"])
    assert ended.value.code == 0
    return folder


@pytest.fixture
def ids(run, store, tmp_path):
    """The ids of the anomalies in a copy of it, `here`."""
    shutil.copytree(store, tmp_path / "here")
    return [event["event"]["id"] for event in open_stored("parquet:here").events()]


def verdict_of(identity, store="parquet:here"):
    return open_stored(store).find(identity)["netad"].get("verdict")


def test_an_anomaly_is_marked_and_cleared(run, ids):
    """Who, why and when are kept; clear takes all of it back."""
    code, out, err = run("mark", ids[0], "true", "--comment", "a real scan", "--by", "kim", "--store", "parquet:here")
    assert (code, out, err) == (0, "parquet:here: 1 event marked true positive\n", "")
    verdict = verdict_of(ids[0])
    assert verdict.pop("at")[10] == "T"
    assert verdict == {"label": "true_positive", "comment": "a real scan", "by": "kim"}
    code, out, _ = run("mark", ids[0], "true", "--comment", "a real scan", "--by", "kim", "--store", "parquet:here")
    assert (code, out) == (0, "parquet:here: 0 events marked true positive, 1 already so\n")
    assert run("mark", ids[0], "clear", "--store", "parquet:here")[:2] == (0, "parquet:here: 1 event cleared\n")
    assert verdict_of(ids[0]) is None


def test_several_ids_and_stores(run, store, ids):
    """Every store gets every verdict; one that lacks an id is named, and the others are marked all the same."""
    shutil.copytree(store, "there")
    stores = ("--store", "parquet:here", "--store", "parquet:there")
    code, out, err = run("mark", ids[0], NOBODY, ids[1], "false", *BACKUP, *stores)
    assert code == 3
    assert out.splitlines() == [f"parquet:{one}: 2 events marked false positive" for one in ("here", "there")]
    assert err.count(f"holds no anomaly with the id {NOBODY}") == 2
    for place in ("parquet:here", "parquet:there"):
        assert {verdict_of(one, place)["by"] for one in ids[:2]} == {getpass.getuser()}
        assert verdict_of(ids[0], place)["label"] == "false_positive"


def test_the_settings_name_the_store(run, ids, monkeypatch, tmp_path):
    """`store:` in the file, NETAD_STORE above it, the flag above both; without any it is asked for."""
    (tmp_path / "netad.yml").write_text("store: parquet:here\n")
    assert run("mark", ids[0], "false", *BACKUP, "--config", "netad.yml", "-q")[:2] == (0, "")
    monkeypatch.setenv("NETAD_STORE", "parquet:nowhere")
    code, _, err = run("mark", ids[0], "false", *BACKUP, "--config", "netad.yml")
    assert (code, "there is no store of events in nowhere" in err) == (2, True)
    assert run("mark", ids[0], "false", *BACKUP, "--store", "parquet:here")[0] == 0
    monkeypatch.setenv("NETAD_STORE", "somewhere")
    code, _, err = run("mark", ids[0], "false", *BACKUP)
    assert (code, "NETAD_STORE: 'somewhere' is no store of events" in err) == (2, True)
    monkeypatch.delenv("NETAD_STORE")
    assert run("mark", ids[0], "false", *BACKUP)[0] == 2


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["true"], "say why with --comment"),
    (["false", "--comment", " "], "needs a comment"),
    (["clear", "--comment", "x"], "leave --comment and --by out"),
    (["maybe", "--comment", "x"], "'maybe' is not one of"),
    (["true", "--comment", "x", "--store", "ndjson:x"], "is no store of events"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(run, ids, arguments, sentence):
    """Nothing is written, and the exit code is 2."""
    code, _, err = run("mark", ids[0], *arguments, "--store", "parquet:here")
    assert (code, sentence in err) == (2, True)
    assert verdict_of(ids[0]) is None


def test_a_user_without_a_name_must_give_one(run, ids, monkeypatch):
    """As in a container whose user is a number."""

    def nameless():
        raise KeyError("uid")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert "say who with --by" in run("mark", ids[0], "true", *BACKUP, "--store", "parquet:here")[2]
    assert run("mark", ids[0], "true", *BACKUP, "--by", "kim", "--store", "parquet:here")[0] == 0


def test_a_store_that_fails_does_not_keep_the_others_from_it(run, ids, tmp_path):
    """A cluster nobody answers for is told, with exit code 4; the local store has the verdict."""
    code, out, err = run(
        "mark", ids[0], "true", *BACKUP, "--store", "elastic:http://127.0.0.1:1", "--store", "parquet:here"
    )
    assert code == 4
    assert "cannot be reached" in err
    assert out == "parquet:here: 1 event marked true positive\n"


@pytest.mark.parametrize(("replaced", "code", "sentence"), [
    (Replaced(conflicts=1), 4, "1 event of parquet:here changed by others meanwhile"),
    (Replaced(missing=1), 3, "1 event of parquet:here expired meanwhile"),
])  # fmt: skip
def test_what_happens_meanwhile_is_told(run, ids, monkeypatch, replaced, code, sentence):
    """Others may change or delete an event between finding and writing it."""
    monkeypatch.setattr("netad.outputs.verdicts.mark", lambda store, *_: Marked(store.where, replaced))
    found, _, err = run("mark", ids[0], "true", *BACKUP, "--store", "parquet:here")
    assert (found, sentence in err) == (code, True)


@pytest.mark.elastic
def test_an_anomaly_in_elasticsearch_is_marked(run, office, elastic_url, elastic_count, namespace, monkeypatch):
    """The same command for the index that Kibana shows; shipped again, the event stays marked."""
    monkeypatch.setenv("NETAD_NAMESPACE", namespace)
    ship = ("ingest", office / "attacked.pcap", "--budget", "1/20", "--to", f"elastic:{elastic_url}", "-q")
    assert run(*ship)[0] == 0
    assert elastic_count("anomaly")
    mine = (
        event
        for event in open_stored(f"elastic:{elastic_url}").events()
        if event["data_stream"]["namespace"] == namespace
    )
    identity = next(mine)["event"]["id"]
    code, out, _ = run("mark", identity, "true", "--comment", "scan", "--store", f"elastic:{elastic_url}")
    assert (code, out) == (0, f"elastic:{elastic_url}: 1 event marked true positive\n")
    assert run(*ship)[0] == 0
    assert verdict_of(identity, f"elastic:{elastic_url}")["comment"] == "scan"
