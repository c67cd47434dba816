"""Tests of netad.ingest.wifi."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.layers import LINK, LLC_HEADER, PADDED_WIFI_FRAME, WIFI_FRAME
from netad.ingest.wifi import behind_avs, behind_padded_wifi, behind_ppi, behind_prism, behind_radiotap, behind_wifi

READERS = [behind_avs, behind_padded_wifi, behind_ppi, behind_prism, behind_radiotap, behind_wifi]
KINDS = {"not_ip", "truncated_link_header", "wifi_management", "encrypted_wifi", "wifi_fragment", "wifi_aggregate",
         "wifi_bad_fcs"}  # fmt: skip
TO, FROM, PROTECTED, ORDER = 1, 2, 0x40, 0x80
SNAP = b"\xaa\xaa\x03\0\0\0\x08\0"
DATA, NULL_DATA, QOS, QOS_NULL, BEACON, ACK = 0x08, 0x48, 0x88, 0xC8, 0x80, 0xD4


def header(control, flags=TO, fragment=0, qos=b"\0\0"):
    addresses = bytes(12 if flags & 3 == 3 else 6)
    head = struct.pack("<BBH12s6sH", control, flags, 0, bytes(12), bytes(6), 5 << 4 | fragment)
    head += addresses[6:]
    if control & 0x80 and control & 0x0C == DATA:
        head += qos + (bytes(4) if flags & ORDER else b"")
    return head


@pytest.mark.parametrize(
    ("control", "flags", "size"),
    [
        (DATA, TO, 24),
        (DATA, FROM, 24),
        (DATA, 0, 24),
        (DATA, TO | FROM, 30),
        (QOS, TO, 26),
        (QOS, TO | FROM, 32),
        (QOS, TO | ORDER, 30),
    ],
)
def test_data_frames(control, flags, size):
    """An LLC header follows the addresses, the QoS field and the HT field; some drivers pad to 4 octets."""
    frame = header(control, flags) + SNAP
    assert behind_wifi(b"xyz" + frame, 3) == (LLC_HEADER, size + 3)
    assert behind_padded_wifi(b"xyz" + frame, 3) == (LLC_HEADER, (size + 3) // 4 * 4 + 3)


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (header(BEACON, 0), "wifi_management"),
        (header(BEACON, PROTECTED), "wifi_management"),
        (header(ACK, 0), "not_ip"),
        (header(NULL_DATA), "not_ip"),
        (header(QOS_NULL), "not_ip"),
        (header(DATA | 1), "not_ip"),
        (header(DATA, TO | PROTECTED), "encrypted_wifi"),
        (header(DATA, fragment=1), "wifi_fragment"),
        (header(DATA)[:23], "truncated_link_header"),
        (header(QOS)[:25], "truncated_link_header"),
        (b"\x08", "truncated_link_header"),
    ],
)
def test_kinds_of_frames_without_packets(frame, kind):
    """What holds no packet that can be read is counted by what it is."""
    assert behind_wifi(frame, 0) == kind


def test_aggregates():
    """Of an A-MSDU with one subframe that is the packet's; more are counted, for a record is one packet."""
    frame = header(QOS, qos=b"\x80\0")
    subframe = bytes(12) + struct.pack(">H", len(SNAP) + 20) + SNAP + bytes(20)
    assert behind_wifi(frame + subframe + bytes(4), 0) == (LLC_HEADER, 26 + 14)
    assert behind_wifi(frame + subframe + bytes(2) + subframe, 0) == "wifi_aggregate"
    assert behind_wifi(frame + subframe[:13], 0) == "truncated_link_header"


def radiotap(fields=b"", present=0, more=(), version=0):
    words = [present | (1 << 31 if more else 0), *more]
    return struct.pack(f"<BBH{len(words)}I", version, 0, 4 + 4 * len(words) + len(fields), *words) + fields


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (radiotap(), WIFI_FRAME),
        (radiotap(b"\x10", 1 << 1), WIFI_FRAME),
        (radiotap(b"\x20", 1 << 1), PADDED_WIFI_FRAME),
        (radiotap(b"\x40", 1 << 1), "wifi_bad_fcs"),
        (radiotap(bytes(8) + b"\x40", 3), "wifi_bad_fcs"),
        (radiotap(bytes(4) + bytes(8) + b"\x40", 3, more=(0,)), "wifi_bad_fcs"),
        (radiotap(b"\x40" + bytes(7), 1, more=()), WIFI_FRAME),
        (radiotap(b"", 1 << 1), WIFI_FRAME),
        (radiotap(b"", 3), WIFI_FRAME),
        (radiotap(b"", 3, more=(1 << 31,)), WIFI_FRAME),
        (radiotap(version=1), "not_ip"),
    ],
)
def test_radiotap(fields, found):
    """The frame follows the header; the field `flags` tells padding and damage, wherever alignment puts it."""
    assert behind_radiotap(b"ab" + fields + bytes(4), 2) == (
        found if isinstance(found, str) else (found, 2 + len(fields))
    )


def test_cut_radiotap():
    """A header longer than what was captured is truncated, one shorter than itself none."""
    assert behind_radiotap(radiotap(bytes(8))[:-1], 0) == "truncated_link_header"
    assert behind_radiotap(bytes(7), 0) == "truncated_link_header"
    assert behind_radiotap(b"\0\0\x07\0" + bytes(4), 0) == "not_ip"


def test_avs_and_prism():
    """Both say how long they are, Prism in either byte order; an AVS header may stand in Prism's place."""
    avs = struct.pack(">II", 0x80211001, 64) + bytes(56)
    assert behind_avs(avs, 0) == behind_prism(avs, 0) == (WIFI_FRAME, 64)
    assert behind_avs(bytes(64), 0) == "not_ip"
    for order in "<>":
        prism = struct.pack(f"{order}II", 0x44, 144) + bytes(136)
        assert behind_prism(prism, 0) == (WIFI_FRAME, 144)
        assert behind_prism(prism[:-1], 0) == "truncated_link_header"
    assert behind_prism(struct.pack(">II", 0x44, 7) + bytes(9), 0) == "not_ip"
    assert behind_prism(bytes(7), 0) == behind_avs(bytes(7), 0) == "truncated_link_header"


def test_ppi():
    """The header names the link type that follows."""
    assert behind_ppi(struct.pack("<BBHI", 0, 0, 12, 105) + bytes(4), 0) == (WIFI_FRAME, 12)
    assert behind_ppi(struct.pack("<BBHI", 0, 0, 8, 1), 0) == (LINK + 1, 8)
    assert behind_ppi(struct.pack("<BBHI", 0, 0, 7, 1), 0) == "not_ip"
    assert behind_ppi(struct.pack("<BBHI", 0, 0, 9, 1), 0) == "truncated_link_header"


@given(st.binary(max_size=80), st.integers(0, 8), st.sampled_from(READERS))
def test_any_bytes(data, at, reader):
    """Hostile bytes never raise, and what they lead to lies behind them."""
    found = reader(data, at)
    assert found in KINDS if isinstance(found, str) else found[1] > at
