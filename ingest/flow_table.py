"""The flow table: packets in, finished bidirectional flow records out, memory bounded by the flows that are active.

A reference in plain Python: what it says is what any faster engine has to say, packet by packet.

Records never depend on when the table is swept: a packet first meets the deadlines that its time has passed, then its
flow. Their order is that of the sweeps, and the same for the same packets.
"""

import heapq
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final

from netad.core.timing import SECOND_NS
from netad.ingest.conn_state import FlowState, SilentState, Timeouts, UdpState
from netad.ingest.decode import ICMP, ICMP6, TCP, UDP, Address, Packet
from netad.ingest.flows import CONN_STATES, SLICE, WHOLE
from netad.ingest.fragments import FragmentPorts
from netad.ingest.icmp_ports import is_one_way
from netad.ingest.packet_clock import PacketClock
from netad.ingest.server_ports import DNS_PORTS, comes_from_responder
from netad.ingest.tcp_state import TcpState
from netad.ingest.traffic import Traffic

FlowRecord = dict[str, Any]
_End = tuple[Address, int]
_Key = tuple[int, _End, _End]

# Sets keys of one direction apart from those of both; protocol numbers end at 255.
_ONE_WAY: Final = 256
DEFAULT_LATENESS_NS: Final = 600 * SECOND_NS
_STATE_CODES: Final = {name: code for code, name in enumerate(CONN_STATES)}


class _Part:
    """The packets of a flow in one window, or of all windows together."""

    __slots__ = ("first_ns", "last_ns", "originator", "responder", "window")

    def __init__(self, window: int, originator: Traffic, responder: Traffic) -> None:
        self.window = window
        self.originator, self.responder = originator, responder
        self.first_ns = self.last_ns = 0

    def add(self, packet: Packet, from_originator: bool) -> None:
        time_ns = packet.time_ns
        if not self.originator.packets and not self.responder.packets:
            self.first_ns = self.last_ns = time_ns
        elif time_ns > self.last_ns:
            self.last_ns = time_ns
        elif time_ns < self.first_ns:
            self.first_ns = time_ns
        (self.originator if from_originator else self.responder).add(packet)

    def join(self, later: "_Part") -> None:
        self.first_ns, self.last_ns = min(self.first_ns, later.first_ns), max(self.last_ns, later.last_ns)
        self.originator.join(later.originator)
        self.responder.join(later.responder)

    def following(self, window: int) -> "_Part":
        """Return the empty part that comes after this one."""
        return _Part(window, Traffic(self.originator.last_ns), Traffic(self.responder.last_ns))

    def swap(self) -> None:
        self.originator, self.responder = self.responder, self.originator


