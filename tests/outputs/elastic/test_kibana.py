"""`netad setup kibana` against a server that plays Kibana's part: what is imported, and what goes wrong in words."""

import pytest

from netad.core.errors import OutputError
from netad.outputs.elastic.kibana import setup_kibana
from netad.outputs.elastic.kibana_connection import KibanaConfig
from tests.elastic_server import TLS, Answer
from tests.kibana_server import Kibana, refusal

IMPORT = "/api/saved_objects/_import"
RULES = "/api/detection_engine/rules/_import"


def not_taken(*errors):
    return Answer(200, {"success": False, "errors": list(errors)}, {})


@pytest.fixture
def kibana():
    """A Kibana that has nothing yet."""
    return Kibana()


@pytest.fixture
def setup(serve, kibana):
    """Return a function that sets the Kibana up, and returns what was reported and the server."""

    def do(space=None, dry_run=False, detection_rule=False, tls=False, **environment):
        server, said = serve(kibana, tls=tls), []
        config = KibanaConfig.from_target(server.url, space, environment)
        setup_kibana(config, said.append, dry_run=dry_run, detection_rule=detection_rule)
        return said, server

    return do


def test_everything_is_imported(setup, kibana):
    """The objects of the file are in the space afterwards; once more changes nothing."""
    said, server = setup(space="soc")
    assert said == [
        f"{server.url} (Kibana 9.4.0): imported 4 dashboards, 5 data views and 5 saved searches into the space soc"
    ]
    kept = dict(kibana.kept)
    assert {key[:2] for key in kept} == {("soc", "index-pattern"), ("soc", "search"), ("soc", "dashboard")}
    assert ("soc", "dashboard", "netad-source") in kept
    setup(space="soc")
    assert kibana.kept == kept


def test_the_rule_is_imported_only_when_wanted(setup, kibana):
    """The detection rule comes with its own switch, off, and is left as it is when it is there."""
    setup()
    assert not [key for key in kibana.kept if key[1] == "rule"]
    said, server = setup(detection_rule=True)
    assert said[1] == f"{server.url}: imported the detection rule, switched off"
    (rule,) = (one for key, one in kibana.kept.items() if key[1] == "rule")
    assert rule["enabled"] is False
    rule["enabled"] = True
    said, server = setup(detection_rule=True)
    assert said[1] == f"{server.url}: the detection rule is there, and stays as it is"
    assert rule["enabled"] is True


def test_a_dry_run_asks_nothing(setup, kibana):
    """Every request is printed, with the objects in it, and none is made."""
    said, server = setup(space="soc", dry_run=True, detection_rule=True)
    assert server.asked == []
    assert kibana.kept == {}
    assert [line for line in said if not line.startswith(" ")] == [
        f"GET {server.url}/api/status",
        f"POST {server.url}/s/soc{IMPORT}?overwrite=true",
        f"POST {server.url}/s/soc{RULES}?overwrite=false",
    ]
    assert "  dashboard netad-overview: [netad] Overview" in said


def test_the_printed_requests_are_those_that_are_made(setup, serve, kibana):
    """What a dry run prints is what the real one asks, in order."""
    said, dry = setup(space="soc", dry_run=True, detection_rule=True)
    _, server = setup(space="soc", detection_rule=True)
    printed = [line.replace(dry.url, "") for line in said if not line.startswith(" ")]
    assert [f"{asked.method} {asked.path}" for asked in server.asked] == printed


def test_the_key_is_sent_and_never_shown(setup, kibana):
    """With the key Kibana wants it works; with another the sentence does not show it."""
    kibana.secret = "ApiKey encoded-key"
    setup(NETAD_KIBANA_API_KEY="encoded-key")
    with pytest.raises(OutputError, match=r"does not accept the credentials \(401, .*unable to authenticate") as caught:
        setup(NETAD_KIBANA_API_KEY="hunter2")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(OutputError, match="wants credentials: set NETAD_KIBANA_API_KEY"):
        setup()


