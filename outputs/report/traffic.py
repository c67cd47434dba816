"""The flows behind the anomalies of one source: the telling ones as rows, all of them summed up, in bounded memory."""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop

from netad.core.timing import parse_time
from netad.outputs.base import Event
from netad.outputs.report.charts import Span

MOST_ROWS = 200
MOST_PEERS = 5_000
MOST_PORTS = 5
MOST_TIMES = 1_000
BINS = 60
# States of a flow that its responder did not accept, or did not answer.
FAILED = frozenset(("S0", "REJ", "RSTOS0", "RSTRH", "SH", "SHR"))


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A flow as its suspicious end sees it; `bytes_out` and `bytes_in` are None where the input does not tell them."""

    identity: str
    start: str
    start_ns: int
    end_ns: int
    outbound: bool
    own_port: int | None
    peer: str
    peer_port: int | None
    protocol: str
    state: str
    bytes_out: int | None
    bytes_in: int | None
    path: str

    @property
    def bytes(self) -> int:
        """All its bytes that are known."""
        return (self.bytes_out or 0) + (self.bytes_in or 0)


@dataclass(slots=True)
class Peer:
    """All that was exchanged with one address."""

    address: str
    flows: int = 0
    failed: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    ports: list[int] = field(default_factory=list)


def flow_row(event: Event, source: str) -> FlowRow:
    """Return a flow event as `source`, one of its ends, sees it."""
    outbound = event["source"]["ip"] == source
    own, peer = (event["source"], event["destination"]) if outbound else (event["destination"], event["source"])
    network = event["network"]
    service = network.get("protocol")
    transport = network.get("transport", network.get("iana_number", ""))
    return FlowRow(
        identity=event["event"]["id"],
        start=event["event"]["start"],
        start_ns=parse_time(event["event"]["start"]),
        end_ns=parse_time(event["event"]["end"]),
        outbound=outbound,
        own_port=own.get("port"),
        peer=peer["ip"],
        peer_port=peer.get("port"),
        protocol=f"{transport} {service}" if service else transport,
        state=event["netad"]["flow"].get("state", ""),
        bytes_out=own.get("bytes"),
        bytes_in=peer.get("bytes"),
        path=event.get("log", {}).get("file", {}).get("path", ""),
    )


class FlowsBehind:
    """Takes the flows of a source that lie in its anomalous windows, each a stretch [start, end) in ns.

    Of the rows, those named as telling and the largest stay. `worst` is the window whose traffic is drawn finely,
    `callees` are the (address, port) whose contacts are told one by one.
    """

    def __init__(
        self,
        source: str,
        windows: Sequence[tuple[int, int]],
        worst: tuple[int, int],
        telling: Collection[str],
        callees: Collection[tuple[str, int]],
    ) -> None:
        self._source = source
        self._windows = sorted(windows)
        self._starts = [start for start, _ in self._windows]
        self._worst = worst
        self._telling = frozenset(telling)
        self._contacts: dict[tuple[str, int], list[int]] = {callee: [] for callee in callees}
        self._rows: list[tuple[bool, int, str, int, FlowRow]] = []
        self._peers: dict[str, Peer] = {}
        self._bins = [[0.0, 0.0] for _ in range(BINS)]
        self.count = 0
        self.paths: dict[str, None] = {}

    def add(self, event: Event) -> None:
        """Take a flow of which the source is one end, if it lies in one of the windows."""
        flow = flow_row(event, self._source)
        if not self._inside(flow):
            return
        self.count += 1
        ranked = (flow.identity in self._telling, flow.bytes, flow.identity, self.count, flow)  # flows have no order
        if len(self._rows) < MOST_ROWS:
            heappush(self._rows, ranked)
        else:
            heappushpop(self._rows, ranked)
        if flow.path and len(self.paths) < MOST_PORTS:
            self.paths[flow.path] = None
        self._count_peer(flow)
        self._spread(flow)
        times = self._contacts.get((flow.peer, flow.peer_port or 0))
        if times is not None and flow.outbound and len(times) < MOST_TIMES:
            times.append(flow.start_ns)

    def rows(self, most: int) -> list[FlowRow]:
        """Return the telling and the largest flows in order of time, `most` of them."""
        best = sorted(self._rows, key=lambda one: one[:4], reverse=True)[:most]
        return sorted((flow for *_, flow in best), key=lambda flow: (flow.start_ns, flow.identity))

    def peers(self, most: int) -> list[Peer]:
        """Return the addresses that exchanged most bytes, then most flows, with the source."""
        order = sorted(self._peers.values(), key=lambda one: (-one.bytes_out - one.bytes_in, -one.flows, one.address))
        return order[:most]

    @property
    def peer_count(self) -> int:
        """How many addresses there are, as far as they were told apart."""
        return len(self._peers)

    def traffic(self) -> list[Span]:
        """Return the bytes of the worst window in `BINS` equal parts, none where there were no bytes at all."""
        if not any(map(any, self._bins)):
            return []
        start, end = self._worst
        edges = [start + (end - start) * number // BINS for number in range(BINS + 1)]
        return [Span(edges[number], edges[number + 1], bytes_out=round(out), bytes_in=round(received))
                for number, (out, received) in enumerate(self._bins)]  # fmt: skip

    def contacts(self, address: str, port: int) -> list[int]:
        """Return when the source began flows to this address and port, of those that were asked for."""
        return self._contacts.get((address, port), [])

    def _inside(self, flow: FlowRow) -> bool:
        # Windows of one model do not overlap, so the last that starts before the flow ends is the only one to ask,
        # but for a flow that goes on past a window's end.
        place = bisect_left(self._starts, max(flow.end_ns, flow.start_ns) + 1) - 1
        return place >= 0 and self._windows[place][1] > flow.start_ns

    def _count_peer(self, flow: FlowRow) -> None:
        if flow.peer not in self._peers:
            if len(self._peers) >= MOST_PEERS:
                return
            self._peers[flow.peer] = Peer(flow.peer)
        peer = self._peers[flow.peer]
        peer.flows += 1
        peer.failed += flow.state in FAILED
        peer.bytes_out += flow.bytes_out or 0
        peer.bytes_in += flow.bytes_in or 0
        port = flow.peer_port if flow.outbound else flow.own_port
        if port is not None and port not in peer.ports and len(peer.ports) <= MOST_PORTS:
            peer.ports.append(port)

    def _spread(self, flow: FlowRow) -> None:
        """Share a flow's bytes out evenly over the bins it lies in."""
        start, end = self._worst
        if flow.start_ns >= end or flow.end_ns < start or end <= start:
            return
        first = max(flow.start_ns - start, 0) * BINS // (end - start)
        last = min(max(flow.end_ns - start, 0) * BINS // (end - start), BINS - 1)
        # What lies outside the window stays outside: only its share of the flow is counted.
        lasting = max(flow.end_ns - flow.start_ns, 1)
        within = (min(flow.end_ns, end) - max(flow.start_ns, start)) / lasting if lasting > 1 else 1.0
        parts = max(last - first + 1, 1)
        for number in range(first, first + parts):
            self._bins[number][0] += (flow.bytes_out or 0) * within / parts
            self._bins[number][1] += (flow.bytes_in or 0) * within / parts
