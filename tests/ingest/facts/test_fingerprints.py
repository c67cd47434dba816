"""Tests of netad.ingest.facts.fingerprints, on the examples that the specifications publish."""

import pytest

from netad.ingest.facts.client_hello import ClientHello, read_client_hello
from netad.ingest.facts.fingerprints import ja3, ja3_text, ja4
from tests.ingest.facts.messages import client_hello, numbers, server_name, sized, tls_records

# The example of https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md, as JA4_ro: in the order offered.
CIPHERS = "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
EXTENSIONS = "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015"
SIGNATURES = "0403,0804,0401,0503,0805,0501,0806,0601"


def listed(text):
    return tuple(int(number, 16) for number in text.split(",")) if text else ()


def hello(**fields):
    plain = {"version": 0x0303, "ciphers": (), "extensions": (), "groups": (), "point_formats": (), "signatures": (),
             "versions": (), "alpn": b"", "server_name": "", "whole": True}  # fmt: skip
    return ClientHello(**{**plain, **fields})


def offered(text):
    """Return a ClientHello with the fields of a JA3 text."""
    version, *lists = text.split(",")
    fields = [tuple(map(int, numbers.split("-"))) if numbers else () for numbers in lists]
    return hello(version=int(version), ciphers=fields[0], extensions=fields[1], groups=fields[2],
                 point_formats=fields[3])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0", "ada70206e40642a3e4461f35503241d5"),
        ("769,4-5-10-9-100-98-3-6-19-18-99,,,", "de350869b8c85de67a350c8d186f11e6"),
    ],
)
def test_ja3_of_its_readme(text, digest):
    """The two examples of https://github.com/salesforce/ja3."""
    assert ja3_text(offered(text)) == text
    assert ja3(offered(text)) == digest


def test_ja3_from_the_wire():
    """The first example as a message, with GREASE, which JA3 leaves out."""
    message = client_hello(
        (0x1A1A, 47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4),
        (server_name("a.example"), (0x2A2A, b""), (10, sized(numbers((0x3A3A, 23, 24, 25)))), (11, sized(b"\0", 1))),
        version=769,
    )
    assert ja3(read_client_hello(tls_records(message), last=False)) == "ada70206e40642a3e4461f35503241d5"


def test_ja4_of_its_specification():
    """The worked example."""
    example = hello(ciphers=listed(CIPHERS), extensions=listed(EXTENSIONS), signatures=listed(SIGNATURES),
                    versions=(0x0304, 0x0303), alpn=b"h2", server_name="example.com")  # fmt: skip
    assert ja4(example) == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def test_ja4_without_signature_algorithms():
    """The specification's second hash: the list of extensions ends without an underscore."""
    assert ja4(hello(extensions=listed(EXTENSIONS))).endswith("_6d807ffa2a79")


def test_ja4_from_the_wire():
    """A TLS 1.0 client whose only extension is the server name, which has its place in front: nothing is left to hash.

    Ciphers and fingerprint are those published for socks-https-example.pcap (FoxIO-LLC/ja4, python/test/testdata).
    """
    ciphers = "0039,0038,0035,0016,0013,000a,0033,0032,002f,009a,0099,0096,0005,0004,0015,0012,0009,0014,0011,0008,0006,0003,00ff"  # noqa: E501
    message = client_hello(listed(ciphers), (server_name("www.example.com"),), version=0x0301)
    found = read_client_hello(tls_records(message), last=False)
    assert ja4(found) == "t10d230100_6a57a6f57151_000000000000"


def test_ja4_of_nothing():
    """Without ciphers and extensions there is nothing to hash, and no name means an address."""
    assert ja4(hello()) == "t12i000000_000000000000_000000000000"


@pytest.mark.parametrize(
    ("alpn", "ends"),
    [(b"", "00"), (b"h2", "h2"), (b"http/1.1", "h1"), (b"x", "xx"), (b"\xab", "ab"), (b"\xab\xcd", "ad"),
     (b"\x30\xab", "3b"), (b"\x30\x31\xab\xcd", "3d"), (b"\x30\xab\xcd\x31", "01")],
)  # fmt: skip
def test_ja4_ends_of_the_protocol(alpn, ends):
    """First and last character of the first protocol, the specification's own cases."""
    assert ja4(hello(alpn=alpn))[8:10] == ends


@pytest.mark.parametrize(
    ("version", "versions", "text"),
    [(0x0303, (), "12"), (0x0300, (), "s3"), (0x0303, (0x0303, 0x0304), "13"), (0x0303, (0x7F17,), "00")],
)
def test_ja4_version(version, versions, text):
    """The highest of supported_versions, without these the message's own."""
    assert ja4(hello(version=version, versions=versions))[1:3] == text


def test_ja4_counts_end_at_99():
    """Two digits each."""
    assert ja4(hello(ciphers=tuple(range(1, 200)), extensions=tuple(range(1, 120)))).startswith("t12i999900")
