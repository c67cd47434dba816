"""Tests of netad.ingest.facts.spoken."""

from dataclasses import fields

from netad.ingest.decode import Packet
from netad.ingest.facts.spoken import Spoken, spoken_in_record
from tests.ingest.frames import ethernet, ip4, record, udp


def test_it_has_the_fields_of_a_packet():
    """By their names, and the payload."""
    assert set(Spoken._fields) - {field.name for field in fields(Packet)} == {"payload"}


def test_what_has_no_payload_says_nothing():
    """Neither a packet that was snapped in front of it, nor what is no packet."""
    whole = ethernet(ip4(udp(b"question", 999, 53)))
    assert spoken_in_record(record(whole)).payload == b"question"
    assert spoken_in_record(record(whole[:42])) is None
    assert spoken_in_record(record(b"no packet")) is None
