import json
import urllib.request

import pytest

from tests.elastic_server import serving
from tests.kibana_server import Kibana


@pytest.mark.elastic
def test_setup_is_idempotent(run, elastic_url):
    """The first set-up makes the templates (or finds them), the next ones, dry or not, find nothing to do."""
    assert run("setup", "elastic", "--url", elastic_url)[0] == 0
    with urllib.request.urlopen(f"{elastic_url}/_index_template/netad-anomaly") as answer:
        assert json.load(answer)["index_templates"][0]["index_template"]["priority"] == 501
    for arguments in ((), ("--dry-run",)):
        code, out, _ = run("setup", "elastic", "--url", elastic_url, *arguments)
        assert code == 0
        assert "nothing to do" in out


def test_roles_are_printed_without_asking_anybody(run):
    """The recipes need no cluster; the space of the settings is in them."""
    code, out, _ = run("setup", "elastic", "--print-roles", "--url", "http://127.0.0.1:9")
    assert code == 0
    assert out.count("POST /_security/api_key") >= 4
    assert "space:default" in out
    code, out, _ = run("setup", "all", "--print-roles", "--url", "http://127.0.0.1:9", "--space", "soc")
    assert code == 0
    assert "space:soc" in out


def test_a_dry_run_of_all_needs_nobody(run):
    """What would be put and imported can be read, and handed on, before there is a cluster or a Kibana."""
    nobody = "http://127.0.0.1:9"
    code, out, _ = run("setup", "all", "--dry-run", "--url", nobody, "--kibana-url", nobody)
    assert code == 0
    assert "PUT /_index_template/netad-anomaly" in out
    assert "_import" in out


def test_nobody_there_is_a_sentence(run):
    """An unreachable cluster ends with 4."""
    code, _, err = run("setup", "elastic", "--url", "http://127.0.0.1:9")
    assert code == 4
    assert "127.0.0.1:9" in err


@pytest.fixture
def kibana():
    """A server that plays Kibana's part, and what it was asked."""
    with serving(Kibana()) as server:
        yield server


def test_kibana_gets_the_dashboards(run, kibana):
    """The command imports into the space that is named, and says what."""
    code, out, _ = run("setup", "kibana", "--kibana-url", kibana.url, "--space", "soc")
    assert code == 0
    assert "imported 4 dashboards" in out
    assert ("soc", "dashboard", "netad-overview") in kibana.script.kept


def test_kibana_is_found_by_the_settings(run, kibana, monkeypatch):
    """Where Kibana is and which space may stand in the settings, the key in a variable."""
    kibana.script.secret = "ApiKey encoded"
    monkeypatch.setenv("NETAD_KIBANA_URL", kibana.url)
    monkeypatch.setenv("NETAD_KIBANA_SPACE", "soc")
    monkeypatch.setenv("NETAD_KIBANA_API_KEY", "encoded")
    assert run("setup", "kibana", "--detection-rule")[0] == 0
    assert {space for space, _, _ in kibana.script.kept} == {"soc"}
    assert "rule" in {kind for _, kind, _ in kibana.script.kept}


def test_a_kibana_that_refuses_is_a_sentence(run, kibana):
    """A space that is not there ends with 4 and one sentence; a URL that is none with 2."""
    code, _, err = run("setup", "kibana", "--kibana-url", kibana.url, "--space", "sco")
    assert code == 4
    assert "knows no space sco" in err
    code, _, err = run("setup", "kibana", "--kibana-url", "http://u:hunter2@kibana.example")
    assert code == 2
    assert "hunter2" not in err


@pytest.mark.elastic
def test_all_is_both(run, elastic_url, kibana):
    """One command prepares Elasticsearch and Kibana."""
    code, out, _ = run("setup", "all", "--url", elastic_url, "--kibana-url", kibana.url)
    assert code == 0
    assert elastic_url in out
    assert "imported 4 dashboards" in out
