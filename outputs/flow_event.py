"""Flows as ECS events, field by field as Elastic's own Zeek and Packetbeat integrations fill them."""

import contextlib
import gc
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netad.core.addresses import Networks, format_addresses
from netad.core.identity import content_id
from netad.core.timing import iso
from netad.ingest.community_id import ICMP, ICMP6, SCTP, TCP, UDP, canonical_columns, community_ids, icmp_counterpart
from netad.ingest.flows import CONN_STATES, TUNNELS, FlowBatch
from netad.outputs.base import Event
from netad.outputs.origin import Origin, envelope, storable

DATASET = "netad.flow"

# IANA's keywords of IP protocols, lower-case, as ECS wants them; a protocol that is not here has its number only.
TRANSPORTS = {ICMP: "icmp", 2: "igmp", 4: "ipv4", TCP: "tcp", UDP: "udp", 33: "dccp", 41: "ipv6", 46: "rsvp", 47: "gre",
              50: "esp", 51: "ah", ICMP6: "ipv6-icmp", 88: "eigrp", 89: "ospfigp", 94: "ipip", 103: "pim", 112: "vrrp",
              115: "l2tp", SCTP: "sctp", 136: "udplite", 137: "mpls-in-ip"}  # fmt: skip
_WITH_PORTS = (TCP, UDP, SCTP)

# conn_state to event.type, as the pipeline of Elastic's Zeek integration has it; every other state is `info`.
_TYPES = {
    "SF": ("connection", "start", "end"),
    "S0": ("connection", "start"),
    "S1": ("connection", "start"),
    "REJ": ("connection", "start", "denied"),
}
_LISTED = ("first_ns", "last_ns", "orig_port", "resp_port", "protocol", "tunnel", "vlan", "conn_state", "history",
           "input", "orig_packets", "orig_ip_bytes", "resp_packets", "resp_ip_bytes", "service", "orig_frame_bytes",
           "resp_frame_bytes")  # fmt: skip
# Events that are built before the first of them is given out.
_TOGETHER = 1000
_SUMS = (("bytes", "orig_ip_bytes", "resp_ip_bytes"), ("packets", "orig_packets", "resp_packets"))


def flow_ids(batch: FlowBatch, origin: Origin) -> list[str]:
    """Return the content id of every record, shape (n,), the same whichever end of the flow was seen first.

    The slices of a flow have the id of its event, as long as no packet turns up that is older than the slice knew.
    """
    vlan = batch["vlan"] if "vlan" in batch else np.zeros(len(batch), dtype=np.int64)
    columns = [column.tolist() for column in (*canonical_columns(batch), batch.opened_ns, vlan)]
    return [
        content_id(first, "flow", origin.observer, origin.namespace, *ends, first, vlan)
        for *ends, first, vlan in zip(*columns, strict=True)
    ]


def flow_events(batch: FlowBatch, origin: Origin, created: str, inside: Networks) -> Iterator[Event]:
    """Yield an ECS 9.4 event for every whole flow of the batch, in order, all plain Python values, none of them null.

    `created` (ISO 8601) becomes `event.created`; `inside` decides `network.direction`; `event.ingested` is stamped by
    the outputs.
    """
    flows = batch.whole()
    columns: dict[str, list[Any]] = {name: flows[name].tolist() for name in _LISTED if name in flows}
    columns["id"] = flow_ids(flows, origin)
    columns["community_id"] = community_ids(flows).tolist()
    columns["orig"] = format_addresses(flows["orig_hi"], flows["orig_lo"]).tolist()
    columns["resp"] = format_addresses(flows["resp_hi"], flows["resp_lo"]).tolist()
    columns["direction"] = flow_directions(flows, inside)
    if "input" in columns:
        paths = [storable(path) for path in flows.inputs]
        columns["path"] = [paths[index] if 0 <= index < len(paths) else "" for index in columns.pop("input")]
    names = tuple(columns)
    rows = (dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True))
    while some := list(islice(rows, _TOGETHER)):
        with _collector_paused():
            events = [_event(row, origin, created) for row in some]
        yield from events


