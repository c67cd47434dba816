"""netad doctor: a line for each step, and an exit code that says whether any failed."""

import pytest

from tests.elastic_server import Answer, serving


@pytest.fixture(autouse=True)
def _own_state(monkeypatch, tmp_path):
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path / "state"))


def test_this_machine(run):
    """Without --to only the machine is looked at."""
    code, out, _ = run("doctor")
    assert code == 0
    assert out.startswith("ok      Python")
    assert "DNS" not in out


def test_the_scan_of_this_machine(run, tmp_path):
    """Its settings are those that are named, or those of this folder."""
    assert "netad init" in run("doctor")[1]
    (tmp_path / "netad.yaml").write_text("inputs: .\nstate: scan\nmodel: gone\noutputs: console\n")
    for named in ((), (tmp_path / "netad.yaml",)):
        code, out, _ = run("doctor", *named)
        assert (code, "FAILED  model" in out, "ok      scan state" in out) == (4, True, True)


def test_a_server_that_is_away(run):
    """A failed step ends with 4 and stands in its line."""
    for output in ("elastic", "opensearch"):
        code, out, _ = run("doctor", "--to", f"{output}:http://127.0.0.1:1")
        assert code == 4
        assert "FAILED  TCP" in out


def test_a_secret_is_nowhere(run, monkeypatch):
    """A server that repeats the key does not get it onto the screen, whatever was asked for."""
    monkeypatch.setenv("NETAD_ELASTIC_API_KEY", "hunter2")
    with serving(lambda _: Answer(401, {"error": {"type": "x", "reason": "bad key hunter2"}})) as server:
        code, out, err = run("doctor", "-vv", "--to", f"elastic:{server.url}")
    assert code == 4
    assert "does not accept the credentials" in out
    assert "hunter2" not in out + err


def test_what_cannot_be_looked_at(run):
    """Outputs without a server, and duplicates without Elasticsearch, are usage errors."""
    assert run("doctor", "--to", "console")[0] == 2
    code, _, err = run("doctor", "--duplicates")
    assert code == 2
    assert "add --to elastic" in err
