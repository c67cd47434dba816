"""Every field of every kind of document, from the command line to the store, against ECS 9.4 and netad's mappings."""

import json
from collections import Counter

import orjson
import pytest

from netad.outputs.elastic.fields import TABLES, field_types
from netad.outputs.stored import open_stored
from tests.ecs import ALLOWED, BEYOND, EVENT_TYPES, FIELDS, SAME, faults
from tests.end_to_end.conftest import Netad

KINDS = ("anomaly", "flow", "profile", "run")
RULES = """
rules:
  - id: known-scanner
    comment: the weekly scan
    created_by: soc
    expires: 2126-01-01T00:00:00Z
    match: {netad.behaviours: scan}
  - id: beacon-is-update
    comment: an updater
    created_by: netops
    permanent: true
    match: {netad.behaviours: beacon}
    action: lower
    lower: {severity_by: 2, score_by: 20}
  - id: look-at-it
    comment: to be looked at
    created_by: soc
    permanent: true
    match: {netad.entity.inside: true}
    action: tag
    tag: [triage]
  - id: brute
    comment: nobody wants to see it
    created_by: soc
    permanent: true
    match: {netad.behaviours: brute_force}
    action: drop
"""


def documents(store):
    """All documents of a store."""
    return [event for kind in KINDS for event in open_stored(f"parquet:{store}").events(kind)]


def check(found):
    """Every document is without fault, and there is one of every kind."""
    wrong = Counter(line for document in found for line in faults(document))
    assert wrong == {}
    assert {document["data_stream"]["dataset"] for document in found} == {f"netad.{kind}" for kind in KINDS}


@pytest.fixture(scope="module")
def sampled(tmp_path_factory, samples):
    """The documents of a day in the sample office with attacks, rules of every kind, a verdict and a link to Kibana."""
    netad = Netad(tmp_path_factory.mktemp("documents"))
    (netad.folder / "rules.yml").write_text(RULES)
    netad("ingest", samples / "attacked", "--model", samples / "model", "--rules", "rules.yml", "--flows", "all",
          "--profiles", "all", "--to", "parquet:store", NETAD_KIBANA_URL="https://kibana.example",
          NETAD_LABELS="site=hq")  # fmt: skip
    marked = next(open_stored(f"parquet:{netad.folder / 'store'}").events("anomaly"))["event"]["id"]
    netad("mark", marked, "true", "--comment", "it is", "--by", "soc", "--store", "parquet:store")
    return documents(netad.folder / "store")


def test_every_document_of_the_sample_is_as_the_tables_say(sampled):
    """With rules, behaviours, evidence, incidents, a link and a verdict, all of which are really there."""
    check(sampled)
    filled = {path for document in sampled for path in leaves(document)}
    assert {
        "netad.behaviours", "netad.evidence.domains", "netad.incident.id", "netad.suppression.rule_ids",
        "netad.suppression.original.severity", "netad.suppression.tags", "netad.verdict.label", "event.url",
        "threat.technique.id", "network.direction", "netad.run.rules.dropped", "netad.profile.anomaly_id",
        "netad.run.skipped.arp", "labels.site",
    } <= filled  # fmt: skip


def test_whole_numbers_are_written_as_such(sampled):
    """No count in the text of any document has a point or an exponent: an index of whole numbers would refuse it."""
    longs = {name for table in TABLES for name, kind in field_types(table).items() if kind == "long"}
    seen = set()
    for document in sampled:
        for path, text in numbers(orjson.dumps(document)):
            if path in longs or path.startswith(("netad.run.skipped.", "netad.anomaly.totals.")):
                seen.add(path)
                assert text.lstrip("-").isdigit(), (path, text)
    assert {"netad.profile.bytes", "netad.run.inputs.bytes", "source.bytes", "event.duration"} <= seen


def numbers(body):
    """The numbers of a JSON text with their paths, as they are written."""
    keep = {"parse_int": str, "parse_float": lambda text: f"{text} as float"}
    yield from walk(json.loads(body, **keep))