def test_kibana_repeats_no_secret(setup, kibana):
    """A server that says the key back does not get it into a message."""
    kibana.answers[IMPORT] = refusal(500, "key hunter2 made me stumble")
    with pytest.raises(OutputError, match=r"refused \(500, key \*\*\* made me stumble\)"):
        setup(NETAD_KIBANA_API_KEY="hunter2")


@pytest.mark.parametrize(
    ("call", "answer", "sentence"),
    [
        ("/api/status", Answer(503, {"status": "starting"}, {}), r"is not ready yet \(503\)"),
        ("/api/status", Answer(200, {"cluster_name": "elastic"}, {}), "does not answer like a Kibana"),
        ("/api/status", Answer(200, {"version": {"number": "9"}}, {}), "its status names no version"),
        ("/api/status", Answer(200, [], {}), "its status names no version"),
        ("/api/status", Answer(404, {}, {}), r"does not answer like a Kibana \(404\)"),
        ("/api/status", Answer(302, {}, {}), r"refused \(302, no reason given\)"),
        (IMPORT, refusal(403, "Forbidden"), r"needs all of Saved Objects Management \(403, Forbidden\)"),
        (IMPORT, refusal(422, "belongs to a more recent version of Kibana"), r"\(422, belongs to a more recent"),
        (IMPORT, Answer(200, {"success": False}, {}), r"did not take all of kibana\.ndjson: it gives no reason"),
        (IMPORT, not_taken({"type": "search", "id": "x", "error": {"type": "unknown"}}), "search x: unknown"),
        (RULES, refusal(403, "no"), "needs all of Security"),
        (RULES, refusal(404, "Not Found"), "or not what is asked of it there"),
        (RULES, not_taken({"rule_id": "x", "error": {"status_code": 400, "message": "bad"}}), "rule x: bad"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_sentence(setup, kibana, call, answer, sentence):
    """Whatever Kibana answers, the sentence says what it means and what to do."""
    kibana.answers[call] = answer
    with pytest.raises(OutputError, match=sentence) as caught:
        setup(detection_rule=True)
    assert "\n" not in str(caught.value)


def test_many_errors_are_told_shortly(setup, kibana):
    """The first few objects that were not taken are named, the others counted."""
    errors = [{"type": "search", "id": str(number), "error": {"type": "conflict"}} for number in range(8)]
    kibana.answers[IMPORT] = not_taken(*errors)
    with pytest.raises(OutputError, match=r"search 0: conflict; .*search 4: conflict; 3 more$"):
        setup()


@pytest.mark.parametrize("version", ["8.13.4", "7.17.29"])
def test_an_old_kibana_is_left_alone(setup, kibana, version):
    """Nothing is imported into a Kibana that could not show it."""
    kibana.version = version
    with pytest.raises(OutputError, match=rf"is Kibana {version}, and the dashboards need 8\.14 or newer"):
        setup()
    assert kibana.kept == {}


@pytest.mark.parametrize("version", ["8.14.0", "8.19.2", "9.5.3-SNAPSHOT", "10.0.0"])
def test_newer_ones_are_set_up(setup, kibana, version):
    """From 8.14 on every version takes them."""
    kibana.version = version
    setup()
    assert len(kibana.kept) == 14


def test_an_unknown_space_is_named(setup):
    """A misspelt space is told by name."""
    with pytest.raises(OutputError, match=r"knows no space sco, .*\(404, Saved object \[space/sco\] not found\)"):
        setup(space="sco")


def test_tls_is_checked(setup):
    """A certificate nobody vouches for ends it; the one that is trusted does not."""
    with pytest.raises(OutputError, match="no trusted TLS connection"):
        setup(tls=True)
    said, _ = setup(tls=True, NETAD_KIBANA_CA_FILE=str(TLS / "certificate.pem"))
    assert "imported" in said[0]


def test_nobody_there(dead_url):
    """A Kibana that does not run is one sentence."""
    with pytest.raises(OutputError, match="cannot be reached"):
        setup_kibana(KibanaConfig.from_target(dead_url, None, {}), print, dry_run=False, detection_rule=False)
