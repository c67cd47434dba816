"""`netad setup elastic`: what it says and does."""

import orjson
import pytest

from netad.core.errors import OutputError
from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.elastic.setup import setup_elastic
from netad.outputs.elastic.templates import VERSION, has_extras, template_body, template_names
from tests.elastic_server import Answer


@pytest.mark.elastic
def test_setup_tells_before_it_does(config, client):
    """A dry run prints the request and makes none; the real one makes it; then there is nothing to do."""
    said = []
    setup_elastic(config, dry_run=False, report=said.append)
    body = template_body("index", "netad-anomaly", has_extras(client)) | {"_meta": {"version": 0}}
    client.indices.put_index_template(name="netad-anomaly", body=body)
    said.clear()
    for dry_run in (True, True, False, False, True):
        setup_elastic(config, dry_run=dry_run, report=said.append)
    change = f"update index template netad-anomaly (version 0 to {VERSION}, for indices made from now on)"
    nothing = f"{config.target}: nothing to do, all templates are there (version {VERSION})"
    assert (
        said[:3]
        == said[4:7]
        == [
            f"# {change}",
            "PUT /_index_template/netad-anomaly",
            orjson.dumps(
                template_body("index", "netad-anomaly", has_extras(client)), option=orjson.OPT_INDENT_2
            ).decode(),
        ]
    )
    assert said[8] == f"{config.target}: {change}"
    assert "_rollover" in said[9]
    assert said[10:] == [nothing, f"# {nothing}"]


@pytest.mark.parametrize("extras", [True, False])
def test_a_dry_run_prints_the_very_requests_that_would_be_made(serve, extras):
    """Paths and bodies are those that a real run sends, in the same order."""
    puts = []

    def script(asked):
        if asked.method == "PUT":
            puts.append((asked.path.partition("?")[0], orjson.loads(asked.body)))
            return Answer(200, {"acknowledged": True})
        if asked.call == "_xpack":
            return Answer(200, {"features": {}}) if extras else Answer(400, {"error": "no"})
        return Answer(200, {f"{'component' if 'component' in asked.path else 'index'}_templates": []})

    config, said = ElasticConfig.from_target(serve(script).url, {}), []
    setup_elastic(config, dry_run=True, report=said.append)
    assert puts == []
    setup_elastic(config, dry_run=False, report=lambda _: None)
    printed = [
        (said[place + 1].removeprefix("PUT "), orjson.loads(said[place + 2])) for place in range(0, len(said), 4)
    ]
    assert printed == puts
    assert len(puts) == len(template_names())


def test_setup_stops_where_it_is_refused(serve):
    """What was done before a refusal has been said, and the refusal is one sentence."""
    puts = []

    def script(asked):
        if asked.method == "GET":
            return Answer(200, {f"{'component' if 'component' in asked.path else 'index'}_templates": []})
        puts.append(asked.call)
        refused = {"error": {"type": "security_exception", "reason": "needs manage_index_templates"}}
        return Answer(200, {"acknowledged": True}) if len(puts) == 1 else Answer(403, refused)

    server, said = serve(script), []
    with pytest.raises(OutputError, match=r"does not allow this \(403, .*needs manage_index_templates"):
        setup_elastic(ElasticConfig.from_target(server.url, {}), dry_run=False, report=said.append)
    first, second = [name for _, name in template_names()][:2]
    assert puts == [first, second]
    assert said == [f"{server.url}: create component template {first} (version {VERSION})"]


def test_setup_without_a_server(dead_url):
    """A server that is not there is one sentence."""
    with pytest.raises(OutputError, match="cannot be reached"):
        setup_elastic(ElasticConfig.from_target(dead_url, {}), dry_run=False, report=print)


def test_a_dry_run_needs_no_server(dead_url):
    """It prints what a cluster without templates gets, and says that it could not ask."""
    said = []
    setup_elastic(ElasticConfig.from_target(dead_url, {}), dry_run=True, report=said.append)
    assert said[0].startswith(f"# {dead_url} cannot be reached (Connection refused), so this is what")
    printed = [(line, orjson.loads(said[place + 1])) for place, line in enumerate(said) if line.startswith("PUT ")]
    assert printed == [
        (f"PUT /_{kind}_template/{name}", template_body(kind, name, extras=True)) for kind, name in template_names()
    ]
