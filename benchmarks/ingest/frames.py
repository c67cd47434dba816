"""Turns planned packets into capture records: Ethernet, VLAN, ARP, IPv4, IPv6, TCP, UDP, ICMP, with valid checksums."""

from collections.abc import Callable
from typing import Final, ParamSpec, TypeAlias, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from benchmarks.ingest.payloads import Payloads, Template
from benchmarks.ingest.specs import Kind
from benchmarks.ingest.traffic import SYN, Flows, Packets

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
Bytes: TypeAlias = npt.NDArray[np.uint8]
Number: TypeAlias = int | np.int64

RECORD_HEADER: Final = 16
MAX_FRAME: Final = 1600
_SCRATCH: Final = 2048
_MIN_FRAME: Final = 60
_ARP_BYTES: Final = 46

# numba takes globals as constants, but not members of an enumeration.
_TLS, _SCAN, _ICMP, _ARP, _FLOOD = (int(kind) for kind in (Kind.TLS, Kind.SCAN, Kind.ICMP, Kind.ARP, Kind.FLOOD))
_DNS_QUERY, _DNS_RESPONSE = int(Template.DNS_QUERY), int(Template.DNS_RESPONSE)
_TLS_SERVER, _TLS_RECORD = int(Template.TLS_SERVER), int(Template.TLS_RECORD)


