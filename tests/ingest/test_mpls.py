"""Tests of netad.ingest.mpls."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.layers import ETHERNET_FRAME, IP4, IP6
from netad.ingest.mpls import behind_mpls
from tests.ingest.frames import ethernet, ip4, ip6, udp


def labels(count):
    return b"".join(struct.pack(">I", 16 + i << 12 | (i == count - 1) << 8 | 64) for i in range(count))


@pytest.mark.parametrize("count", [1, 2, 16])
def test_ip_by_its_version(count):
    """Behind the last label, IP is told by its first 4 bits."""
    assert behind_mpls(labels(count) + ip4(udp()), 0) == (IP4, 4 * count)
    assert behind_mpls(b"xx" + labels(count) + ip6(udp()), 2) == (IP6, 4 * count + 2)


@pytest.mark.parametrize("content", [ethernet(ip4(udp())), ethernet(ip6(udp()), 0x86DD), ethernet(bytes(28), 0x0806)])
def test_ethernet_pseudowires(content):
    """Ethernet frames are found with a control word and without."""
    assert behind_mpls(labels(1) + bytes(4) + content, 0) == (ETHERNET_FRAME, 8)
    assert behind_mpls(labels(1) + content, 0) == (ETHERNET_FRAME, 4)
    # An address that begins like an IPv4 header without length.
    assert behind_mpls(labels(1) + b"\x40" + content[1:], 0) == (ETHERNET_FRAME, 4)


@pytest.mark.parametrize(
    "content",
    [b"\x10" + bytes(40), bytes(40), ethernet(ip6(udp())), ethernet(ip4(udp()), 0x88CC), ethernet(b"")],
)
def test_what_cannot_be_told_is_mpls(content):
    """An associated channel, an unknown type, or content that does not fit its type is no frame."""
    assert behind_mpls(labels(1) + content, 0) == "mpls"


def test_a_stack_without_end():
    """More labels than anyone uses are given up; cut ones are truncated."""
    assert behind_mpls(bytes(400), 0) == "mpls"
    assert behind_mpls(labels(17) + ip4(udp()), 0) == "mpls"
    assert behind_mpls(labels(2)[:6], 0) == behind_mpls(labels(2), 0) == "truncated_link_header"


@given(st.binary(max_size=60), st.integers(0, 8))
def test_any_bytes(data, at):
    """Hostile bytes never raise, and the content begins inside them."""
    found = behind_mpls(data, at)
    assert found in ("mpls", "truncated_link_header") or at < found[1] < len(data)