def flow_directions(flows: FlowBatch, inside: Networks) -> list[str]:
    """Return `network.direction` of every record, shape (n,): which of its ends are inside."""
    return directions(
        inside.contains(flows["orig_hi"], flows["orig_lo"]), inside.contains(flows["resp_hi"], flows["resp_lo"])
    )


def directions(originator: NDArray[np.bool_], responder: NDArray[np.bool_]) -> list[str]:
    """Return `network.direction` by whether originators and responders are inside, all of shape (n,)."""
    ends = [originator & responder, originator, responder]
    named: list[str] = np.select(ends, ["internal", "outbound", "inbound"], "external").tolist()
    return named


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep Python from looking for cycles among new documents, which have none: a third of the time would go there."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _event(flow: dict[str, Any], origin: Origin, created: str) -> Event:
    first, last = flow["first_ns"], flow["last_ns"]
    state = CONN_STATES[flow["conn_state"]] if "conn_state" in flow else ""
    document = envelope(
        DATASET,
        origin,
        first,
        {
            "kind": "event",
            "category": ["network"],
            "type": list(_TYPES.get(state, ("connection", "info"))),
            "action": "network_flow",
            "id": flow["id"],
            "start": iso(first),
            "end": iso(last),
            "duration": max(last - first, 0),
            "created": created,
        },
    )
    document["source"] = _endpoint(flow, "orig")
    document["destination"] = _endpoint(flow, "resp")
    document["network"] = _network(flow)
    document["related"] = {"ip": list(dict.fromkeys((flow["orig"], flow["resp"])))}
    if flow.get("path", "-") not in ("", "-"):
        document["log"] = {"file": {"path": flow["path"]}}
    document["netad"] = {"run": {"id": origin.run_id}, "flow": _details(flow, state)}
    return document


def _endpoint(flow: dict[str, Any], who: str) -> dict[str, Any]:
    fields = {"ip": flow[who], "address": flow[who]}
    if flow["protocol"] in _WITH_PORTS:
        fields["port"] = flow[f"{who}_port"]
    for name, column in (("bytes", f"{who}_ip_bytes"), ("packets", f"{who}_packets")):
        if column in flow:
            fields[name] = flow[column]
    return fields


def _network(flow: dict[str, Any]) -> dict[str, Any]:
    protocol = flow["protocol"]
    fields = {
        "type": "ipv6" if ":" in flow["orig"] else "ipv4",
        "iana_number": str(protocol),
        "direction": flow["direction"],
        "community_id": flow["community_id"],
    }
    if protocol in TRANSPORTS:
        fields["transport"] = TRANSPORTS[protocol]
    for name, there, back in _SUMS:
        if there in flow and back in flow:
            fields[name] = flow[there] + flow[back]
    if flow.get("service"):
        fields["protocol"] = storable(flow["service"].lower())
    if flow.get("vlan"):
        fields["vlan"] = {"id": str(flow["vlan"])}
    return fields


def _details(flow: dict[str, Any], state: str) -> dict[str, Any]:
    """Return `netad.flow`. The type that answers an ICMP request follows from its type, so only codes are told.

    Bytes of link-layer frames, which some logs count, are no IP bytes and have fields of their own.
    """
    fields: dict[str, Any] = {"final": True}
    if state:
        fields["state"] = state
    if flow.get("history"):
        fields["history"] = flow["history"].decode("ascii", "replace")
    if flow.get("tunnel"):
        fields["tunnel"] = TUNNELS[flow["tunnel"]]
    for name, column in (("source", "orig_frame_bytes"), ("destination", "resp_frame_bytes")):
        if column in flow:
            fields[name] = {"frame_bytes": flow[column]}
    if flow["protocol"] in (ICMP, ICMP6):
        fields["icmp"] = {"type": flow["orig_port"]}
        if icmp_counterpart(flow["protocol"], flow["orig_port"]) is None:
            fields["icmp"]["code"] = flow["resp_port"]
    return fields
