"""One captured record to one Packet, or to the kind under which it is counted as no part of a flow.

IPv4 and IPv6 down to the transport header, without reassembly. Lengths come from the IP header, so a snapped packet
counts as long as it was on the wire. Unless reading is strict (netad.ingest.checksums), one beyond the record's own
wire length is believed too (captures after receive offload and tools that rewrite lengths have it), and checksums are
not verified (offloading leaves them empty in captures taken on the sender). Nothing here raises, whatever bytes come.
"""

from dataclasses import dataclass, replace
from struct import Struct
from typing import Final

from dpkt import ah, icmp, ip, ip6, tcp, udp

from netad.core.addresses import split_address
from netad.ingest.checksums import BAD_CHECKSUM, BAD_IP_CHECKSUM, TOO_LONG, Strict, has_wrong_header, has_wrong_segment
from netad.ingest.icmp_ports import icmp_ports
from netad.ingest.link_layers import find_ip, find_ip_behind
from netad.ingest.records import Record
from netad.ingest.tunnels import ERSPAN, is_tunnel, open_tunnel

Address = tuple[int, int]
FragmentKey = tuple[Address, Address, int, int]

FIN, SYN, RST, PSH, ACK, URG = tcp.TH_FIN, tcp.TH_SYN, tcp.TH_RST, tcp.TH_PUSH, tcp.TH_ACK, tcp.TH_URG
TCP, UDP, ICMP, ICMP6 = ip.IP_PROTO_TCP, ip.IP_PROTO_UDP, ip.IP_PROTO_ICMP, ip.IP_PROTO_ICMP6
_SCTP, _DCCP, _UDPLITE = ip.IP_PROTO_SCTP, 33, 136

_IP4: Final = Struct(ip.IP.__hdr_fmt__)
_IP6: Final = Struct(ip6.IP6.__hdr_fmt__)
_OPTIONS: Final = Struct(ip6.IP6OptsHeader.__hdr_fmt__)
_FRAGMENT: Final = Struct(ip6.IP6FragmentHeader.__hdr_fmt__)
_AH: Final = Struct(ah.AH.__hdr_fmt__)
_TCP: Final = Struct(tcp.TCP.__hdr_fmt__)
_UDP: Final = Struct(udp.UDP.__hdr_fmt__)
_ICMP: Final = Struct(icmp.ICMP.__hdr_fmt__)
_ICMP_ECHO: Final = Struct(icmp.ICMP.Echo.__hdr_fmt__)
_PORTS: Final = Struct(">HH")

# Octets in front of the payload of protocols that start with two ports (RFC 768, 9260, 4340, 3828), and of ICMP
# (RFC 792, 4443: type, code, checksum and a word that most messages use).
_HEADER_BYTES: Final = {UDP: _UDP.size, _SCTP: 12, _DCCP: 12, _UDPLITE: 8, ICMP: 8, ICMP6: 8, TCP: _TCP.size}
_ECHO_TYPES: Final = {ICMP: frozenset((0, 8, 13, 14, 15, 16, 17, 18)), ICMP6: frozenset((128, 129))}
_OPTION_HEADERS: Final = frozenset((ip.IP_PROTO_HOPOPTS, ip.IP_PROTO_ROUTING, ip.IP_PROTO_DSTOPTS))
_MAX_EXTENSIONS: Final = 32
_TCP_FLAGS_END, _TCP_WINDOW_END = 14, 16
# No interface sends longer packets (BIG TCP: 512 KiB).
_MAX_LENGTH: Final = 1 << 24
_MAX_TUNNELS: Final = 4


