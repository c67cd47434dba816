"""Plans synthetic traffic: which flows there are and every packet of each, as columns in order of time."""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from benchmarks.ingest.specs import Kind, TrafficSpec

Column: TypeAlias = npt.NDArray[np.int64]
SmallColumn: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

_CLIENTS: Final = 2_000
_SERVERS: Final = 20_000
_SCANNED: Final = 60_000
_CLIENT_NETWORK: Final = (10 << 24) + (20 << 16) + 256
_SERVER_NETWORK: Final = 93 << 24
_HANDSHAKE: Final = 3
_TEARDOWN: Final = 3
_MSS: Final = 1460
_MSS_IPV6: Final = 1440
CLIENT_HELLO_BYTES: Final = 517
HTTP_REQUEST_BYTES: Final = 380


_DATA_OVER_TCP: Final = (Kind.TLS, Kind.HTTP, Kind.TCP)
_PAIRS: Final = (Kind.DNS, Kind.NTP, Kind.ICMP, Kind.SCAN, Kind.ARP, Kind.FLOOD)
_PORTS: Final = {Kind.DNS: 53, Kind.TLS: 443, Kind.HTTP: 80, Kind.QUIC: 443, Kind.NTP: 123, Kind.FLOOD: 80}
_OTHER_TCP_PORTS: Final = (22, 25, 445, 3389, 8080, 5432)


class Flows(NamedTuple):
    """One row per flow. Addresses are 32 bits, the tail of the address where `ipv6`; `vlan` 0 means untagged."""

    kind: SmallColumn
    ipv6: Mask
    vlan: Column
    source: Column
    destination: Column
    source_port: Column
    destination_port: Column
    ttl: SmallColumn
    hops: SmallColumn


class Packets(NamedTuple):
    """One row per packet, in order of `time_us`. `backward` is true from server to client; `position` counts from 0."""

    time_us: Column
    flow: npt.NDArray[np.int32]
    position: npt.NDArray[np.int32]
    backward: Mask
    flags: SmallColumn
    payload: npt.NDArray[np.int32]
    sequence: npt.NDArray[np.uint32]
    acknowledged: npt.NDArray[np.uint32]


class _Layout(NamedTuple):
    """Where each packet is in its flow, before packets are put in order of time: flow by flow, first to last."""

    counts: Column
    first: Column
    flow: npt.NDArray[np.int32]
    position: npt.NDArray[np.int32]
    remaining: npt.NDArray[np.int32]
    kind: SmallColumn
    data_over_tcp: Mask


def plan(spec: TrafficSpec) -> tuple[Flows, Packets]:
    """Plan the traffic of `spec`: TCP with handshakes, teardowns and true sequence numbers, heavy-tailed flow sizes."""
    rng = np.random.default_rng(spec.seed)
    kinds = np.array([kind for kind, _ in spec.mix], dtype=np.uint8)
    weights = np.array([share for _, share in spec.mix])
    kind = rng.choice(kinds, size=spec.flows, p=weights / weights.sum()).astype(np.uint8)
    layout = _lay_out(kind, _packet_counts(rng, kind, spec.packets))
    flows = _flows(rng, kind)
    backward = _directions(rng, layout)
    flags = _flags(rng, layout)
    payload = _payloads(rng, layout, backward, flows.ipv6[layout.flow])
    flags[layout.data_over_tcp & (payload > 0) & (payload < _MSS_IPV6) & (layout.remaining >= _TEARDOWN)] |= PSH
    sequence, acknowledged = _sequence_numbers(rng, layout, backward, flags, payload)
    time_us = _times(rng, layout, spec)
    order = np.argsort(time_us, kind="stable")
    packets = Packets(
        time_us=time_us[order],
        flow=layout.flow[order],
        position=layout.position[order],
        backward=backward[order],
        flags=flags[order],
        payload=payload[order],
        sequence=sequence[order],
        acknowledged=acknowledged[order],
    )
    return flows, packets


