"""Index templates: put once, kept up to date, and what a real server makes of them."""

import contextlib

import pytest

from netad.core.errors import OutputError
from netad.outputs.elastic.connection import ElasticConfig, connect
from netad.outputs.elastic.templates import (
    VERSION,
    Change,
    apply_changes,
    ensure_templates,
    has_extras,
    planned_changes,
    template_body,
    template_names,
)
from tests.elastic_server import Answer

NAMES = [name for _, name in template_names()]
FORBIDDEN = Answer(403, {"error": {"type": "security_exception", "reason": "action is unauthorized"}, "status": 403})


# What lies below an open field gets its type from the first document that has it.
OPEN_FIELDS = (
    ("anomaly", "netad.anomaly.features.unique_destinations", "float"),
    ("anomaly", "netad.anomaly.totals.packets", "long"),
    ("profile", "netad.profile.features.bytes_out", "float"),
    ("profile", "netad.profile.typical.bytes_out", "float"),
    ("run", "netad.run.skipped.arp", "long"),
    ("run", "netad.run.deliveries.delivered", "long"),
    ("run", "netad.run.rules.id", "keyword"),
)


@pytest.fixture
def of_every_kind(anomaly_events, events_of_flows, events_of_profiles, events_of_runs):
    """An event of each kind, in the order of the kinds' names."""
    return [events[0] for events in (anomaly_events, events_of_flows, events_of_profiles, events_of_runs)]


@pytest.fixture
def bare(client):
    """A client of a server without netad's templates. A broader one takes over the streams of other tests meanwhile."""
    cover = "test-cover"
    client.indices.put_index_template(name=cover, index_patterns=["logs-netad.*"], priority=10, data_stream={})
    quiet = client.options(ignore_status=404)
    for kind, name in reversed(template_names()):
        if kind == "index":
            quiet.indices.delete_index_template(name=name)
        else:
            quiet.cluster.delete_component_template(name=name)
    yield client
    ensure_templates(client)
    client.indices.delete_index_template(name=cover)


@pytest.mark.elastic
def test_templates_are_created_once(bare):
    """A bare server gets all templates, components first; the second time there is nothing to do."""
    assert [change.name for change in planned_changes(bare)] == NAMES
    assert ensure_templates(bare) == [
        f"create {kind} template {name} (version {VERSION})" for kind, name in template_names()
    ]
    assert ensure_templates(bare) == []
    assert planned_changes(bare) == []


@pytest.mark.elastic
def test_an_older_template_is_updated_and_a_newer_one_kept(client):
    """Versions decide: an older template is replaced, one of a newer netad stays."""
    ensure_templates(client)
    for version, changes in ((0, [Change("index", "netad-flow", 0)]), (VERSION + 1, [])):
        body = template_body("index", "netad-flow", has_extras(client)) | {"_meta": {"version": version}}
        client.indices.put_index_template(name="netad-flow", body=body)
        assert planned_changes(client) == changes
    body = template_body("index", "netad-flow", has_extras(client)) | {"_meta": {"version": 0}}
    client.indices.put_index_template(name="netad-flow", body=body)
    assert ensure_templates(client) == [
        f"update index template netad-flow (version 0 to {VERSION}, for indices made from now on)"
    ]


@pytest.mark.elastic
def test_a_stream_gets_the_settings_and_types(client, namespace, of_every_kind):
    """A document makes a data stream in standard mode with the types of the tables; labels are keywords."""
    ensure_templates(client)
    for event in of_every_kind:
        stream = f"logs-{event['data_stream']['dataset']}-{namespace}"
        client.create(index=stream, id="1", document=event, refresh=True)
        (found,) = client.indices.get(index=stream).body.values()
        assert found["data_stream"] == stream
        assert found["settings"]["index"]["mode"] == "standard"
        for field, kind in {"source.ip": "ip", "@timestamp": "date", "labels.site": "keyword"}.items():
            assert type_of(found["mappings"], field) == kind
    for stream, field, kind in OPEN_FIELDS:
        (found,) = client.indices.get(index=f"logs-netad.{stream}-{namespace}").body.values()
        assert type_of(found["mappings"], field) == kind
    (found,) = client.indices.get(index=f"logs-netad.anomaly-{namespace}").body.values()
    mappings = found["mappings"]
    influencers = mappings["properties"]["netad"]["properties"]["anomaly"]["properties"]["influencers"]
    assert influencers == {"type": "object", "enabled": False}


def type_of(mappings, field):
    level = mappings
    for part in field.split("."):
        level = level["properties"][part]
    return level["type"]


@pytest.mark.elastic
def test_addresses_are_searched_by_network(client, namespace, events_of_flows):
    """A CIDR finds the sources inside it, in IPv4 and IPv6."""
    ensure_templates(client)
    stream = f"logs-netad.flow-{namespace}"
    for event in events_of_flows:
        client.create(index=stream, id=event["event"]["id"], document=event)
    client.indices.refresh(index=stream)
    for network, inside in (("10.0.0.0/8", "10."), ("fd00::/8", "fd"), ("203.0.113.0/24", "203.0.113.")):
        wanted = sum(event["source"]["ip"].startswith(inside) for event in events_of_flows)
        assert wanted > 0
        assert client.count(index=stream, query={"term": {"source.ip": network}})["count"] == wanted