@dataclass(frozen=True, slots=True)
class Packet:
    """One IP packet as the flow table sees it. Lengths in bytes, `time_ns` since the epoch, addresses as (high, low).

    `length` is the IP packet's total length, `payload_length` what of it lies behind the transport header. ICMP has
    its ports as Zeek logs them (netad.ingest.icmp_ports). `tcp_flags` is None where no TCP flags were captured (other
    protocols, later fragments, very short snapshots), and -1 stands for a window, sequence or acknowledgement number,
    ICMP type, code or identifier that is not there. A fragment has a `fragment_key`, the same for all fragments of a
    datagram; `is_fragment` marks those after the first, whose ports are not in the packet (0). `tunnel` is an index
    into TUNNELS (netad.ingest.flows).
    """

    time_ns: int
    src: Address
    dst: Address
    protocol: int
    src_port: int
    dst_port: int
    length: int
    payload_length: int
    ttl: int
    vlan: int = 0
    tcp_flags: int | None = None
    tcp_window: int = -1
    seq: int = -1
    ack: int = -1
    icmp_type: int = -1
    icmp_code: int = -1
    icmp_id: int = -1
    fragment_key: FragmentKey | None = None
    is_fragment: bool = False
    tunnel: int = 0


@dataclass(frozen=True, slots=True)
class _IpHeader:
    """What the IP header says. `start` is the transport header's offset, `payload` the length behind all headers.

    `at` is the IP header's own offset. A `routed` packet is on a way on which its destination changes (IPv6).
    """

    at: int
    src: Address
    dst: Address
    protocol: int
    length: int
    ttl: int
    start: int
    payload: int
    fragment_key: FragmentKey | None
    is_fragment: bool
    routed: bool = False


def decode(record: Record, decap: bool = True, strict: Strict = Strict.NONE) -> Packet | str:
    """Return the packet that `record` holds, or the kind of record that is no part of a flow.

    With `decap` a packet in tunnels (netad.ingest.tunnels, up to four in one another) is the innermost that can be
    decoded, with `tunnel` the outermost tunnel and `vlan` the outermost tag; what carries nothing decodable, or only a
    fragment, is itself the packet.

    Kinds: those of `find_ip`, and `truncated_ip_header`, `bad_ip_header`, `truncated_transport_header` (the snapshot
    ends before the ports) and `bad_transport_header` (the IP length leaves no room for it, or a TCP header length that
    cannot be). What `strict` asks of each packet on the way inwards adds `length_beyond_frame` (of the outermost: what
    is in a tunnel and does not fit is nothing decodable), `bad_ip_checksum` and `bad_checksum`.
    """
    found = _decode(record, decap, strict)
    return found if isinstance(found, str) else found[0]


def decode_payload(record: Record, decap: bool = True) -> tuple[Packet, bytes] | str:
    """Return what `decode` does, a packet with what was captured of the bytes behind its UDP or TCP header.

    Those bytes end where the IP packet does, so that no padding is among them. They are b"" for other protocols and
    later fragments.
    """
    found = _decode(record, decap, Strict.NONE)
    if isinstance(found, str):
        return found
    packet, header = found
    if packet.is_fragment or packet.protocol not in (TCP, UDP):
        return packet, b""
    end = header.start + header.payload
    return packet, record.data[end - packet.payload_length : end]


def _decode(record: Record, decap: bool, strict: Strict) -> tuple[Packet, _IpHeader] | str:
    """Return the packet that `decode` does, and its own IP header."""
    data = record.data
    found = find_ip(data, record.link_type)
    if isinstance(found, str):
        return found
    offset, vlan = found
    header = _ip(data, offset, record.wire_length - offset)
    if isinstance(header, str):
        return header
    packet = _packet(record.time_ns, data, header, vlan)
    if strict and not isinstance(packet, str):
        fits = header.length <= record.wire_length - offset
        packet = _checked(packet, data, header, strict) if fits else TOO_LONG
    if isinstance(packet, str):
        return packet
    if decap and is_tunnel(packet.protocol, packet.dst_port):
        return _innermost(data, header, packet, strict)
    return packet, header


def _packet(time_ns: int, data: bytes, header: _IpHeader, vlan: int) -> Packet | str:
    if header.is_fragment:
        return Packet(time_ns, header.src, header.dst, header.protocol, 0, 0, header.length, header.payload,
                      header.ttl, vlan, fragment_key=header.fragment_key, is_fragment=True)  # fmt: skip
    return _transport(time_ns, data[header.start : header.start + header.payload], header, vlan)


