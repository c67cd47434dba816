"""Tests of netad.ingest.ppp."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.layers import IP4, IP6
from netad.ingest.ppp import behind_cisco_hdlc, behind_hdlc, behind_ppp, behind_ppp_with_direction, behind_pppoe

READERS = [behind_cisco_hdlc, behind_hdlc, behind_ppp, behind_ppp_with_direction, behind_pppoe]
IP = b"\x45" + bytes(19)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"\xff\x03\x00\x21", (IP4, 4)),
        (b"\x00\x21", (IP4, 2)),
        (b"\x21", (IP4, 1)),
        (b"\xff\x03\x57", (IP6, 3)),
        (b"\xff\x03\x02\x81", (0x8847, 4)),
        (b"\x02\x83", (0x8848, 2)),
        (b"\xc0\x21", "not_ip"),
        (b"\xff\x03\x00\xfd", "not_ip"),
    ],
)
def test_protocols(header, found):
    """Address and control may be left out, and the protocol field may be compressed to one octet."""
    assert behind_ppp(header + IP, 0) == found
    assert behind_hdlc(b"\0" + header + IP, 1) == (found if isinstance(found, str) else (found[0], found[1] + 1))


@pytest.mark.parametrize("header", [b"", b"\xff\x03", b"\xff\x03\x00", b"\x00"])
def test_cut_headers(header):
    """A header that ends early is truncated."""
    assert behind_ppp(header, 0) == "truncated_link_header"


def test_direction():
    """The octet that says who sent it stands in front of the address octet, or in its place."""
    assert behind_ppp_with_direction(b"\x01\xff\x03\x00\x21" + IP, 0) == (IP4, 5)
    assert behind_ppp_with_direction(b"\x00\x03\x00\x21" + IP, 0) == (IP4, 4)
    assert behind_ppp_with_direction(b"\x00\x00\x57" + IP, 0) == (IP6, 3)


def test_cisco_hdlc():
    """An Ethernet type follows address and control; HDLC is told by its address."""
    for address in (b"\x0f", b"\x8f"):
        assert behind_hdlc(address + b"\0\x86\xdd" + IP, 0) == behind_cisco_hdlc(address + b"\0\x86\xdd", 0) == (IP6, 4)
    assert behind_cisco_hdlc(b"\x0f\0\x08", 0) == "truncated_link_header"
    assert behind_hdlc(b"", 0) == "truncated_link_header"


def test_pppoe():
    """Sessions carry PPP; discovery and other versions do not."""
    assert behind_pppoe(b"\x11\0\0\x05\0\x16\0\x21" + IP, 0) == (IP4, 8)
    assert behind_pppoe(b"\x11\x09\0\x05\0\x16\0\x21" + IP, 0) == "not_ip"
    assert behind_pppoe(b"\x21\0\0\x05\0\x16\0\x21" + IP, 0) == "not_ip"
    assert behind_pppoe(b"\x11\0\0\x05\0", 0) == "truncated_link_header"


@given(st.binary(max_size=16), st.integers(0, 20), st.sampled_from(READERS))
def test_any_bytes(data, at, reader):
    """Hostile bytes never raise, and the content begins inside or just behind them."""
    found = reader(data, at)
    assert found in ("not_ip", "truncated_link_header") or at < found[1] <= len(data)
