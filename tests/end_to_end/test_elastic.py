"""`netad ingest --to elastic` against a real Elasticsearch."""

import json
import urllib.request

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from netad.outputs.spool import Spool
from tests.elastic_server import Answer, serving

pytestmark = pytest.mark.elastic


def count(url, namespace, kind):
    base = f"{url}/logs-netad.{kind}-{namespace}"
    urllib.request.urlopen(urllib.request.Request(f"{base}/_refresh", method="POST"))
    with urllib.request.urlopen(f"{base}/_count") as answer:
        return json.load(answer)["count"]


def runs(url, namespace):
    """What each run that reached the cluster said of its events, in order of time."""
    stream = f"{url}/logs-netad.run-{namespace}"
    urllib.request.urlopen(urllib.request.Request(f"{stream}/_refresh", method="POST"))
    with urllib.request.urlopen(f"{stream}/_search?sort=@timestamp") as answer:
        return [hit["_source"]["netad"]["run"] for hit in json.load(answer)["hits"]["hits"]]


def test_twice_adds_nothing(netad, samples, elastic_url, namespace):
    """The second run of the same capture adds no document."""
    arguments = ("ingest", samples / "attacked", "--model", samples / "model", "--to", f"elastic:{elastic_url}",
                 "--to", "ndjson:events.ndjson", "--flows", "all")  # fmt: skip
    netad(*arguments, NETAD_NAMESPACE=namespace)
    events = [json.loads(line) for line in (netad.folder / "events.ndjson").read_text().splitlines()]
    kinds = [event["data_stream"]["dataset"] for event in events]
    first = {kind: count(elastic_url, namespace, kind) for kind in ("anomaly", "flow")}
    assert first == {"anomaly": kinds.count("netad.anomaly"), "flow": kinds.count("netad.flow")}
    assert min(first.values()) > 0
    netad(*arguments, NETAD_NAMESPACE=namespace)
    assert {kind: count(elastic_url, namespace, kind) for kind in ("anomaly", "flow")} == first
    shipped = sum(first.values())
    told = [(run["exit_code"], run["delivered"], run["duplicates"]) for run in runs(elastic_url, namespace)]
    assert told == [(0, shipped, 0), (0, 0, shipped)]


def test_what_was_spooled_is_sent_by_the_next_run(netad, samples, elastic_url, namespace):
    """Events spooled while nobody answered reach the cluster with the next run to the same URL, exactly once."""
    away = [True]
    with serving(lambda _: Answer(cut=True) if away else None, elastic_url) as server:
        to = ("--to", f"elastic:{server.url}", "--model", samples / "model", "--flows", "none")
        ingest = ("ingest", samples / "attacked", *to, "--to", "ndjson:events.ndjson")
        netad(*ingest, code=4, NETAD_NAMESPACE=namespace)
        spool = Spool(netad.folder / "spool", server.url)
        waiting = [event["event"]["id"] for path in spool.pending() for event in spool.read(path)]
        away.clear()
        netad("ingest", samples / "normal", *to, NETAD_NAMESPACE=namespace)
        sent = [identity for asked in server.calls("_bulk") for identity in asked.ids]
    found = [json.loads(line)["event"]["id"] for line in (netad.folder / "events.ndjson").read_text().splitlines()]
    assert found != []
    assert waiting[:-1] == sent[: len(found)] == found
    assert spool.pending() == []
    assert {identity: sent.count(identity) for identity in waiting} == dict.fromkeys(waiting, 1)
    codes = [(run["exit_code"], run["spool"]["files"]) for run in runs(elastic_url, namespace)]
    assert codes == [(4, 1), (0, 0)]


def test_a_run_that_reaches_nobody_says_so_in_its_event(netad, samples):
    """The event of the run waits behind the others, and tells how many of them do."""
    netad("ingest", samples / "attacked", "--model", samples / "model", "--to", "elastic:http://127.0.0.1:9", code=4)
    spool = Spool(netad.folder / "spool", "http://127.0.0.1:9")
    *before, last = [event for path in spool.pending() for event in spool.read(path)]
    run = last["netad"]["run"]
    assert (run["exit_code"], run["ended"]) == (4, "output_failed")
    assert (run["delivered"], run["spooled"], run["spool"]["files"]) == (0, len(before), 1)
    assert {event["data_stream"]["dataset"] for event in before} == {"netad.anomaly", "netad.flow"}


def test_what_is_known_of_hosts_can_be_searched(netad, samples, elastic_url, namespace):
    """Places within a distance, systems, assets and hits on threat lists."""
    (netad.folder / "hosts.csv").write_text("address,name,roles\n10.20.10.27,desk-27,workstation\n")
    (netad.folder / "feed.txt").write_text("203.0.113.0/24\n")
    writer = MMDBWriter(ip_version=4, database_type="GeoLite2-City", float_type="f64")
    place = {"country": {"iso_code": "DE"}, "location": {"latitude": 51.25, "longitude": 9.5}}
    writer.insert_network(IPSet(["203.0.113.0/24"]), place | {"autonomous_system_number": 64500})
    writer.to_db_file(str(netad.folder / "places.mmdb"))
    netad("ingest", samples / "attacked", "--model", samples / "model", "--inventory", "hosts.csv", "--geoip-db",
          "places.mmdb", "--threat-list", "feed.txt", "--to", f"elastic:{elastic_url}",
          NETAD_NAMESPACE=namespace)  # fmt: skip
    near = {"geo_distance": {"distance": "10km", "destination.geo.location": {"lat": 51.3, "lon": 9.5}}}
    asked = {
        "flow": [near, {"term": {"destination.as.number": 64500}}],
        "anomaly": [{"term": {"netad.evidence.threats.list": "feed"}}, {"term": {"host.name": "desk-27"}},
                    {"term": {"netad.asset.roles": "workstation"}}],
    }  # fmt: skip
    for kind, queries in asked.items():
        assert count(elastic_url, namespace, kind) > 0
        for query in queries:
            assert found(elastic_url, namespace, kind, query) > 0, query


def found(url, namespace, kind, query):
    request = urllib.request.Request(
        f"{url}/logs-netad.{kind}-{namespace}/_count",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["count"]