def _jit(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    return cast("Callable[_Arguments, _Result]", numba.njit(cache=True)(function))


@_jit
def _put16(frame: Bytes, at: Number, value: Number) -> None:
    frame[at] = (value >> 8) & 255
    frame[at + 1] = value & 255


@_jit
def _put32(frame: Bytes, at: Number, value: Number) -> None:
    _put16(frame, at, (value >> 16) & 0xFFFF)
    _put16(frame, at + 2, value & 0xFFFF)


@_jit
def _put32_little(frame: Bytes, at: Number, value: Number) -> None:
    for index in range(4):
        frame[at + index] = (value >> (8 * index)) & 255


@_jit
def _checksum(frame: Bytes, at: Number, count: Number, start: Number) -> Number:
    """Return the Internet checksum (RFC 1071) of `count` bytes, added to the sum `start`."""
    total: Number = start
    for index in range(0, count - 1, 2):
        total += (np.int64(frame[at + index]) << 8) | np.int64(frame[at + index + 1])
    if count & 1:
        total += np.int64(frame[at + count - 1]) << 8
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


@_jit
def _sum(frame: Bytes, at: Number, count: Number, start: Number) -> Number:
    return 0xFFFF - _checksum(frame, at, count, start)


@_jit
def _ethernet(frame: Bytes, flows: Flows, flow: Number, backward: bool) -> int:
    """Write both addresses and the VLAN tag; return where the EtherType belongs."""
    frame[:12] = 2
    client = flows.source[flow] & 0xFFFF
    _put16(frame, 4 if backward else 10, client)
    if flows.vlan[flow] == 0:
        return 12
    _put16(frame, 12, 0x8100)
    _put16(frame, 14, flows.vlan[flow])
    return 16


@_jit
def _arp(frame: Bytes, at: Number, flows: Flows, flow: Number, backward: bool) -> Number:
    """Write an ARP request or reply; return the frame's end."""
    _put16(frame, at, 0x0806)
    at += 2
    frame[at : at + _ARP_BYTES] = 0
    _put16(frame, at, 1)
    _put16(frame, at + 2, 0x0800)
    frame[at + 4] = 6
    frame[at + 5] = 4
    _put16(frame, at + 6, 2 if backward else 1)
    asking, asked = flows.source[flow], flows.source[flow] ^ 1
    _put32(frame, at + 14, asked if backward else asking)
    _put32(frame, at + 24, asking if backward else asked)
    return at + _ARP_BYTES


@_jit
def _ipv4(
    frame: Bytes, at: Number, flows: Flows, flow: Number, backward: bool, protocol: Number, count: Number, ident: Number
) -> Number:
    """Write EtherType and IPv4 header over `count` bytes; return the sum of the pseudo-header's addresses."""
    source, destination = flows.source[flow], flows.destination[flow]
    if backward:
        source, destination = destination, source
    _put16(frame, at, 0x0800)
    at += 2
    _put16(frame, at, 0x4500)
    _put16(frame, at + 2, 20 + count)
    _put16(frame, at + 4, ident & 0xFFFF)
    _put16(frame, at + 6, 0x4000)
    frame[at + 9] = protocol
    _put16(frame, at + 10, 0)
    _put32(frame, at + 12, source)
    _put32(frame, at + 16, destination)
    frame[at + 8] = (64 if flow & 1 else 128) - flows.hops[flow] if backward else flows.ttl[flow]
    _put16(frame, at + 10, _checksum(frame, at, 20, 0))
    return _sum(frame, at + 12, 8, 0)


@_jit
def _ipv6(
    frame: Bytes, at: Number, flows: Flows, flow: Number, backward: bool, protocol: Number, count: Number
) -> Number:
    """Write EtherType and IPv6 header over `count` bytes; return the sum of the pseudo-header's addresses."""
    _put16(frame, at, 0x86DD)
    at += 2
    _put32(frame, at, 0x60000000 | (flow & 0xFFFFF))
    _put16(frame, at + 4, count)
    frame[at + 6] = protocol
    frame[at + 7] = (64 if flow & 1 else 128) - flows.hops[flow] if backward else flows.ttl[flow]
    for side in range(2):
        client = (side == 0) != backward
        place = at + 8 + 16 * side
        _put32(frame, place, 0x20010DB8 if client else 0x26064700)
        _put32(frame, place + 4, 0x00010000)
        _put32(frame, place + 8, 0)
        _put32(frame, place + 12, flows.source[flow] if client else flows.destination[flow])
    return _sum(frame, at + 8, 32, 0)


@_jit
def _transport(frame: Bytes, at: Number, flows: Flows, packets: Packets, packet: Number, protocol: Number) -> Number:
    """Write a TCP, UDP or ICMP header with checksum 0; return where the checksum belongs."""
    flow, backward = packets.flow[packet], packets.backward[packet]
    source, destination = flows.source_port[flow], flows.destination_port[flow]
    if backward:
        source, destination = destination, source
    if protocol == 6:
        flags = packets.flags[packet]
        opening = flags & SYN != 0
        _put16(frame, at, source)
        _put16(frame, at + 2, destination)
        _put32(frame, at + 4, np.int64(packets.sequence[packet]))
        _put32(frame, at + 8, np.int64(packets.acknowledged[packet]))
        frame[at + 12] = 0x80 if opening else 0x50
        frame[at + 13] = flags
        _put16(frame, at + 14, 64240 if opening else 501 + (flow & 1023))
        _put32(frame, at + 16, 0)
        if opening:  # maximum segment size, window scale, selective acknowledgements
            _put32(frame, at + 20, 0x020405B4)
            _put32(frame, at + 24, 0x01030307)
            _put32(frame, at + 28, 0x01010402)
        return at + 16
    if protocol == 17:
        _put16(frame, at, source)
        _put16(frame, at + 2, destination)
        _put16(frame, at + 4, 8 + packets.payload[packet])
        _put16(frame, at + 6, 0)
        return at + 6
    echo = 129 if protocol == 58 else 0
    if not backward:
        echo = 128 if protocol == 58 else 8
    _put16(frame, at, echo << 8)
    _put16(frame, at + 2, 0)
    _put16(frame, at + 4, flows.source_port[flow])
    _put16(frame, at + 6, packets.position[packet] // 2 + 1)
    return at + 2


@_jit
def _payload(
    frame: Bytes, at: Number, count: Number, texts: Payloads, template: Number, packet: Number, flow: Number
) -> None:
    """Write `count` bytes: random ones under the template; what differs between flows is filled in."""
    begin = (packet * 1021) % (texts.pool.size - _SCRATCH)
    frame[at : at + count] = texts.pool[begin : begin + count]
    length = min(count, texts.lengths[template])
    frame[at : at + length] = texts.templates[template, :length]
    if template == _DNS_QUERY or template >= _DNS_RESPONSE:
        _put16(frame, at, (flow * 31) & 0xFFFF)
        for letter in range(6):
            frame[at + 13 + letter] = 97 + ((flow >> (3 * letter)) & 7)
    elif template in (_TLS_SERVER, _TLS_RECORD) and count > length + 5:
        _put16(frame, at + length, 0x1703)
        frame[at + length + 2] = 3
        _put16(frame, at + length + 3, count - length - 5)


@_jit
def _frame(frame: Bytes, flows: Flows, packets: Packets, template: Number, texts: Payloads, packet: Number) -> Number:
    """Write one frame and return its length."""
    flow, backward, count = packets.flow[packet], packets.backward[packet], np.int64(packets.payload[packet])
    kind = flows.kind[flow]
    at = _ethernet(frame, flows, flow, backward)
    if kind == _ARP:
        return _arp(frame, at, flows, flow, backward)
    protocol, header = 17, 8
    if _TLS <= kind <= _SCAN or kind == _FLOOD:
        protocol, header = 6, 32 if packets.flags[packet] & SYN else 20
    elif kind == _ICMP:
        protocol = 58 if flows.ipv6[flow] else 1
    if flows.ipv6[flow]:
        addresses = _ipv6(frame, at, flows, flow, backward, protocol, header + count)
        at += 42
    else:
        addresses = _ipv4(frame, at, flows, flow, backward, protocol, header + count, packet * 7 + flow)
        at += 22
    place = _transport(frame, at, flows, packets, packet, protocol)
    _payload(frame, at + header, count, texts, template, packet, flow)
    pseudo = 0 if protocol == 1 else addresses + header + count + protocol
    checksum = _checksum(frame, at, header + count, pseudo)
    if checksum == 0 and protocol == 17:
        checksum = 0xFFFF
    _put16(frame, place, checksum)
    return at + header + count


@_jit
def write_records(
    out: Bytes, flows: Flows, packets: Packets, templates: Bytes, texts: Payloads, begin: int, end: int, snaplen: int
) -> Number:
    """Write packets begin..end as pcap records (little-endian, microseconds) into `out`; return the bytes used.

    `out` must hold (RECORD_HEADER + min(snaplen, MAX_FRAME)) bytes per packet.
    """
    frame = np.zeros(_SCRATCH, np.uint8)
    at: Number = 0
    for packet in range(begin, end):
        length = _frame(frame, flows, packets, templates[packet], texts, packet)
        if length < _MIN_FRAME:
            frame[length:_MIN_FRAME] = 0
            length = _MIN_FRAME
        captured = min(length, snaplen)
        _put32_little(out, at, packets.time_us[packet] // 1_000_000)
        _put32_little(out, at + 4, packets.time_us[packet] % 1_000_000)
        _put32_little(out, at + 8, captured)
        _put32_little(out, at + 12, length)
        at += RECORD_HEADER
        out[at : at + captured] = frame[:captured]
        at += captured
    return at


@_jit
def shift_times(records: Bytes, seconds: int) -> Number:
    """Move whole pcap records by `seconds`, in place; return how many there are."""
    at: Number = 0
    count = 0
    while at + RECORD_HEADER <= records.size:
        time = captured = np.int64(0)
        for index in range(4):
            time |= np.int64(records[at + index]) << (8 * index)
            captured |= np.int64(records[at + 8 + index]) << (8 * index)
        _put32_little(records, at, time + seconds)
        at += RECORD_HEADER + captured
        count += 1
    return count
