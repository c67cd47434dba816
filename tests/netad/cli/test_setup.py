import json
import urllib.request

import pytest


@pytest.mark.elastic
def test_dry_run_changes_nothing_and_setup_is_idempotent(run, elastic_url):
    """--dry-run prints what would be done; twice the same set-up changes nothing the second time."""
    code, planned, _ = run("setup", "elastic", "--url", elastic_url, "--dry-run")
    assert code == 0
    assert "netad-anomaly" in planned
    assert run("setup", "elastic", "--url", elastic_url)[0] == 0
    code, _, _ = run("setup", "elastic", "--url", elastic_url)
    with urllib.request.urlopen(f"{elastic_url}/_index_template/netad-anomaly") as answer:
        assert json.load(answer)["index_templates"][0]["index_template"]["priority"] == 501
    assert code == 0


def test_nobody_there_is_a_sentence(run):
    """An unreachable cluster ends with 4."""
    code, _, err = run("setup", "elastic", "--url", "http://127.0.0.1:9")
    assert code == 4
    assert "127.0.0.1:9" in err
