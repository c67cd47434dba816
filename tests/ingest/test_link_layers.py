"""Tests of netad.ingest.link_layers."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.layers import BRIDGED, IP4, LINK
from netad.ingest.link_layers import ETHERNET, LINUX_SLL, LINUX_SLL2, LOOP, NULL, RAW_IP, find_ip, find_ip_behind
from tests.ingest.frames import ethernet

PAYLOAD = b"\x45" + bytes(19)


def sll(ethertype, hardware=1):
    return struct.pack(">HHH8sH", 0, hardware, 6, bytes(8), ethertype) + PAYLOAD


def sll2(ethertype, hardware=1):
    return struct.pack(">HHiHBB8s", ethertype, 0, 1, hardware, 0, 6, bytes(8)) + PAYLOAD


@pytest.mark.parametrize("ethertype", [0x0800, 0x86DD])
def test_ip_behind_ethertypes(ethertype):
    """IPv4 and IPv6 are found behind Ethernet and both cooked headers."""
    assert find_ip(ethernet(PAYLOAD, ethertype), ETHERNET) == (14, 0)
    assert find_ip(sll(ethertype), LINUX_SLL) == (16, 0)
    assert find_ip(sll2(ethertype), LINUX_SLL2) == (20, 0)


def test_vlan_tags():
    """The outermost tag's identifier counts, without its priority bits; tags may be stacked and in cooked captures."""
    assert find_ip(ethernet(PAYLOAD, tags=[(0x8100, 0xE000 | 5)]), ETHERNET) == (18, 5)
    assert find_ip(ethernet(PAYLOAD, tags=[(0x88A8, 100), (0x8100, 7)]), ETHERNET) == (22, 100)
    assert find_ip(ethernet(PAYLOAD, tags=[(0x8100, 0), (0x8100, 7)]), ETHERNET) == (22, 0)
    tagged = sll(0x8100)[:16] + struct.pack(">HH", 9, 0x0800) + PAYLOAD
    assert find_ip(tagged, LINUX_SLL) == (20, 9)


def test_too_many_tags_are_not_ip():
    """A stack of tags without end is given up."""
    assert find_ip(ethernet(PAYLOAD, tags=[(0x8100, 1)] * 9), ETHERNET) == "not_ip"


def test_snap():
    """IEEE 802.3 frames with LLC/SNAP carry IP too; other LLC is no IP."""
    frame = ethernet(b"\xaa\xaa\x03\0\0\0\x08\0" + PAYLOAD, ethertype=28)
    assert find_ip(frame, ETHERNET) == (22, 0)
    assert find_ip(ethernet(b"\x42\x42\x03" + bytes(20), ethertype=23), ETHERNET) == "not_ip"
    assert find_ip(ethernet(b"\x42\x42\x03", ethertype=3), ETHERNET) == "not_ip"
    assert find_ip(ethernet(b"\x42", ethertype=3), ETHERNET) == "truncated_link_header"


@pytest.mark.parametrize(
    ("ethertype", "kind"), [(0x0806, "arp"), (0x8863, "not_ip"), (0x8864, "not_ip"), (0x88CC, "not_ip")]
)
def test_kinds_of_other_frames(ethertype, kind):
    """What is no IP is told apart by kind."""
    assert find_ip(ethernet(PAYLOAD, ethertype), ETHERNET) == kind


@pytest.mark.parametrize("link_type", sorted(RAW_IP))
def test_raw_ip(link_type):
    """Raw IP starts at once."""
    assert find_ip(PAYLOAD, link_type) == (0, 0)


@pytest.mark.parametrize("family", [b"\x02\0\0\0", b"\0\0\0\x02", b"\x1e\0\0\0", b"\0\0\0\x18"])
def test_null_and_loop(family):
    """The address family may be in either byte order."""
    assert find_ip(family + PAYLOAD, NULL) == (4, 0)
    assert find_ip(family + PAYLOAD, LOOP) == (4, 0)
    assert find_ip(b"\x07\0\0\0" + PAYLOAD, NULL) == "not_ip"


