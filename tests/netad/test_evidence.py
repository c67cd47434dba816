from dataclasses import replace

import numpy as np
import pytest

from netad.config import Config
from netad.core.addresses import Networks, format_addresses
from netad.evidence import SAMPLE, flows_behind, gather
from netad.flow_spool import FlowSpool
from netad.ingest.flows import FlowBatch
from netad.judging import judge
from netad.outputs.events import flow_ids
from netad.pipeline import origin_of
from netad.reading import Reading

INSIDE = Config().networks


@pytest.fixture(scope="module")
def judged(office):
    config = Config(observer="test-sensor")
    with FlowSpool() as spool:
        anomalies = judge(config, Reading(config, [str(office)]), spool).anomalies
        yield anomalies, list(spool.batches()), origin_of(config)


def belongs(flows, anomaly):
    """Tell which whole flows of the source were alive in the window."""
    return (
        (format_addresses(flows["orig_hi"], flows["orig_lo"]) == anomaly.source)
        & (flows["first_ns"] < anomaly.window_end_ns)
        & (flows["last_ns"] >= anomaly.window_start_ns)
    )


def sent_in(slices, anomaly):
    """Tell which slices of the source count in the window."""
    times = slices["last_ns"]
    own = format_addresses(slices["orig_hi"], slices["orig_lo"]) == anomaly.source
    return own & (times >= anomaly.window_start_ns) & (times < anomaly.window_end_ns)


def test_evidence_sums_up_the_sources_flows(judged, scanner):
    """Count, peers and ports are of what the source sent in the window; ids are those of the whole flows."""
    anomalies, batches, origin = judged
    found = gather(anomalies, batches, origin, INSIDE)
    records = FlowBatch.concat(batches)
    slices, whole = records.slices(), records.whole()
    for anomaly in found:
        own = slices.select(sent_in(slices, anomaly))
        peers = set(format_addresses(own["resp_hi"], own["resp_lo"]))
        assert anomaly.evidence.flow_count == len(own)
        assert anomaly.evidence.peer_count == len(peers)
        assert set(anomaly.evidence.peers) <= peers
        assert len(anomaly.evidence.peers) == min(SAMPLE, len(peers))
        assert set(anomaly.evidence.flow_ids) <= set(flow_ids(whole.select(belongs(whole, anomaly)), origin))
    assert scanner in {anomaly.source for anomaly in found}


def test_an_anomaly_without_a_behaviour_has_the_direction_of_most_of_its_flows(judged, scanner):
    """A scan of the office goes inside; where as many flows go another way, no direction is told."""
    anomalies, batches, origin = judged
    scan = replace(next(one for one in anomalies if one.source == scanner), findings=())
    (found,) = gather([scan], batches, origin, INSIDE)
    assert found.evidence.direction == "internal"
    (elsewhere,) = gather([scan], batches, origin, Networks.parse([f"{scanner}/32"]))
    assert elsewhere.evidence.direction == "outbound"
    flows = FlowBatch.concat(batches).slices()
    mixed = flows.select(sent_in(flows, scan))
    half = Networks.parse([f"{scanner}/32", f"{format_addresses(mixed['resp_hi'], mixed['resp_lo'])[0]}/32"])
    lately = mixed.select(np.arange(2) * (len(mixed) - 1))
    assert {one.evidence.direction for one in gather([scan], [lately], origin, half)} == {""}


def test_an_anomaly_has_the_direction_of_its_strongest_behaviour(judged, scanner):
    """Where the peers of the finding are, whatever else the source did in the window."""
    anomalies, batches, origin = judged
    scan = next(one for one in anomalies if one.source == scanner)
    finding = scan.findings[0]
    for peers, inside, direction in (
        (("198.51.100.7",), INSIDE, "outbound"),
        (("10.9.9.9", "10.9.9.8", "198.51.100.7"), INSIDE, "internal"),
        (("10.9.9.9", "198.51.100.7"), INSIDE, "internal"),  # as many each way: the flows tell
        (("10.9.9.9",), Networks.parse(["10.9.0.0/16"]), "inbound"),
        (("198.51.100.7",), Networks.parse(["10.9.0.0/16"]), "external"),
    ):
        told = replace(finding, traces=replace(finding.traces, peers=peers))
        (found,) = gather([replace(scan, findings=(told,))], batches, origin, inside)
        assert found.evidence.direction == direction


def test_evidence_does_not_depend_on_the_batches(judged):
    """However the flows are cut into batches, the evidence is the same."""
    anomalies, batches, origin = judged
    whole = FlowBatch.concat(batches)
    pieces = [whole.select(np.arange(start, min(start + 97, len(whole)))) for start in range(0, len(whole), 97)]
    assert gather(anomalies, pieces, origin, INSIDE) == gather(anomalies, [whole], origin, INSIDE)


def test_flows_behind_are_each_given_once(judged):
    """A flow that lies in two flagged windows of its source is shipped once."""
    anomalies, batches, _ = judged
    first = anomalies[0]
    twice = [first, replace(first, window_start_ns=first.window_start_ns - 10**9)]
    records = FlowBatch.concat(batches)
    whole = records.whole()
    behind = list(flows_behind(twice, [records]))
    assert sum(map(len, behind)) == int((belongs(whole, first) | belongs(whole, twice[1])).sum())


def test_without_anomalies_there_is_nothing(judged):
    """No anomaly, no evidence, no flows."""
    _, batches, origin = judged
    assert gather([], batches, origin, INSIDE) == []
    assert list(flows_behind([], batches)) == []


def test_flows_of_logs_without_some_columns_have_evidence_too(judged):
    """The largest are told by frames, payload or packets where IP bytes are unknown, and by time where all is."""
    anomalies, batches, origin = judged
    whole = FlowBatch.concat(batches)
    sizes = ("ip_bytes", "payload_bytes", "packets")
    known = gather(anomalies, [whole], origin, INSIDE)
    for count in range(1, len(sizes) + 1):
        absent = {f"{end}_{name}" for end in ("orig", "resp") for name in sizes[:count]}
        poorer = FlowBatch({name: column for name, column in whole.columns.items() if name not in absent}, whole.inputs)
        found = gather(anomalies, [poorer], origin, INSIDE)
        assert [one.evidence.flow_count for one in found] == [one.evidence.flow_count for one in known]
        assert all(one.evidence.flow_ids for one in found)
    framed = FlowBatch({**poorer.columns, "orig_frame_bytes": whole["orig_ip_bytes"],
                        "resp_frame_bytes": whole["resp_ip_bytes"]})  # fmt: skip
    assert [one.evidence.flow_ids for one in gather(anomalies, [framed], origin, INSIDE)] == [
        one.evidence.flow_ids for one in known
    ]
