"""Tests of netad.ingest.facts.http_request."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netad.ingest.facts.http_request import Request, may_be_request, read_request

HEAD = b"GET /index.html HTTP/1.1\r\nHost: WWW.Example.com:8080\r\nAccept: */*\r\nUser-Agent: curl/8.5.0\r\n\r\n"


def test_request():
    """Method, host in lower case without its port, user agent as it is."""
    assert read_request(HEAD, last=False) == Request("GET", "www.example.com", "curl/8.5.0")


def test_names_of_headers_in_any_case_and_bare_line_feeds():
    """Real clients, and malware, write both."""
    head = b"POST /x HTTP/1.0\nhOST:a.example\nUSER-AGENT:\tbad agent \n\n"
    assert read_request(head, last=False) == Request("POST", "a.example", "bad agent")


@pytest.mark.parametrize(
    ("host", "told"),
    [(b"[2001:DB8::1]:80", "2001:db8::1"), (b"10.0.0.1:81", "10.0.0.1"), (b"a.example:", "a.example"), (b"", ""),
     (b"a:b:c", "a:b:c"), (b"a\x1b[1m", "a\\x1b[1m")],
)  # fmt: skip
def test_hosts(host, told):
    """Ports and brackets are taken off, what cannot be printed is escaped."""
    assert read_request(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n", last=False).host == told


def test_headers_of_the_body_do_not_count():
    """What stands behind the empty line is no header."""
    assert read_request(b"POST / HTTP/1.1\r\n\r\nHost: a\r\nUser-Agent: b\r\n\r\n", last=False) == Request(
        "POST", "", ""
    )


def test_the_first_host_counts():
    """A second one is a trick."""
    head = b"GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n"
    assert read_request(head, last=False).host == "a.example"


def test_a_part_is_waited_for():
    """Until both headers or the empty line are there."""
    enough = HEAD.index(b"\r\n\r\n") + 2
    assert {read_request(HEAD[:size], last=False) for size in range(enough)} == {"more"}
    assert read_request(HEAD[:enough], last=False) == read_request(HEAD, last=False)


def test_a_cut_head_tells_what_it_can():
    """A header without its end of line is not believed."""
    assert read_request(HEAD[:-6], last=True) == Request("GET", "www.example.com", "")
    assert read_request(HEAD[:10], last=True) == "none"


@pytest.mark.parametrize(
    "octets",
    [b"USER anonymous\r\n", b"EHLO a.example\r\n", b"GET /\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"G\r\n"],
)
def test_other_protocols_are_none(octets):
    """FTP, SMTP, HTTP/0.9 and HTTP/2 are no HTTP/1 requests."""
    assert read_request(octets, last=False) == "none"


def test_may_be_request():
    """A word in capitals and a space."""
    assert may_be_request(b"GET /")
    assert may_be_request(b"M-SEARCH * ")
    assert not may_be_request(b"HTTP/1.1 200 OK")
    assert not may_be_request(b"get / ")


@given(st.binary(max_size=300), st.booleans(), st.booleans())
@example(b"\nHost:" + b" " * 8000, True, False)
def test_any_bytes(octets, headed, last):
    """Nothing is raised, what is told can be printed, and the end is the end."""
    found = read_request(b"GET / HTTP/1.1\r" * headed + octets, last)
    assert found != "more" or not last
    if isinstance(found, Request):
        assert (found.host + found.user_agent + "x").isprintable()
