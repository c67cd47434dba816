"""What a stored anomaly says about its packets: source and window, and the flows that it names as evidence."""

from netad.core.addresses import parse_address
from netad.core.errors import ConfigError
from netad.core.identity import start_of
from netad.core.timing import parse_time
from netad.extract.wanted import Flows, Tuple5, tuple5
from netad.ingest.community_id import icmp_counterpart
from netad.outputs.base import Event
from netad.outputs.stored import StoredEvents

_MILLISECOND_NS = 1_000_000


def find_anomaly(stored: StoredEvents, identity: str) -> Event:
    """Return the stored anomaly with this `event.id`.

    Raises:
        ConfigError: the store has none.
        OutputError: it cannot be read.
    """
    event = stored.find(identity)
    if event is None:
        raise ConfigError(f"{stored.where} holds no anomaly with the id {identity}: name the store with --store")
    return event


def window_of(event: Event) -> tuple[int, int]:
    """Return from when to when an anomaly's window lasts, ns since the epoch."""
    return parse_time(event["event"]["start"]), parse_time(event["event"]["end"])


def flows_of(event: Event, stored: StoredEvents) -> tuple[Flows, int]:
    """Return the flows that an anomaly names as evidence, as far as the store holds them, and how many it does not.

    Raises:
        ConfigError: the anomaly names none, or the store holds none of them.
        OutputError: the store cannot be read.
    """
    wanted = set(event["netad"]["anomaly"].get("sample_flow_ids", ()))
    starts = [start for start in map(start_of, wanted) if start is not None]
    if not starts:
        raise ConfigError("the anomaly names no flow as evidence: leave --flows-only out")
    times: dict[Tuple5, list[tuple[int, int]]] = {}
    held = 0
    for flow in stored.events("flow", min(starts), max(starts) + _MILLISECOND_NS):
        if flow["event"]["id"] in wanted:
            held += 1
            key = _key(flow)
            times.setdefault(key, []).append(window_of(flow))
    if not held:
        raise ConfigError(
            f"{stored.where} holds none of the flows behind the anomaly: leave --flows-only out, and see that "
            "'--flows anomalous' goes to the same store the next time"
        )
    return Flows(times), len(wanted) - held


def _key(flow: Event) -> Tuple5:
    protocol = int(flow["network"]["iana_number"])
    (src, src_port), (dst, dst_port) = (
        (_number(flow[end]["ip"]), flow[end].get("port", 0)) for end in ("source", "destination")
    )
    icmp = flow["netad"]["flow"].get("icmp")
    if icmp is not None:
        counterpart = icmp_counterpart(protocol, icmp["type"])
        src_port, dst_port = icmp["type"], icmp.get("code", 0) if counterpart is None else counterpart
    return tuple5(src, src_port, dst, dst_port, protocol)


def _number(address: str) -> int:
    high, low = parse_address(address)
    return high << 64 | low
