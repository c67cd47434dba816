"""Tests of netad.ingest.facts.client_hello."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.facts.client_hello import ClientHello, is_handshake, read_client_hello
from tests.ingest.facts.messages import client_hello, numbers, server_name, sized, tls_records

GREASE = 0x5A5A
ALL = (
    (GREASE, b""),
    server_name("WWW.Example.com"),
    (10, sized(numbers((GREASE, 29, 23)))),
    (11, sized(b"\0\1", 1)),
    (13, sized(numbers((0x0403, 0x0804)))),
    (16, sized(sized(b"h2", 1) + sized(b"http/1.1", 1))),
    (43, sized(numbers((GREASE, 0x0304, 0x0303)), 1)),
)
HELLO = client_hello((GREASE, 0x1301, 0x002F), ALL)


def test_everything_a_fingerprint_needs():
    """Lists are in the order offered, without GREASE; the name is lower case."""
    assert read_client_hello(tls_records(HELLO), last=False) == ClientHello(
        version=0x0303, ciphers=(0x1301, 0x002F), extensions=(0, 10, 11, 13, 16, 43), groups=(29, 23),
        point_formats=(0, 1), signatures=(0x0403, 0x0804), versions=(0x0304, 0x0303), alpn=b"h2",
        server_name="www.example.com", whole=True,
    )  # fmt: skip


def test_without_extensions():
    """SSL 3.0 clients have none at all."""
    found = read_client_hello(tls_records(client_hello((4, 5), version=0x0300)), last=False)
    assert (found.version, found.ciphers, found.extensions, found.server_name) == (0x0300, (4, 5), (), "")


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_message_over_several_records(size):
    """Records may be cut anywhere."""
    found = read_client_hello(tls_records(HELLO, size), last=False)
    assert (found.whole, found.server_name) == (True, "www.example.com")


def test_what_follows_the_message_is_not_looked_at():
    """Early data or a second record behind the ClientHello changes nothing."""
    alone = read_client_hello(tls_records(HELLO), last=False)
    assert read_client_hello(tls_records(HELLO) + b"\x14\x03\x03\0\1\1", last=False) == alone


def test_a_part_is_waited_for():
    """Every beginning asks for more, unless there is no more."""
    octets = tls_records(HELLO)
    assert {read_client_hello(octets[:size], last=False) for size in range(len(octets))} == {"more"}


def test_a_cut_message_tells_what_it_can():
    """The name is told if all of it is there."""
    octets = tls_records(HELLO)
    behind = octets.index(b"WWW.Example.com") + 15
    cut = read_client_hello(octets[:behind], last=True)
    assert (cut.whole, cut.server_name) == (False, "www.example.com")
    assert read_client_hello(octets[: behind - 1], last=True).server_name == ""
    assert read_client_hello(octets[:30], last=True) == "none"


def test_other_handshakes_are_none():
    """A ServerHello, a damaged record and other protocols are no ClientHello."""
    assert read_client_hello(tls_records(b"\2" + HELLO[1:]), last=False) == "none"
    assert read_client_hello(b"\x16\x03\x01\xff\xff" + bytes(50), last=False) == "none"
    assert read_client_hello(b"GET / HTTP/1.1\r\n", last=False) == "none"


def test_is_handshake():
    """Two octets tell."""
    assert is_handshake(tls_records(HELLO))
    assert not is_handshake(b"\x16")
    assert not is_handshake(b"\x17\x03\x03")


@given(st.binary(max_size=400), st.booleans(), st.booleans())
def test_any_bytes(body, framed, last):
    """Nothing is raised, whatever is in the message or in its place."""
    octets = tls_records(b"\1" + sized(body, 3)) if framed else b"\x16\x03" + body
    found = read_client_hello(octets, last)
    assert found in ("more", "none") or isinstance(found, ClientHello)
    assert found != "more" or not last


@given(st.integers(0, len(HELLO) - 1), st.integers(0, 255))
def test_any_octet_may_be_wrong(place, octet):
    """A damaged message is read as far as it makes sense."""
    damaged = HELLO[:place] + bytes([octet]) + HELLO[place + 1 :]
    found = read_client_hello(tls_records(damaged), last=True)
    assert found == "none" or len(found.server_name) <= 4 * 255
