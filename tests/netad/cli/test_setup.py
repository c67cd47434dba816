import json
import urllib.request

import pytest


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


def test_nobody_there_is_a_sentence(run):
    """An unreachable cluster ends with 4."""
    code, _, err = run("setup", "elastic", "--url", "http://127.0.0.1:9")
    assert code == 4
    assert "127.0.0.1:9" in err
