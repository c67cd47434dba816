"""`netad ingest --to elastic` against a real Elasticsearch."""

import json
import urllib.request

import pytest

pytestmark = pytest.mark.elastic


def count(url, namespace, kind):
    base = f"{url}/logs-netad.{kind}-{namespace}"
    urllib.request.urlopen(urllib.request.Request(f"{base}/_refresh", method="POST"))
    with urllib.request.urlopen(f"{base}/_count") as answer:
        return json.load(answer)["count"]


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


def test_what_was_spooled_is_sent_by_the_next_run(netad, samples, elastic_url, namespace):
    """Events spooled while nobody answered reach the cluster with the next run, exactly once."""
    arguments = ("ingest", samples / "attacked", "--model", samples / "model", "--flows", "none")
    dead = "http://127.0.0.1:9"
    netad(*arguments, "--to", f"elastic:{dead}", code=4, NETAD_NAMESPACE=namespace)
    netad(*arguments, "--to", f"elastic:{elastic_url}", "--to", "ndjson:events.ndjson", NETAD_NAMESPACE=namespace)
    assert count(elastic_url, namespace, "anomaly") == len((netad.folder / "events.ndjson").read_text().splitlines())
