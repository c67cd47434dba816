import json


def test_the_schema_is_printed(run):
    """As JSON."""
    _, out, _ = run("rules", "schema")
    assert json.loads(out)["title"] == "netad rules"
