"""Tests of netad.ingest.tunnels."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.flows import TUNNELS
from netad.ingest.layers import BRIDGED, IP4, IP6, PPP_ETHERTYPE, RAW_PACKET
from netad.ingest.tunnels import ERSPAN, GENEVE, GRE, GTP_U, IP_IN_IP, VXLAN, is_tunnel, open_tunnel

UDP = 17


@pytest.mark.parametrize(
    ("protocol", "dst_port", "expected"),
    [(47, 0, True), (4, 0, True), (41, 0, True), (17, 4789, True), (17, 6081, True), (17, 2152, True),
     (17, 53, False), (6, 4789, False), (50, 0, False)],
)  # fmt: skip
def test_is_tunnel(protocol, dst_port, expected):
    """Tunnels are told by protocol, and by port for UDP only."""
    assert is_tunnel(protocol, dst_port) is expected
    assert (open_tunnel(bytes(20), protocol, dst_port, 0) is not None) <= expected


def test_names():
    """The codes are positions in TUNNELS."""
    assert [TUNNELS[code] for code in (GRE, IP_IN_IP, VXLAN, GENEVE, GTP_U, ERSPAN)] == [
        "gre", "ip-in-ip", "vxlan", "geneve", "gtp-u", "erspan"]  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "kind", "found"),
    [
        (0x0000, IP4, (GRE, IP4, 4)),
        (0x2000, IP6, (GRE, IP6, 8)),
        (0x8000, IP4, (GRE, IP4, 8)),
        (0xB000, BRIDGED, (GRE, BRIDGED, 16)),
        (0x0700, IP4, (GRE, IP4, 4)),
        (0x4000, IP4, None),
        (0x0002, IP4, None),
        (0x0000, 0, None),
        (0x2001, PPP_ETHERTYPE, (GRE, PPP_ETHERTYPE, 8)),
        (0x3081, PPP_ETHERTYPE, (GRE, PPP_ETHERTYPE, 16)),
        (0x0001, PPP_ETHERTYPE, None),
        (0x2001, IP4, None),
        (0x0000, 0x88BE, (ERSPAN, BRIDGED, 4)),
        (0x1000, 0x88BE, (ERSPAN, BRIDGED, 16)),
    ],
)
def test_gre(flags, kind, found):
    """Checksum, key and numbers are skipped; source routes, other versions and keep-alives are no tunnel."""
    opened = open_tunnel(b"abc" + struct.pack(">HH", flags, kind) + bytes(40), 47, 0, 3)
    assert opened == (found and (*found[:2], found[2] + 3))


@pytest.mark.parametrize(
    ("last", "found"),
    [(0, (ERSPAN, BRIDGED, 20)), (1, (ERSPAN, BRIDGED, 28)), (2 << 10, (ERSPAN, RAW_PACKET, 20)), (1 << 10, None)],
)
def test_erspan_iii(last, found):
    """Type III says what it mirrors, and whether a platform's own header follows."""
    header = struct.pack(">HHI10sH", 0x1000, 0x22EB, 1, bytes(10), last)
    assert open_tunnel(header, 47, 0, 0) == found
    assert open_tunnel(header[:-1], 47, 0, 0) is None


def test_ip_in_ip():
    """The protocol says which version is inside."""
    assert open_tunnel(b"", 4, 0, 20) == (IP_IN_IP, IP4, 20)
    assert open_tunnel(b"", 41, 0, 20) == (IP_IN_IP, IP6, 20)


def test_vxlan():
    """A header without identifier is none."""
    assert open_tunnel(bytes(8) + b"\x08" + bytes(7), UDP, 4789, 0) == (VXLAN, BRIDGED, 16)
    assert open_tunnel(bytes(8) + b"\x88" + bytes(7), UDP, 4789, 0) == (VXLAN, BRIDGED, 16)
    assert open_tunnel(bytes(16), UDP, 4789, 0) is None
    assert open_tunnel(bytes(8) + b"\x08" + bytes(6), UDP, 4789, 0) is None


@pytest.mark.parametrize(
    ("first", "flags", "kind", "found"),
    [
        (0, 0, BRIDGED, (GENEVE, BRIDGED, 16)),
        (3, 0x40, IP6, (GENEVE, IP6, 28)),
        (0x40, 0, IP4, None),
        (0, 0x80, IP4, None),
        (0, 0, 5, None),
    ],
)
def test_geneve(first, flags, kind, found):
    """Options are skipped; other versions, control messages and lengths in place of types are no tunnel."""
    assert open_tunnel(bytes(8) + struct.pack(">BBHI", first, flags, kind, 0), UDP, 6081, 0) == found


@pytest.mark.parametrize(
    ("first", "message", "rest", "found"),
    [
        (0x30, 255, b"", 16),
        (0x32, 255, bytes(3) + b"\x00", 20),
        (0x32, 255, bytes(3) + b"\x85", 20),
        (0x34, 255, bytes(3) + b"\x85\x01\x10\x05\x00\x45", 24),
        (0x34, 255, bytes(3) + b"\x85\x01\x10\x05\x40\x02" + bytes(6) + b"\x00\x45", 32),
        (0x34, 255, bytes(3) + b"\x85\x00" + bytes(20), None),
        (0x34, 255, bytes(3) + b"\x85" + b"\x01\x00\x00\x85" * 8 + b"\x45", None),
        (0x30, 1, b"", None),
        (0x20, 255, b"", None),
        (0x50, 255, b"", None),
    ],
)
def test_gtp_u(first, message, rest, found):
    """User data behind the optional fields and extension headers; control messages and other versions are none."""
    opened = open_tunnel(bytes(8) + struct.pack(">BBHI", first, message, 0, 1) + rest, UDP, 2152, 0)
    assert opened == (found and (GTP_U, RAW_PACKET, found))


@given(
    st.binary(max_size=80),
    st.sampled_from([(47, 0), (4, 0), (41, 0), (17, 4789), (17, 6081), (17, 2152), (17, 53), (6, 80)]),
    st.integers(0, 90),
)
def test_any_bytes(data, ends, at):
    """Hostile bytes never raise; what opens has a name and lies behind them."""
    opened = open_tunnel(data, *ends, at)
    assert opened is None or (0 < opened[0] < len(TUNNELS) and opened[2] >= at)