@pytest.mark.elastic
def test_users_change_things_in_components_of_their_own(client, namespace):
    """A retention and a field in `netad-flow-custom` win over netad's, which need no change."""
    ensure_templates(client)
    custom = {"lifecycle": {"data_retention": "3d"}, "mappings": {"properties": {"mine": {"type": "keyword"}}}}
    client.cluster.put_component_template(name="netad-flow-custom", template=custom)
    try:
        made = client.indices.simulate_index_template(name=f"logs-netad.flow-{namespace}")["template"]
    finally:
        body = {"template": {}}
        client.cluster.put_component_template(name="netad-flow-custom", body=body)
    assert made["lifecycle"]["data_retention"] == "3d"
    assert made["mappings"]["properties"]["mine"] == {"type": "keyword"}
    plain = client.indices.simulate_index_template(name=f"logs-netad.flow-{namespace}")["template"]
    assert plain["lifecycle"]["data_retention"] == "14d"


@pytest.fixture
def asking(serve):
    """A function that returns a client of a server with a script."""
    with contextlib.ExitStack() as stack:
        yield lambda script: stack.enter_context(
            contextlib.closing(connect(ElasticConfig.from_target(serve(script).url, {})))
        )


def listing(asked, version=None):
    """The answer to a question for templates: all of them in one version, or none."""
    kind = "component" if "component" in asked.path else "index"
    names = [name for k, name in template_names() if k == kind and version is not None]
    return Answer(
        200, {f"{kind}_templates": [{"name": n, f"{kind}_template": {"_meta": {"version": version}}} for n in names]}
    )


def test_a_key_that_may_not_create(asking):
    """Missing templates and a key that may only look: the sentence names `netad setup elastic`."""
    client = asking(lambda asked: FORBIDDEN if asked.method == "PUT" else listing(asked))
    with pytest.raises(OutputError, match=r"netad-base.*are missing.*`netad setup elastic`"):
        ensure_templates(client)


def test_a_key_that_may_not_update(asking, caplog):
    """Older templates are good enough for a key that may not replace them; a warning says how old, and what to do."""
    assert ensure_templates(asking(lambda asked: FORBIDDEN if asked.method == "PUT" else listing(asked, 1))) == []
    assert f"have version 1 and this netad {VERSION}" in caplog.text
    assert "`netad setup elastic`" in caplog.text


def test_a_key_that_may_not_look(asking, caplog):
    """A key that may only write takes the templates to be there."""
    assert ensure_templates(asking(lambda _: FORBIDDEN)) == []
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize(("version", "warned"), [(1, True), (VERSION, False), (VERSION + 1, False), (None, True)])
def test_a_key_that_may_look_at_streams_only(asking, caplog, version, warned):
    """The newest backing index of a stream says by which templates it was made; older ones do not count."""
    meta = {} if version is None else {"_meta": {"managed_by": "netad", "version": version}}
    found = {
        ".ds-logs-netad.flow-x-2026.01.31-000001": {"mappings": {"_meta": {"version": 0}}},
        ".ds-logs-netad.flow-x-2026.02.01-000002": {"mappings": meta},
    }
    client = asking(lambda asked: Answer(200, found) if asked.call == "_mapping" else FORBIDDEN)
    assert ensure_templates(client) == []
    assert ("logs-netad.flow-x follow index templates of version" in caplog.text) is warned


@pytest.mark.elastic
def test_a_stream_knows_the_version_of_its_templates(client, namespace, anomaly_events):
    """The version stands in the mapping of what the templates make."""
    ensure_templates(client)
    stream = f"logs-netad.anomaly-{namespace}"
    client.create(index=stream, id="1", document=anomaly_events[0])
    (found,) = client.indices.get_mapping(index=stream).body.values()
    assert found["mappings"]["_meta"]["version"] == VERSION


def test_something_that_is_no_elasticsearch(asking):
    """An answer without a list of templates is an error with a sentence."""
    client = asking(lambda _: Answer(200, {}))
    with pytest.raises(OutputError, match="holds no list"):
        planned_changes(client)


@pytest.mark.parametrize(
    ("body", "status", "extras"), [({"features": {"ilm": {}}}, 200, True), ({"error": "no"}, 400, False)]
)
def test_the_distribution_is_asked_for(asking, body, status, extras):
    """Types of the default distribution are used where `GET /_xpack` lists features."""
    puts = {}

    def script(asked):
        if asked.method == "PUT":
            puts[asked.call] = asked.body
            return Answer(200, {"acknowledged": True})
        return Answer(status, body) if asked.call == "_xpack" else listing(asked)

    client = asking(script)
    assert len(list(apply_changes(client, planned_changes(client)))) == len(NAMES)
    assert list(puts) == NAMES
    assert (b"constant_keyword" in puts["netad-base"]) is extras
