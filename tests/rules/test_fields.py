import pytest

from netad.core.addresses import Networks
from netad.detectors.anomaly import AlertCount, Anomaly, Change, Evidence, Reason, Severity
from netad.detectors.behaviour.base import Finding, Technique, Traces
from netad.outputs.anomaly_event import anomaly_event
from netad.outputs.enrich.enrichment import Enrichment, add_threats
from netad.outputs.enrich.inventory import Asset
from netad.outputs.enrich.names import ReverseNames
from netad.outputs.enrich.threat_lists import Hit
from netad.outputs.incidents import join_incidents
from netad.outputs.origin import Origin
from netad.rules.fields import FIELDS, FLOW_FIELDS, find_field, open_names
from netad.rules.values import event_value

REASON = Reason("bytes_out", "bytes out", "bytes", 5.0, 1.0, 0.99, 0.5)
TRACES = Traces(("10.0.0.9",), 1, (22,), 1, ("tcp",), ("a.example",), (0,), 0, 0, {"hosts": 5.0})
FINDING = Finding("scan", Technique("T1046", "Discovery"), "10.0.0.5", True, 0, 0, 1, 4.0, "scans", TRACES, {"a": 1})
ANOMALY = Anomaly(
    source="10.0.0.5", inside=True, window_start_ns=0, window_end_ns=3_600_000_000_000, window_length="1h", score=0.9,
    threshold=0.7, tail=0.01, severity=Severity.HIGH, detector="isolation_forest",
    detector_scores={"isolation_forest": 0.9}, model_name="m", model_version="1", reasons=(REASON,), profile=(REASON,),
    totals={"bytes": 10, "packets": 2},
    evidence=Evidence(1, ("id",), ("10.0.0.9",), 1, (22,), ("tcp",), (AlertCount("ET SCAN", 2, 1, "suricata"),), 2,
                      ("a.example",), ("b.example",), ("c.example",), ("curl",), ("t13d",), ("a.example",), "internal"),
    findings=(FINDING,), changes=(Change("bytes_out", "bytes out", "bytes", 5.0, 1.0),),
)  # fmt: skip
ORIGIN = Origin("sensor", "default", "run", "0", "agent", labels={"site": "hq"}, tags=("t",))
# Said of an object as a whole, or set after the rules (see the note in netad.rules.fields).
NOT_FOR_RULES = ("netad.anomaly.influencers.", "netad.anomaly.profile.", "netad.anomaly.normal_if.",
                 "netad.findings.parameters.", "netad.peers.", "threat.enrichments.",
                 "netad.suppression.")  # fmt: skip


def event():
    made = anomaly_event(ANOMALY, ORIGIN, "2026-01-01T00:00:00.000Z")
    inside = Networks.parse(["10.0.0.5"])
    Enrichment(inside, Known(), Everywhere(), ReverseNames()).add(made)
    # What an outside source has, too.
    made["source"] |= Everywhere().find("")
    add_threats(made, [Hit("feed", "address", "10.0.0.0/24", "10.0.0.9")])
    join_incidents([made])
    return made


class Known:
    """An inventory that knows everybody."""

    def find(self, address):
        return Asset("name", ("role",), "owner", "high", "00-00-5E-00-53-23")


class Everywhere:
    """A database that knows every address."""

    def find(self, address):
        geo = {name: name for name in ("continent_code", "country_iso_code", "country_name", "region_iso_code",
                                       "city_name")}  # fmt: skip
        return {"geo": geo, "as": {"number": 64500, "organization": {"name": "Example"}}}


def leaves(node, path=""):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(node, list):
        for item in node:
            yield from leaves(item, path)
    else:
        yield path, node


def test_every_field_of_an_anomaly_event_is_known_and_of_its_kind():
    """What the events carry can be matched, and the kind in the table is the kind in the event."""
    for path, value in leaves(event()):
        if not path.startswith(NOT_FOR_RULES):
            assert event_value(find_field(path).kind, value) is not None, path


def test_every_known_field_is_carried_by_an_anomaly_with_one_peer():
    """A rule cannot name a field that no event will ever have."""
    carried = {path for path, _ in leaves(event())}
    assert {path for field in FIELDS.values() for path in field.paths} <= carried


def test_the_pseudo_field_asks_both_ends():
    """`either.ip` is source or destination."""
    assert find_field("either.ip").paths == ("source.ip", "destination.ip")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("labels.anything", "text"), ("labels.a b", "text"), ("netad.anomaly.features.new_one", "number"),
     ("netad.anomaly.totals.flows", "integer"), ("netad.anomaly.detectors.huggingface", "number")],
)  # fmt: skip
def test_names_of_users_features_and_detectors_are_open(name, kind):
    """Labels and features need no table."""
    field = find_field(name)
    assert (field.kind, field.presence, field.paths) == (kind, "sometimes", (name,))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("sorce.ip", "unknown field 'sorce.ip'; did you mean 'source.ip'?"),
     ("destination.prot", "unknown field 'destination.prot'; did you mean 'destination.port'?"),
     ("xyzzy", "unknown field 'xyzzy'"), ("labels.", "unknown field 'labels.'; did you mean 'labels.*'?"),
     ("labels.\x1b[31m", "unknown field 'labels.\\x1b[31m'; did you mean 'labels.*'?"),
     ("source", "unknown field 'source'; did you mean 'source.ip'?")],
)  # fmt: skip
def test_an_unknown_field_is_refused_with_the_nearest_known_one(name, sentence):
    """A typing error never becomes a rule that matches nothing."""
    with pytest.raises(ValueError) as error:
        find_field(name)
    assert str(error.value) == sentence


def test_flows_have_fields_of_their_own():
    """The same names as in flow events, both ends as one included; what only anomalies have is refused."""
    assert find_field("either.ip", "flows") == FLOW_FIELDS["either.ip"]
    assert find_field("netad.flow.state", "flows").kind == "text"
    with pytest.raises(ValueError, match=r"^flows have no field 'netad.detector'"):
        find_field("netad.detector", "flows")


def test_open_names_are_listed():
    """For the schema and for whoever asks."""
    assert "labels." in open_names()
    assert find_field("netad.findings.numbers.bytes").kind == "number"
