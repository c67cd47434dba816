"""Failures of the network in words."""

import ssl

from netad.outputs.network import cause, tls_error


def chained(outer, inner):
    try:
        raise outer from inner
    except Exception as error:
        return error


def test_the_innermost_reason_is_told():
    """The operating system's words, whatever is wrapped around them."""
    error = chained(RuntimeError("<object at 0x7f>: failed"), ConnectionRefusedError(111, "Connection refused"))
    assert cause(error) == "Connection refused"


def test_what_has_no_better_words_is_told_as_it_is_but_safely():
    """One line, no control characters."""
    assert cause(ValueError("bad\n\x1b[2J name")) == "bad \\x1b[2J name"


def test_errors_of_tls_are_found_as_arguments_too():
    """As urllib3 hands them over; their reason is told rather than file and line of OpenSSL."""
    inner = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)")
    inner.reason = "WRONG_VERSION_NUMBER"
    error = RuntimeError(inner)
    assert tls_error(error) is inner
    assert cause(error) == "wrong version number"
    assert tls_error(ConnectionResetError()) is None


def test_errors_that_go_round_in_circles_end():
    """However they are chained."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert cause(first) in ("first", "second")
