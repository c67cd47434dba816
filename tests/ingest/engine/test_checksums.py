"""Tests of netad.ingest.engine.checksums: beside the reference."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.checksums import Strict
from netad.ingest.engine.checksums import BAD_CHECKSUM, BAD_IP_CHECKSUM, SOUND, TOO_LONG, fault, is_without_length
from tests.ingest.engine.test_decode import HANDED_OVER, expected, kernel
from tests.ingest.frames import ethernet, ip4, ip6, record, tcp, udp
from tests.ingest.test_checksums import SOUND as PACKETS


def frame_of(name, packet):
    return ethernet(packet, 0x86DD if PACKETS[name][0] >> 4 == 6 else 0x0800)


def fault_of(packet, on_wire=None, strict=Strict.CHECKSUMS):
    """Return the fault of a packet that lies between other bytes."""
    block = np.frombuffer(b"\xff" * 3 + packet + b"\xff" * 9, np.uint8).copy()
    return fault(block, 3, 3 + len(packet), len(packet) if on_wire is None else on_wire, int(strict))


@pytest.mark.parametrize("name", PACKETS)
def test_every_changed_byte_has_the_references_answer(name):
    """One byte after the other, also cut after it: the same packet or kind."""
    packet = PACKETS[name]
    assert fault_of(packet) == SOUND
    answers = set()
    for place in range(len(packet)):
        damaged = packet[:place] + bytes((packet[place] ^ 0x21,)) + packet[place + 1 :]
        for data in (damaged, packet[:place]):
            captured = record(frame_of(name, data), wire_length=14 + len(packet))
            found = kernel(captured, strict=Strict.CHECKSUMS)
            assert found in (expected(captured, strict=Strict.CHECKSUMS), HANDED_OVER), place
            answers.add(found if isinstance(found, str) else "packet")
    assert {"bad_checksum", "packet"} <= answers


@given(
    st.sampled_from(sorted(PACKETS)),
    st.binary(min_size=1, max_size=40),
    st.integers(0, 1 << 16),
    st.sampled_from(Strict),
)
def test_any_damage_has_the_references_answer(name, noise, place, strict):
    """Any bytes over any place, any wire length."""
    packet = bytearray(PACKETS[name])
    place %= len(packet)
    packet[place : place + len(noise)] = noise
    captured = record(frame_of(name, bytes(packet)), wire_length=14 + len(packet) + len(noise) % 3)
    assert kernel(captured, strict=strict) in (expected(captured, strict=strict), HANDED_OVER)


def test_faults():
    """Each has its number, lengths come first and are all that is asked for without checksums."""
    packet = PACKETS["udp"]
    assert fault_of(packet, on_wire=len(packet) - 1) == TOO_LONG
    assert fault_of(packet[:8] + b"\7" + packet[9:]) == BAD_IP_CHECKSUM
    assert fault_of(packet[:-1] + b"\7") == BAD_CHECKSUM
    assert fault_of(packet[:-1] + b"\7", strict=Strict.LENGTHS) == SOUND


def test_the_length_that_is_left_to_the_card():
    """Only IPv4's counts as none; a jumbogram has its length elsewhere."""
    for packet, without in ((ip4(tcp(), 6, length=0), True), (ip4(udp()), False), (ip6(udp(), length=0), False)):
        assert is_without_length(np.frombuffer(packet, np.uint8), 0) == without


def test_long_packets():
    """Sums of 64 KiB of the largest words do not overflow."""
    packet = ip4(b"\xff" * 65_000, 89)
    assert fault_of(packet) == BAD_IP_CHECKSUM
    assert fault_of(ip6(udp(b"\xff" * 65_000))) == SOUND
    assert fault_of(ip6(tcp(b"\xff" * 65_000), 6)) == BAD_CHECKSUM