def _packet_counts(rng: np.random.Generator, kind: SmallColumn, packets: int) -> Column:
    """Return the packets of each flow: fixed small numbers, and for what carries data a heavy tail of what is left."""
    counts = np.ones(kind.size, np.int64)
    counts[kind == Kind.DNS] = np.where(rng.random(np.count_nonzero(kind == Kind.DNS)) < 0.04, 1, 2)
    counts[np.isin(kind, (Kind.NTP, Kind.ARP))] = 2
    counts[kind == Kind.SCAN] = rng.integers(1, 3, np.count_nonzero(kind == Kind.SCAN))
    counts[kind == Kind.ICMP] = 2 * rng.integers(1, 8, np.count_nonzero(kind == Kind.ICMP))
    counts[kind == Kind.FLOOD] = np.where(rng.random(np.count_nonzero(kind == Kind.FLOOD)) < 0.8, 1, 2)
    heavy = np.isin(kind, (*_DATA_OVER_TCP, Kind.QUIC))
    count = int(np.count_nonzero(heavy))
    if not count:
        return counts
    least = np.where(kind[heavy] == Kind.QUIC, 2, _HANDSHAKE + _TEARDOWN + 1)
    weights = rng.lognormal(0, 1.3, count) + rng.pareto(1.25, count) * (rng.random(count) < 0.15)
    left = max(packets - int(counts[~heavy].sum()) - int(least.sum()), count)
    sizes = least + np.floor(weights / weights.sum() * left).astype(np.int64)
    counts[heavy] = np.minimum(sizes, max(packets // 20, 1000))
    return counts


def _lay_out(kind: SmallColumn, counts: Column) -> _Layout:
    flow = np.repeat(np.arange(kind.size, dtype=np.int32), counts)
    first = np.cumsum(counts) - counts
    position = (np.arange(flow.size) - first[flow]).astype(np.int32)
    remaining = (counts[flow] - 1 - position).astype(np.int32)
    of_packet = kind[flow]
    return _Layout(counts, first, flow, position, remaining, of_packet, np.isin(of_packet, _DATA_OVER_TCP))


def _flows(rng: np.random.Generator, kind: SmallColumn) -> Flows:
    """Choose end points: few busy clients and servers, many quiet ones; scanners; forged sources of a flood."""
    count = kind.size
    client = np.minimum((_CLIENTS * rng.random(count) ** 2.5).astype(np.int64), _CLIENTS - 1)
    server = np.minimum((_SERVERS * rng.random(count) ** 3).astype(np.int64), _SERVERS - 1)
    scan = kind == Kind.SCAN
    client[scan] = rng.integers(0, 5, np.count_nonzero(scan))
    server[scan] = _SERVERS + rng.integers(0, _SCANNED, np.count_nonzero(scan))
    source = _CLIENT_NETWORK + client
    destination = _SERVER_NETWORK + server * 257
    flood = kind == Kind.FLOOD
    source[flood] = rng.integers(11 << 24, 223 << 24, np.count_nonzero(flood))
    destination[flood] = _CLIENT_NETWORK
    by_kind = np.array([_PORTS.get(each, 0) for each in Kind], dtype=np.int64)
    destination_port = by_kind[kind]
    destination_port[kind == Kind.TCP] = rng.choice(_OTHER_TCP_PORTS, np.count_nonzero(kind == Kind.TCP))
    destination_port[scan] = rng.integers(1, 1024, np.count_nonzero(scan))
    return Flows(
        kind=kind,
        ipv6=(rng.random(count) < 0.12) & (kind != Kind.ARP) & ~flood,
        vlan=np.where((client % 7 == 0) & ~flood, 100 + client % 3, 0),
        source=source,
        destination=destination,
        source_port=rng.integers(1025, 65535, count),
        destination_port=destination_port,
        ttl=rng.choice(np.array([64, 128], np.uint8), count),
        hops=rng.integers(4, 20, count).astype(np.uint8),
    )


def _directions(rng: np.random.Generator, layout: _Layout) -> Mask:
    """Return which packets go from server to client."""
    share = rng.beta(4, 1.6, layout.counts.size)
    backward = rng.random(layout.flow.size) < share[layout.flow]
    position, remaining, tcp = layout.position, layout.remaining, layout.data_over_tcp
    start, end = tcp & (position <= _HANDSHAKE + 1), tcp & (remaining < _TEARDOWN)
    backward = np.where(start, (position == 1) | (position == _HANDSHAKE + 1), backward)
    backward = np.where(end, remaining == 1, backward)
    return np.where(np.isin(layout.kind, _PAIRS), position % 2 == 1, backward)


def _flags(rng: np.random.Generator, layout: _Layout) -> SmallColumn:
    """Return TCP flags: handshake, data, FIN both ways or (8 % of the flows) a reset at the end."""
    position, remaining, tcp = layout.position, layout.remaining, layout.data_over_tcp
    flags = np.zeros(layout.flow.size, np.uint8)
    flags[tcp] = ACK
    flags[tcp & (position == 0)] = SYN
    flags[tcp & (position == 1)] = SYN | ACK
    flags[tcp & ((remaining == 1) | (remaining == 2))] = FIN | ACK
    reset = rng.random(layout.counts.size) < 0.08
    flags[tcp & (remaining == 0) & reset[layout.flow]] = RST | ACK
    for kind, answer in ((Kind.SCAN, RST | ACK), (Kind.FLOOD, SYN | ACK)):
        flags[(layout.kind == kind) & (position == 0)] = SYN
        flags[(layout.kind == kind) & (position == 1)] = answer
    return flags


def _payloads(rng: np.random.Generator, layout: _Layout, backward: Mask, ipv6: Mask) -> npt.NDArray[np.int32]:
    """Return payload bytes: full segments, short ones, and many bare acknowledgements from clients."""
    size, kind, position = layout.flow.size, layout.kind, layout.position
    draw = rng.random(size)
    some = np.where(draw < 0.75, rng.integers(100, _MSS, size), rng.integers(20, 400, size))
    data = layout.data_over_tcp & (position >= _HANDSHAKE) & (layout.remaining >= _TEARDOWN)
    payload = np.where(data, np.where(draw < 0.62, _MSS, some), 0)
    bare = data & ~backward & (position > _HANDSHAKE) & (rng.random(size) < 0.9)
    payload[bare] = 0
    request = data & (position == _HANDSHAKE)
    payload[request] = np.where(kind[request] == Kind.HTTP, HTTP_REQUEST_BYTES, CLIENT_HELLO_BYTES)
    quic = kind == Kind.QUIC
    payload[quic] = np.where(position < 2, 1200, np.where(backward, 1250, np.where(draw < 0.85, 35, 800)))[quic]
    payload[kind == Kind.NTP] = 48
    payload[kind == Kind.ICMP] = 56
    dns = kind == Kind.DNS
    payload[dns] = np.where(backward, 36 + 16 * (1 + layout.flow % 5), 36)[dns]
    return np.where(ipv6, np.minimum(payload, _MSS_IPV6), payload).astype(np.int32)


def _times(rng: np.random.Generator, layout: _Layout, spec: TrafficSpec) -> Column:
    """Return packet times (us): flows start uniformly; gaps are exponential around a heavy-tailed pace per flow."""
    count, size = layout.counts.size, layout.flow.size
    pace = np.exp(rng.normal(-4.2, 1.6, count))[layout.flow]
    pace = np.where(layout.kind == Kind.ICMP, 1.0, np.where(layout.kind == Kind.DNS, 0.02, pace))
    gap = np.minimum(rng.exponential(1.0, size) * pace * (1 + 20 * (rng.random(size) < 0.01)), 110.0)
    gap[layout.position == 0] = 0
    elapsed = np.cumsum(gap)
    elapsed -= elapsed[layout.first][layout.flow]
    length = elapsed[layout.first + layout.counts - 1]
    scale = np.minimum(1.0, spec.duration_s * 0.9 / np.maximum(length, 1e-9))
    start = rng.random(count) * np.maximum(spec.duration_s - length * scale, 0)
    seconds = start[layout.flow] + elapsed * scale[layout.flow]
    # The position makes times strictly increasing within a flow.
    time_us: Column = (seconds * 1e6).astype(np.int64) + layout.position + spec.start_s * 1_000_000
    return time_us


def _sequence_numbers(
    rng: np.random.Generator, layout: _Layout, backward: Mask, flags: SmallColumn, payload: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Return sequence and acknowledgement numbers; SYN and FIN take one each."""
    consumed = payload + ((flags & (SYN | FIN)) != 0)
    initial = rng.integers(1, 1 << 31, (2, layout.counts.size))
    sent = []
    for direction in (False, True):
        own = np.where(backward == direction, consumed, 0).astype(np.int64)
        before = np.cumsum(own) - own
        sent.append(initial[int(direction)][layout.flow] + before - before[layout.first][layout.flow])
    sequence = np.where(backward, sent[1], sent[0])
    acknowledged = np.where(flags & ACK, np.where(backward, sent[0], sent[1]), 0)
    return (sequence & 0xFFFFFFFF).astype(np.uint32), (acknowledged & 0xFFFFFFFF).astype(np.uint32)