def test_netlink_in_a_cooked_capture_is_not_ip():
    """The protocol field of netlink and 802.11 is no Ethernet type, whatever its value."""
    assert find_ip(sll(0x0800, hardware=824), LINUX_SLL) == "not_ip"
    assert find_ip(sll2(0x0800, hardware=803), LINUX_SLL2) == "not_ip"


def test_unknown_link_type():
    """A link type nobody knows is a kind of its own."""
    assert find_ip(PAYLOAD, 147) == "unknown_link_type"


PPPOE, MPLS = b"\x11\0\0\x05\0\x16\0\x21", b"\0\x01\x01\x40"
SNAP = b"\xaa\xaa\x03\0\0\0\x08\0"
WIFI = b"\x08\x01" + bytes(22)


@pytest.mark.parametrize(
    ("link_type", "header"),
    [
        (9, b"\xff\x03\0\x21"),
        (9, b"\xff\x03\x02\x81" + MPLS),
        (50, b"\xff\x03\0\x21"),
        (50, b"\x0f\0\x08\0"),
        (51, PPPOE),
        (104, b"\x0f\0\x08\0"),
        (166, b"\x01\x03\0\x21"),
        (204, b"\x01\xff\x03\0\x21"),
        (105, WIFI + SNAP),
        (119, struct.pack("<II", 0x44, 24) + bytes(16) + WIFI + SNAP),
        (127, b"\0\0\x09\0\x02\0\0\0\x20" + WIFI + SNAP),
        (163, struct.pack(">II", 0x80211001, 64) + bytes(56) + WIFI + SNAP),
        (192, b"\0\0\x08\0\x69\0\0\0" + WIFI + SNAP),
        (ETHERNET, ethernet(PPPOE, 0x8864)),
        (ETHERNET, ethernet(MPLS, 0x8847)),
        (ETHERNET, ethernet(MPLS + bytes(4) + ethernet(b"", 0x0800), 0x8848)),
        (ETHERNET, ethernet(bytes(4) + b"\x08\0", 0x8926)),
        (ETHERNET, ethernet(b"\xff\x03\0\x21", 0x880B)),
        (LINUX_SLL, sll(0x8864)[:16] + PPPOE),
    ],
)
def test_ip_behind_other_layers(link_type, header):
    """PPP in its framings, 802.11 under its headers, MPLS and VN-Tag lead to IP."""
    assert find_ip(header + PAYLOAD, link_type) == (len(header), 0)


def test_tags_around_other_layers():
    """The outermost tag counts, wherever it is found first."""
    frame = ethernet(PPPOE + PAYLOAD, 0x8864, tags=[(0x88A8, 7), (0x8100, 8)])
    assert find_ip(frame, ETHERNET) == (14 + 8 + 8, 7)
    inner = ethernet(PAYLOAD, tags=[(0x8100, 9)])
    assert find_ip(ethernet(MPLS + bytes(4) + inner, 0x8847), ETHERNET) == (14 + 8 + 18, 9)


def test_layers_without_end_are_not_ip():
    """A header that leads to itself is given up."""
    assert find_ip(b"\0\0\x08\0\xc0\0\0\0" * 50, 192) == "not_ip"


def test_starting_anywhere():
    """What a tunnel carries is found from where it begins."""
    assert find_ip_behind(b"abc" + ethernet(PAYLOAD, tags=[(0x8100, 5)]), BRIDGED, 3) == (3 + 18, 5)
    assert find_ip_behind(PAYLOAD, IP4, 7) == (7, 0)
    assert find_ip_behind(PAYLOAD, LINK + 147, 0) == "unknown_link_type"


KINDS = {"arp", "mpls", "not_ip", "truncated_link_header", "unknown_link_type", "wifi_management", "encrypted_wifi",
         "wifi_fragment", "wifi_aggregate", "wifi_bad_fcs"}  # fmt: skip


@given(
    st.binary(max_size=80),
    st.sampled_from([0, 1, 9, 50, 51, 101, 104, 105, 108, 113, 119, 127, 163, 166, 192, 204, 276, 9999]),
)
def test_any_bytes_give_an_offset_or_a_kind(data, link_type):
    """Hostile bytes never raise, and an offset is inside or just behind them."""
    found = find_ip(data, link_type)
    assert found in KINDS or (0 <= found[0] <= len(data) and 0 <= found[1] < 4096)
