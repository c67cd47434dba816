"""Tests of netad.ingest.facts.dns_message."""

import struct

from hypothesis import example, given
from hypothesis import strategies as st

from netad.core.addresses import parse_address
from netad.ingest.facts.dns_message import DnsMessage, parse_dns
from tests.ingest.facts.messages import AAAA, SRV, TXT, A, answer, name_of, question, record_of


def test_question():
    """Identifier, name in lower case, and type."""
    assert parse_dns(question("WwW.Example.COM", TXT, 99)) == DnsMessage(99, False, -1, "www.example.com", TXT, ())


def test_answer_with_addresses_of_both_families():
    """Addresses come in order; what points to the question's name is skipped."""
    found = parse_dns(answer("example.com", ("192.0.2.1", "2001:db8::1")))
    assert (found.is_answer, found.rcode, found.query, found.query_type) == (True, 0, "example.com", A)
    assert found.addresses == (parse_address("192.0.2.1"), parse_address("2001:db8::1"))


def test_failed_answer():
    """The response code is told."""
    assert parse_dns(answer("nowhere.invalid", rcode=3)).rcode == 3


def test_other_records_are_passed_over():
    """A CNAME in front of the address costs nothing, and an address of the wrong size is none."""
    alias = b"\xc0\x0c" + struct.pack(">HHIH", 5, 1, 60, 2) + b"\xc0\x0c"
    short = b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 60, 3) + b"abc"
    data = answer("a.example", ("192.0.2.1",) * 3)
    head = data[:6] + struct.pack(">H", 3) + data[8 : 12 + len(name_of("a.example")) + 4]
    found = parse_dns(head + alias + short + record_of(b"\xc0\x0c", "192.0.2.9"))
    assert found.addresses == (parse_address("192.0.2.9"),)


def test_mdns_answer_has_the_name_of_its_first_record():
    """Without a question the first answer names what it is about; the cache-flush bit is no other class."""
    data = struct.pack(">HHHHHH", 0, 0x8400, 0, 1, 0, 0) + record_of(name_of("Printer.local"), "10.0.0.9", 0x8001)
    found = parse_dns(data)
    assert (found.query, found.query_type, found.addresses) == ("printer.local", 0, (parse_address("10.0.0.9"),))


def test_root_and_odd_names():
    """The root has the name "", and octets nobody can print are escaped."""
    assert parse_dns(question("")).query == ""
    assert parse_dns(question("a\x00\xff.example")).query == "a\\x00\\xff.example"


def test_loops_and_pointers_ahead_end_the_message():
    """A name that points to itself or ahead is not read, and does not hang."""
    for pointer in (b"\xc0\x0c", b"\xc0\x40", b"\x01a\xc0\x0c"):
        assert parse_dns(struct.pack(">HHHHHH", 1, 0, 1, 0, 0, 0) + pointer + b"\0\1\0\1" + bytes(80)) is None


def test_cut_answer_still_says_what_it_can():
    """A snapshot that ends in the answers leaves question and code."""
    found = parse_dns(answer("example.com", ("192.0.2.1", "192.0.2.2"))[:-3])
    assert (found.query, found.addresses) == ("example.com", (parse_address("192.0.2.1"),))


def test_what_is_no_standard_query_is_none():
    """Updates, absurd counts, short payloads and questions that cannot be read are no look-ups."""
    assert parse_dns(question("example.com", flags=0x2800)) is None
    assert parse_dns(struct.pack(">HHHHHH", 1, 0, 26, 0, 0, 0) + bytes(400)) is None
    assert parse_dns(question("example.com")[:20]) is None
    assert parse_dns(bytes(11)) is None


def test_absurd_counts_are_bounded_by_what_is_there():
    """A header that promises 65,535 answers gives those that came."""
    data = answer("example.com", ("192.0.2.1",), SRV)
    found = parse_dns(data[:6] + b"\xff\xff" + data[8:])
    assert len(found.addresses) == 1


def test_long_names_are_no_names():
    """More than 255 octets of labels are refused."""
    assert parse_dns(question(".".join(["a" * 63] * 3))) is not None
    assert parse_dns(question(".".join(["a" * 63] * 4))) is None


@given(st.binary(max_size=300), st.sampled_from((0, 0x8180)), st.integers(0, 3), st.integers(0, 3))
@example(b"\xc0\x0c" * 100, 0x8180, 3, 3)
def test_any_bytes(body, flags, questions, answers):
    """Nothing is raised, and what is told is bounded."""
    found = parse_dns(struct.pack(">HHHHHH", 1, flags, questions, answers, 0, 0) + body)
    if found is not None:
        assert len(found.query) <= 4 * 255
        assert len(found.addresses) <= answers


@given(st.lists(st.text("abcXYZ019-_", min_size=1, max_size=20), min_size=1, max_size=6), st.sampled_from((A, AAAA)))
def test_names_come_back(labels, kind):
    """Any name of printable labels is read as it was written, in lower case."""
    name = ".".join(labels)
    found = parse_dns(question(name, kind))
    assert (found.query, found.query_type) == (name.lower(), kind)
