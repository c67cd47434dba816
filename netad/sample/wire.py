"""Frames as they pass a mirror port, with right lengths and checksums, and the classic pcap file that holds them."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from netad.core.timing import SECOND_NS

# (time in ns since the epoch, Ethernet frame without its check sequence)
Packet = tuple[int, bytes]

ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_VLAN, ETHERTYPE_IPV6 = 0x0800, 0x0806, 0x8100, 0x86DD
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
BROADCAST_MAC = b"\xff" * 6
LINKTYPE_ETHERNET = 1
SNAPLEN = 262_144

_SHORTEST_FRAME = 60
_DONT_FRAGMENT = 0x4000
_MAGIC_NANO, _MAGIC_MICRO = 0xA1B23C4D, 0xA1B2C3D4


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One side of a conversation, as the mirror port sees it.

    `mac` is the last hop's (the router's for everything outside), `address` is packed (4 or 16 bytes), `ttl` is what
    is left of it here. `syn_window` and `window` are the TCP window fields of the SYN and after it, `scale` the
    window scale option (None: not offered). `delay_ns` is how long an answer takes from here to the host and back,
    `spacing_ns` the time between two of its full segments in a burst.
    """

    mac: bytes
    address: bytes
    ttl: int
    syn_window: int = 64_240
    window: int = 502
    scale: int | None = 7
    delay_ns: int = 200_000
    spacing_ns: int = 12_000
    vlan: int | None = None

    @property
    def is_v6(self) -> bool:
        """Tell whether the address is an IPv6 one."""
        return len(self.address) == 16

    @property
    def mss(self) -> int:
        """The largest TCP payload of one segment, in bytes."""
        return 1440 if self.is_v6 else 1460


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071).

    A one's complement sum of 16-bit words is the big number they form modulo 65535, which Python divides fast.
    """
    if len(data) & 1:
        data += b"\0"
    rest = int.from_bytes(data, "big") % 0xFFFF
    if rest:
        return 0xFFFF - rest
    return 0 if any(data) else 0xFFFF


def ethernet(source_mac: bytes, destination_mac: bytes, ethertype: int, body: bytes, vlan: int | None = None) -> bytes:
    """Return a frame, tagged (802.1Q) when `vlan` is given, padded to the shortest that Ethernet sends."""
    tag = b"" if vlan is None else struct.pack(">HH", ETHERTYPE_VLAN, vlan)
    made = destination_mac + source_mac + tag + struct.pack(">H", ethertype) + body
    return made.ljust(_SHORTEST_FRAME, b"\0")


def ip_frame(source: Endpoint, destination: Endpoint, protocol: int, body: bytes, ident: int = 0) -> bytes:
    """Return the frame of one IPv4 or IPv6 packet; both addresses are of one version."""
    vlan = destination.vlan if source.vlan is None else source.vlan
    if source.is_v6:
        header = struct.pack(">IHBB", 0x6000_0000, len(body), protocol, source.ttl)
        packet = header + source.address + destination.address + body
        return ethernet(source.mac, destination.mac, ETHERTYPE_IPV6, packet, vlan)
    first = struct.pack(">BBHHHBB", 0x45, 0, 20 + len(body), ident & 0xFFFF, _DONT_FRAGMENT, source.ttl, protocol)
    addresses = source.address + destination.address
    packet = first + struct.pack(">H", checksum(first + addresses)) + addresses + body
    return ethernet(source.mac, destination.mac, ETHERTYPE_IPV4, packet, vlan)


def _pseudo_header(source: Endpoint, destination: Endpoint, protocol: int, length: int) -> bytes:
    layout = ">IxxxB" if source.is_v6 else ">xBH"
    values = (length, protocol) if source.is_v6 else (protocol, length)
    return source.address + destination.address + struct.pack(layout, *values)


def tcp_frame(
    source: Endpoint,
    destination: Endpoint,
    ports: tuple[int, int],
    numbers: tuple[int, int],
    flags: int,
    window: int,
    payload: bytes = b"",
    options: bytes = b"",
    ident: int = 0,
) -> bytes:
    """Return one TCP segment; `numbers` are sequence and acknowledgement, `options` a multiple of 4 bytes."""
    length = 20 + len(options)
    first = struct.pack(">HHIIBBH", *ports, *numbers, length << 2, flags, window)
    tail = options + payload
    pseudo = _pseudo_header(source, destination, TCP, length + len(payload))
    body = first + struct.pack(">HH", checksum(pseudo + first + tail), 0) + tail
    return ip_frame(source, destination, TCP, body, ident)


def udp_frame(source: Endpoint, destination: Endpoint, ports: tuple[int, int], payload: bytes, ident: int = 0) -> bytes:
    """Return one UDP datagram in a single packet."""
    length = 8 + len(payload)
    first = struct.pack(">HHH", *ports, length)
    total = checksum(_pseudo_header(source, destination, UDP, length) + first + payload)
    # RFC 768: a checksum that comes out as 0 is sent as all ones, 0 means that there is none.
    return ip_frame(source, destination, UDP, first + struct.pack(">H", total or 0xFFFF) + payload, ident)


def icmp_frame(source: Endpoint, destination: Endpoint, kind: int, code: int, body: bytes, ident: int = 0) -> bytes:
    """Return one ICMP message, or ICMPv6 where the addresses are; `body` is all that follows the checksum."""
    first = struct.pack(">BB", kind, code)
    if source.is_v6:
        pseudo = _pseudo_header(source, destination, ICMPV6, 4 + len(body))
        total = checksum(pseudo + first + b"\0\0" + body)
    else:
        total = checksum(first + b"\0\0" + body)
    message = first + struct.pack(">H", total) + body
    return ip_frame(source, destination, ICMPV6 if source.is_v6 else ICMP, message, ident)


def ip_packet(frame: bytes) -> bytes:
    """Return the IP packet inside a frame of this module, without padding."""
    start = 18 if frame[12:14] == b"\x81\x00" else 14
    if frame[start] >> 4 == 6:
        return frame[start : start + 40 + int.from_bytes(frame[start + 4 : start + 6], "big")]
    return frame[start : start + int.from_bytes(frame[start + 2 : start + 4], "big")]


def arp_frame(source: Endpoint, target: Endpoint, *, reply: bool = False) -> bytes:
    """Return an ARP request of `source` for `target`, or its reply to `target`."""
    body = struct.pack(">HHBBH", 1, ETHERTYPE_IPV4, 6, 4, 2 if reply else 1) + source.mac + source.address
    body += (target.mac if reply else b"\0" * 6) + target.address
    return ethernet(source.mac, target.mac if reply else BROADCAST_MAC, ETHERTYPE_ARP, body, source.vlan)


def multicast_endpoint(address: bytes, like: Endpoint) -> Endpoint:
    """Return where a host sends to for a multicast or broadcast address: RFC 1112 and RFC 2464 give the MAC."""
    if len(address) == 16:
        mac = b"\x33\x33" + address[12:]
    elif 224 <= address[0] < 240:
        mac = b"\x01\x00\x5e" + bytes([address[1] & 0x7F]) + address[2:]
    else:
        mac = BROADCAST_MAC
    return Endpoint(mac, address, ttl=1, vlan=like.vlan)


def write_pcap(path: Path, packets: Iterable[Packet], *, nanoseconds: bool = True) -> int:
    """Write packets, in the order given, as a little-endian classic pcap; return how many.

    Times are integers all the way: `nanoseconds` keeps them exactly, otherwise they are cut to microseconds.

    Raises:
        OSError: the file cannot be written.
    """
    magic, divisor = (_MAGIC_NANO, 1) if nanoseconds else (_MAGIC_MICRO, 1000)
    record, count = struct.Struct("<IIII"), 0
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", magic, 2, 4, 0, 0, SNAPLEN, LINKTYPE_ETHERNET))
        for time_ns, data in packets:
            seconds, fraction = divmod(time_ns, SECOND_NS)
            file.write(record.pack(seconds, fraction // divisor, len(data), len(data)) + data)
            count += 1
    return count