class _Flow:
    """One active flow: `open` is the part of the window it is in, `past` the joined parts that became slices."""

    __slots__ = ("active_ns", "input", "key", "open", "originator", "past", "protocol", "responder", "state", "tunnel",
                 "vlan", "wake")  # fmt: skip

    def __init__(self, key: _Key, packet: Packet, timeouts: Timeouts, input_index: int) -> None:
        self.key = key
        self.protocol, self.vlan, self.input = packet.protocol, packet.vlan, input_index
        self.tunnel = packet.tunnel
        self.originator: _End = (packet.src, packet.src_port)
        self.responder: _End = (packet.dst, packet.dst_port)
        self.active_ns = 0
        self.wake: int | None = None
        self.open: _Part | None = None
        self.past: _Part | None = None
        flipped = comes_from_responder(packet)
        if flipped:
            self.originator, self.responder = self.responder, self.originator
        self.state = _new_state(packet.protocol, self.responder[1], timeouts)
        if flipped:
            self.state.history.add("^", from_originator=True)

    def add(self, packet: Packet, window: int, now_ns: int) -> None:
        """Count a packet in the open part."""
        if self.open is None:
            self.open = self.past.following(window) if self.past else _Part(window, Traffic(), Traffic())
        self.active_ns = now_ns
        from_originator = self.originator == (packet.src, packet.src_port)
        if self.state.update(packet, from_originator, now_ns):
            from_originator = not from_originator
            self.originator, self.responder = self.responder, self.originator
            self.open.swap()
            if self.past:
                self.past.swap()
        self.open.add(packet, from_originator)

    def cut(self) -> FlowRecord | None:
        """Close the open part and return its record, a SLICE."""
        part, self.open = self.open, None
        if part is None:
            return None
        record = self._record(part, SLICE)
        if self.past is None:
            self.past = part
        else:
            self.past.join(part)
        return record

    def end(self) -> list[FlowRecord]:
        """Return the last records: one WHOLE and SLICE, or the last SLICE and the WHOLE."""
        if self.past is None:
            return [self._record(self.open, WHOLE | SLICE)] if self.open else []
        last = self.cut()
        return [*([last] if last else []), self._record(self.past, WHOLE)]

    def _record(self, part: _Part, which: int) -> FlowRecord:
        (orig, orig_port), (resp, resp_port) = self.originator, self.responder
        return {
            "first_ns": part.first_ns,
            "opened_ns": min(part.first_ns, self.past.first_ns) if self.past else part.first_ns,
            "last_ns": part.last_ns,
            "orig_hi": orig[0],
            "orig_lo": orig[1],
            "resp_hi": resp[0],
            "resp_lo": resp[1],
            "orig_port": orig_port,
            "resp_port": resp_port,
            "protocol": self.protocol,
            "tunnel": self.tunnel,
            "vlan": self.vlan,
            **part.originator.columns("orig"),
            **part.responder.columns("resp"),
            "conn_state": _STATE_CODES[self.state.conn_state()],
            "history": str(self.state.history).encode(),
            "input": self.input,
            "part": which,
        }