def walk(value, path=""):
    if isinstance(value, dict):
        for name, item in value.items():
            yield from walk(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, path)
    else:
        yield path, str(value)


def leaves(document):
    return {path for path, _ in walk(document)}


@pytest.mark.corpus
@pytest.mark.parametrize(
    "inputs",
    [
        (
            "captures/malicious/malware-sandbox/emotet/2019-November-7202622524d8.pcap",
            "captures/normal/iot-sentinel/HueBridge",
        ),
        ("suricata/test6-malicious.suricata.json",),
        ("zeek/slips-test10-mixed-zeek-dir", "zeek/rita-json_with_all_fields"),
    ],
    ids=["captures", "suricata", "zeek"],
)
def test_every_document_of_real_traffic_is_as_the_tables_say(netad, corpus, inputs):
    """Captures and logs of both kinds, with the alerts of other tools."""
    netad("ingest", *(corpus / name for name in inputs), "--flows", "all", "--profiles", "all", "--budget", "1/2",
          "--to", "parquet:store")  # fmt: skip
    check(documents(netad.folder / "store"))


@pytest.mark.corpus
def test_our_table_of_ecs_is_right(corpus):
    """Names, types, lists and allowed values are those of the schema, where its file is at hand."""
    file = corpus.parent / "reference/elastic/schema/ecs-9.4.0-subset.json"
    if not file.is_file():
        pytest.skip("the schema's file is not beside the corpus")
    schema = json.loads(file.read_text())["fields"]
    known = {name: kind for name, kind in FIELDS.items() if name not in BEYOND}
    assert {name: schema[name]["type"] + ("[]" if schema[name].get("array") else "") for name in known} == known
    for name, values in ALLOWED.items():
        assert set(values) == set(schema[name].get("allowed") or schema[name]["expected"])
    for category, types in EVENT_TYPES.items():
        assert types == schema["event.category"]["expected_event_types"][category]


def test_every_ecs_field_that_is_mapped_is_in_our_table():
    """And with its type: what an event may carry one day is right before it does."""
    mapped = {
        name: kind for table in TABLES for name, kind in field_types(table).items() if not name.startswith("netad.")
    }
    assert {name: SAME.get(kind, kind) for name, kind in mapped.items()} == {
        name: kind.removesuffix("[]") for name, kind in FIELDS.items()
    }


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("event.kind", "strange", "event.kind: 'strange' is not allowed"),
        ("event.category", "network", "event.category: not a list"),
        ("event.type", ["protocol", "user"], "event.type: user fits no category"),
        ("event.duration", 1.5e6, "event.duration: 1500000.0 is no long"),
        ("event.duration", True, "event.duration: True is no long"),
        ("source.ip", "10.4.2.256", "source.ip: '10.4.2.256' is no ip"),
        ("source.ip", ["10.4.2.2"], "source.ip: a list"),
        ("source.user", "root", "source.user is not mapped"),
        ("event.start", "2026-01-11 06:00", "event.start: '2026-01-11 06:00' is no date"),
        ("related.ip", [], "related.ip: an empty list"),
        ("netad.run.id", None, "netad.run.id: None is no keyword"),
        ("netad.flow.state", "x" * 1025, f"netad.flow.state: {'x' * 1025!r} is no keyword"),
        ("labels.a b", 1, "labels.a b: 1 is no keyword"),
    ],
)
def test_a_fault_is_found(path, value, fault):
    """The check itself: each kind of mistake in an otherwise good document is named."""
    document = {
        "@timestamp": "2026-01-11T06:00:00.000Z",
        "data_stream": {"type": "logs", "dataset": "netad.flow", "namespace": "default"},
        "event": {"kind": "event", "category": ["network"], "type": ["connection"], "duration": 5},
    }
    assert faults(document) == []
    *above, last = path.split(".")
    level = document
    for name in above:
        level = level.setdefault(name, {})
    level[last] = value
    assert fault in faults(document)