def _checked(packet: Packet, data: bytes, header: _IpHeader, strict: Strict) -> Packet | str:
    """Return a packet as strict reading takes it, or the kind under which it is counted.

    A length of 0 in the IPv4 header is taken for 0 bytes, as Zeek takes it. The checksum of the transport is looked at
    where all of it was captured and the packet has its last destination.
    """
    whole = data[header.at :]
    if strict == Strict.CHECKSUMS:
        if has_wrong_header(whole):
            return BAD_IP_CHECKSUM
        segment = data[header.start : header.start + header.payload]
        complete = len(segment) == header.payload and header.fragment_key is None and not header.routed
        if complete and has_wrong_segment(whole, header.protocol, segment):
            return BAD_CHECKSUM
    is_4 = whole[0] >> 4 == 4
    return replace(packet, length=0) if is_4 and whole[2:4] == b"\0\0" else packet


def _innermost(data: bytes, header: _IpHeader, packet: Packet, strict: Strict) -> tuple[Packet, _IpHeader] | str:
    """Return the last packet on the way inwards from `packet` that can be decoded, and its IP header.

    The first one that cannot be decoded ends the way; one that strict reading does not take is no part of a flow.

    What is inside must fit into what carries it, mirrored packets apart: ERSPAN may cut them.
    """
    tunnel = 0
    for _ in range(_MAX_TUNNELS):
        opening = None
        if packet.fragment_key is None and is_tunnel(packet.protocol, packet.dst_port):
            opening = open_tunnel(data, packet.protocol, packet.dst_port, header.start)
        if opening is None:
            break
        kind, what, offset = opening
        end = header.start + header.payload
        data = data[:end]
        found = find_ip_behind(data, what, offset)
        if isinstance(found, str):
            break
        offset, vlan = found
        inner_header = _ip(data, offset, end - offset)
        if isinstance(inner_header, str) or (inner_header.length > end - offset and kind != ERSPAN):
            break
        inner = _packet(packet.time_ns, data, inner_header, packet.vlan or vlan)
        if isinstance(inner, str):
            break
        if strict:
            inner = _checked(inner, data, inner_header, strict)
            if isinstance(inner, str):
                return inner
        header, packet, tunnel = inner_header, inner, tunnel or kind
    return (replace(packet, tunnel=tunnel) if tunnel else packet), header


def _ip(data: bytes, offset: int, on_wire: int) -> _IpHeader | str:
    if len(data) <= offset:
        return "truncated_ip_header"
    version = data[offset] >> 4
    if version == 4:
        return _ip4(data, offset, on_wire)
    return _ip6(data, offset, on_wire) if version == 6 else "bad_ip_header"


def _ip4(data: bytes, offset: int, on_wire: int) -> _IpHeader | str:
    if len(data) < offset + _IP4.size:
        return "truncated_ip_header"
    v_hl, _, length, identity, flags_offset, ttl, protocol, _, src, dst = _IP4.unpack_from(data, offset)
    size = (v_hl & 15) * 4
    length = length or on_wire  # segmentation offload leaves it 0
    if size < _IP4.size or not size <= length <= _MAX_LENGTH:
        return "bad_ip_header"
    if len(data) < offset + size:
        return "truncated_ip_header"
    ends = split_address(src), split_address(dst)
    key = (*ends, protocol, identity) if flags_offset & (ip.IP_MF | ip.IP_OFFMASK) else None
    return _IpHeader(offset, *ends, protocol, length, ttl, offset + size, length - size, key,
                     bool(flags_offset & ip.IP_OFFMASK))  # fmt: skip