class FlowTable:
    """Active flows, looked up by their two ends.

    With `window_ns` a flow is cut at the edges of windows aligned to the epoch (netad.ingest.flows: WHOLE, SLICE). A
    slice is out when a packet of its flow falls into another window, or when the clock has passed its window's end by
    `lateness_ns`; a packet that comes later makes a further slice. Above `max_flows` the flow that was silent the
    longest is ended early and counted in `evicted`.
    """

    def __init__(
        self,
        window_ns: int | None = None,
        timeouts: Timeouts | None = None,
        max_flows: int = 1_000_000,
        lateness_ns: int = DEFAULT_LATENESS_NS,
    ) -> None:
        self.evicted = 0
        self._window_ns = window_ns
        self._timeouts = timeouts or Timeouts()
        self._max_flows = max(max_flows, 1)
        self._lateness_ns = lateness_ns
        self._clock = PacketClock()
        self._fragments = FragmentPorts()
        self._flows: OrderedDict[_Key, _Flow] = OrderedDict()  # least recently active first
        # Flows by the second in which to look at them next, and those seconds as a heap.
        self._agenda: dict[int, dict[_Key, _Flow]] = {}
        self._seconds: list[int] = []

    def begin_input(self) -> None:
        """Take the packets that come from now on for those of another input."""
        self._clock.begin_input()

    def __len__(self) -> int:
        """Return the number of active flows."""
        return len(self._flows)

    def add(self, packet: Packet, input_index: int) -> Iterator[FlowRecord]:
        """Take a packet of the input `input_index`; yield the records of what its time ended, and of what it ended.

        Each record has every column of FLOW_COLUMNS. The packet is taken once the iterator is read to its end.
        """
        if self._clock.advance(packet.time_ns):
            yield from self.finish()
            self._agenda.clear()
            self._seconds.clear()
        now_ns = self._clock.now_ns or 0
        if self._seconds and self._seconds[0] * SECOND_NS <= now_ns:
            yield from self._sweep(now_ns)
        packet = self._fragments.resolve(packet, now_ns)
        key = _key(packet)
        flow = self._flows.get(key)
        if flow is not None and (flow.state.deadline_ns(flow.active_ns) <= now_ns or flow.state.restarts(packet)):
            yield from self._end(flow)
            flow = None
        if flow is None:
            if len(self._flows) >= self._max_flows:
                self.evicted += 1
                yield from self._end_oldest()
            flow = self._flows[key] = _Flow(key, packet, self._timeouts, input_index)
        else:
            self._flows.move_to_end(key)
        window = packet.time_ns // self._window_ns if self._window_ns else 0
        if flow.open is not None and (flow.open.window != window or self._is_over(flow.open, now_ns)):
            yield from _some(flow.cut())
        flow.add(packet, window, now_ns)
        self._plan(flow)

    def finish(self) -> Iterator[FlowRecord]:
        """End every flow, the one silent for longest first, and yield its records."""
        while self._flows:
            yield from self._end_oldest()

    def _is_over(self, part: _Part, now_ns: int) -> bool:
        return self._window_ns is not None and self._slice_end_ns(part) <= now_ns

    def _slice_end_ns(self, part: _Part) -> int:
        return (part.window + 1) * (self._window_ns or 0) + self._lateness_ns

    def _sweep(self, now_ns: int) -> Iterator[FlowRecord]:
        """End the flows and cut the slices whose time is over, second by second."""
        while self._seconds and self._seconds[0] * SECOND_NS <= now_ns:
            due = self._agenda.pop(heapq.heappop(self._seconds))
            for flow in due.values():
                flow.wake = None  # it is off the agenda
                if flow.state.deadline_ns(flow.active_ns) <= now_ns:
                    yield from self._end(flow)
                    continue
                if flow.open is not None and self._is_over(flow.open, now_ns):
                    yield from _some(flow.cut())
                self._plan(flow)

    def _plan(self, flow: _Flow) -> None:
        """Put a flow on the agenda for its next deadline, unless it is on for an earlier second."""
        wake_ns = flow.state.deadline_ns(flow.active_ns)
        if self._window_ns is not None and flow.open is not None:
            wake_ns = min(wake_ns, self._slice_end_ns(flow.open))
        second = -(-wake_ns // SECOND_NS)
        if flow.wake is not None and flow.wake <= second:
            return
        self._forget(flow)
        flow.wake = second
        if second not in self._agenda:
            self._agenda[second] = {}
            heapq.heappush(self._seconds, second)
        self._agenda[second][flow.key] = flow

    def _forget(self, flow: _Flow) -> None:
        if flow.wake is not None:
            self._agenda[flow.wake].pop(flow.key, None)

    def _end(self, flow: _Flow) -> list[FlowRecord]:
        self._forget(flow)
        del self._flows[flow.key]
        return flow.end()

    def _end_oldest(self) -> list[FlowRecord]:
        return self._end(next(iter(self._flows.values())))


def _key(packet: Packet) -> _Key:
    """Return what both directions of a flow share: protocol and the two ends, in order; ICMP without answers as is."""
    one, other = (packet.src, packet.src_port), (packet.dst, packet.dst_port)
    if is_one_way(packet.protocol, packet.src_port):
        return packet.protocol | _ONE_WAY, one, other
    return (packet.protocol, one, other) if one <= other else (packet.protocol, other, one)


def _new_state(protocol: int, responder_port: int, timeouts: Timeouts) -> FlowState:
    if protocol == TCP:
        return TcpState(timeouts)
    if protocol == UDP:
        return UdpState(timeouts.dns_inactivity_ns if responder_port in DNS_PORTS else timeouts.udp_inactivity_ns)
    return SilentState(timeouts.icmp_inactivity_ns if protocol in (ICMP, ICMP6) else timeouts.other_inactivity_ns)


def _some(record: FlowRecord | None) -> list[FlowRecord]:
    return [] if record is None else [record]
