"""netad replay: what waits is sent, what was refused is tried again when asked, and what is left is told."""

import pytest

from netad.outputs.spool import Spool
from tests.elastic_server import Answer, serving


def event(number, **fields):
    place = {"type": "logs", "dataset": "netad.flow", "namespace": "x"}
    return {"event": {"id": f"{number:012x}-0"}, "data_stream": place, **fields}


@pytest.fixture
def server():
    """A server that takes every event but those with the field `bad`, until its `mended` is set."""
    mended = []

    def script(asked):
        if asked.call != "_bulk":
            return Answer(200, {"component_templates": [], "index_templates": []})
        sources = asked.body.splitlines()[1::2]
        refused = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "no"}}
        results = [refused if b'"bad"' in source and not mended else {"status": 201} for source in sources]
        return Answer(200, {"items": [{"create": result} for result in results]})

    with serving(script) as made:
        made.mend = lambda: mended.append(True)
        yield made


@pytest.fixture
def spool(monkeypatch, tmp_path):
    """A function that returns the spool of a target."""
    monkeypatch.setenv("NETAD_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path / "state"))
    return lambda target: Spool(tmp_path / "spool", target)


def fill(spool, *events):
    for each in events:
        spool.keep(each)
    spool.close()


def test_what_waits_is_sent(run, server, spool):
    """The files of this target go, those of another stay and are named."""
    fill(spool(server.url), event(1), event(2))
    fill(spool("http://other:9200"), event(3))
    code, out, _ = run("replay", "--to", f"elastic:{server.url}")
    assert code == 0
    assert f"elastic: delivered 2 events of the spool ({server.url})" in out
    assert "1 file waits for http://other:9200" in out
    assert spool(server.url).pending() == []
    assert run("replay", "--to", f"elastic:{server.url}")[1].startswith("elastic: delivered 0 events")


def test_a_dry_run_only_lists(run, server, spool):
    """Every file is named with whom it is for; nothing is asked of the server."""
    fill(spool(server.url), event(1))
    code, out, _ = run("replay", "--dry-run", "--to", f"elastic:{server.url}")
    assert code == 0
    assert out.startswith("waiting")
    assert server.url in out
    assert server.asked == []
    assert len(spool(server.url).pending()) == 1


def test_refused_events_are_tried_again_when_asked(run, server, spool):
    """What is refused ends with 4 and stays; once the mapping is mended, --dead brings it home."""
    fill(spool(server.url), event(1, bad=1), event(2))
    code, out, err = run("replay", "--to", f"elastic:{server.url}")
    assert code == 4
    assert "delivered 1 event of the spool, 1 refused" in out
    assert "document_parsing_exception" in err
    assert "1 file holds refused events: --dead tries them again" in out
    assert run("replay", "--dead", "--to", f"elastic:{server.url}")[0] == 4
    assert len(spool(server.url).dead()) == 1
    server.mend()
    code, out, _ = run("replay", "--dead", "--to", f"elastic:{server.url}")
    assert (code, spool(server.url).dead()) == (0, [])
    assert out.startswith("elastic: delivered 1 event of")


def test_a_server_that_is_away_keeps_them(run, spool):
    """Nothing is lost by trying: the file stays, and the exit code says so."""
    fill(spool("http://127.0.0.1:1"), event(1))
    code, _, err = run("replay", "--to", "elastic:http://127.0.0.1:1")
    assert code == 4
    assert "earlier runs still wait in the spool" in err
    assert len(spool("http://127.0.0.1:1").pending()) == 1


def test_an_output_without_a_spool(run, spool):
    """Where nothing can wait there is nothing to send."""
    code, _, err = run("replay", "--to", "ndjson:x")
    assert code == 2
    assert "ndjson:x keeps nothing in a spool" in err