def _ip6(data: bytes, offset: int, on_wire: int) -> _IpHeader | str:
    if len(data) < offset + _IP6.size:
        return "truncated_ip_header"
    _, payload, following, ttl, src, dst = _IP6.unpack_from(data, offset)
    length = _IP6.size + payload if payload else on_wire  # jumbograms (RFC 2675) and segmentation offload leave it 0
    if not _IP6.size <= length <= _MAX_LENGTH:
        return "bad_ip_header"
    ends = split_address(src), split_address(dst)
    start, key, later, routed = offset + _IP6.size, None, False, False
    for _ in range(_MAX_EXTENSIONS):
        if following in _OPTION_HEADERS and len(data) >= start + _OPTIONS.size:
            routed = routed or (following == ip.IP_PROTO_ROUTING and data[start + 3 : start + 4] not in (b"", b"\0"))
            following, units = _OPTIONS.unpack_from(data, start)
            start += (units + 1) * 8
        elif following == ip.IP_PROTO_AH and len(data) >= start + _AH.size:
            following, units = _AH.unpack_from(data, start)[:2]
            start += (units + 2) * 4
        elif following == ip.IP_PROTO_FRAGMENT and len(data) >= start + _FRAGMENT.size:
            following, _, place, identity = _FRAGMENT.unpack_from(data, start)
            start += _FRAGMENT.size
            # One that is neither first of several nor later is a whole datagram (RFC 6946).
            key = (*ends, following, identity) if place & 0xFFF9 else None
            later = bool(place & 0xFFF8)
            if later:
                break
        elif following in _OPTION_HEADERS or following in (ip.IP_PROTO_AH, ip.IP_PROTO_FRAGMENT):
            return "truncated_ip_header"
        else:
            break
    else:
        return "bad_ip_header"
    if start > offset + length:
        return "bad_ip_header"
    return _IpHeader(offset, *ends, following, length, ttl, start, offset + length - start, key, later, routed)


def _transport(time_ns: int, data: bytes, header: _IpHeader, vlan: int) -> Packet | str:
    """Read the transport header that `data` (the captured bytes behind the IP header) begins with."""
    protocol, payload, key = header.protocol, header.payload, header.fragment_key
    size = _HEADER_BYTES.get(protocol, 0)
    # A datagram's first fragment may be shorter than the header.
    if payload < size and key is None:
        return "bad_transport_header"
    if len(data) < _PORTS.size and size:
        return "truncated_transport_header"
    common = header.length, max(payload - size, 0), header.ttl, vlan
    if protocol == TCP:
        return _tcp(time_ns, data, header, vlan)
    if protocol in (ICMP, ICMP6):
        kind, code, _ = _ICMP.unpack_from(data)
        there = kind in _ECHO_TYPES[protocol] and len(data) >= _ICMP.size + _ICMP_ECHO.size
        identity = _ICMP_ECHO.unpack_from(data, _ICMP.size)[0] if there else -1
        return Packet(time_ns, header.src, header.dst, protocol, *icmp_ports(protocol, kind, code), *common,
                      icmp_type=kind, icmp_code=code, icmp_id=identity, fragment_key=key)  # fmt: skip
    src_port, dst_port = _PORTS.unpack_from(data) if size else (0, 0)
    return Packet(time_ns, header.src, header.dst, protocol, src_port, dst_port, *common, fragment_key=key)


def _tcp(time_ns: int, data: bytes, header: _IpHeader, vlan: int) -> Packet | str:
    here, key = len(data), header.fragment_key
    fields = _TCP.unpack_from(data if here >= _TCP.size else data.ljust(_TCP.size, b"\0"))
    src_port, dst_port, seq, ack, off_flags, window = fields[:6]
    flags, size = None, _TCP.size
    if here >= _TCP_FLAGS_END:
        flags, size = off_flags & 0xFF, (off_flags >> 12) * 4
        if size < _TCP.size or (size > header.payload and key is None):
            return "bad_transport_header"
    else:
        seq = ack = -1
    if here < _TCP_WINDOW_END:
        window = -1
    return Packet(time_ns, header.src, header.dst, TCP, src_port, dst_port, header.length,
                  max(header.payload - size, 0), header.ttl, vlan, flags, window, seq, ack,
                  fragment_key=key)  # fmt: skip
