"""What stored anomalies say about their packets."""

import pytest

from netad.core.errors import ConfigError
from netad.core.identity import content_id
from netad.core.timing import parse_time
from netad.extract.evidence import find_anomaly, flows_of, window_of
from netad.extract.wanted import Network, tuple5

START = parse_time("2026-01-31T08:00:00Z")
FIRST, SECOND_FLOW, GONE = (content_id(START + number * 10**9, "flow", number) for number in (1, 2, 3))
ANOMALY = content_id(START, "anomaly")


def flow(identity, start, end, protocol, **more):
    source, destination = {"ip": "10.0.0.1", "port": 40000}, {"ip": "192.0.2.7", "port": 443}
    if protocol == 1:
        del source["port"], destination["port"]
    return {
        "event": {"id": identity, "start": start, "end": end},
        "source": source,
        "destination": destination,
        "network": {"iana_number": str(protocol)},
        "netad": {"flow": more},
    }


class Store:
    """A store of an anomaly and two flows; it remembers what was asked for."""

    where = "parquet:somewhere"

    def __init__(self):
        self.flows = [
            flow(FIRST, "2026-01-31T08:00:01.000000001Z", "2026-01-31T08:00:05Z", 6),
            flow(SECOND_FLOW, "2026-01-31T08:00:02Z", "2026-01-31T08:00:02Z", 1, icmp={"type": 8}),
            flow(content_id(START + 10**9, "flow", 9), "2026-01-31T08:00:01Z", "2026-01-31T08:00:01Z", 17),
        ]
        self.asked = None

    def find(self, identity):
        return {"event": {"id": identity}} if identity == ANOMALY else None

    def events(self, kind, since_ns, until_ns):
        self.asked = kind, since_ns, until_ns
        return iter(self.flows)


def anomaly(*flow_ids):
    return {"netad": {"anomaly": {"sample_flow_ids": list(flow_ids)} if flow_ids else {}}}


def test_an_anomaly_is_found_by_its_id():
    """Or the sentence names the store."""
    assert find_anomaly(Store(), ANOMALY)["event"]["id"] == ANOMALY
    with pytest.raises(ConfigError, match=f"parquet:somewhere holds no anomaly with the id {FIRST}"):
        find_anomaly(Store(), FIRST)


def test_the_window_is_that_of_the_event():
    """To the nanosecond."""
    event = {"event": {"start": "2026-01-31T08:00:00.000Z", "end": "2026-01-31T09:00:00.000000001Z"}}
    assert window_of(event) == (START, START + 3600 * 10**9 + 1)


def test_the_flows_are_those_that_the_event_names():
    """Ends and protocol, times, the two types of an echo; how many are gone is told."""
    store = Store()
    flows, missing = flows_of(anomaly(FIRST, SECOND_FLOW, GONE), store)
    assert store.asked == ("flow", START + 10**9, START + 3 * 10**9 + 10**6)
    assert missing == 1
    client, server = Network.parse("10.0.0.1").first, Network.parse("192.0.2.7").first
    assert flows.times_ns == {
        tuple5(client, 40000, server, 443, 6): [(START + 10**9 + 1, START + 5 * 10**9)],
        tuple5(client, 8, server, 0, 1): [(START + 2 * 10**9, START + 2 * 10**9)],
    }


def test_a_message_that_nobody_answers_has_its_code():
    """As flows have it in the place of the responder's port."""
    store = Store()
    store.flows = [flow(FIRST, "2026-01-31T08:00:01Z", "2026-01-31T08:00:01Z", 1, icmp={"type": 3, "code": 1})]
    flows, _ = flows_of(anomaly(FIRST), store)
    client, server = Network.parse("10.0.0.1").first, Network.parse("192.0.2.7").first
    assert list(flows.times_ns) == [tuple5(client, 3, server, 1, 1)]


def test_without_flows_there_is_a_sentence():
    """None are named, or none are kept."""
    with pytest.raises(ConfigError, match="names no flow as evidence"):
        flows_of(anomaly(), Store())
    with pytest.raises(ConfigError, match="holds none of the flows behind the anomaly"):
        flows_of(anomaly(GONE), Store())
