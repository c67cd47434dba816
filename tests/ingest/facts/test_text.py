"""Tests of netad.ingest.facts.text."""

from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.facts.text import MAX_TEXT, printable


def test_printable_text_stays():
    """Letters, marks and spaces are as they were."""
    assert printable(b"HP LaserJet._ipp._tcp.local") == "HP LaserJet._ipp._tcp.local"


def test_what_a_terminal_would_act_on_is_escaped():
    """Control octets, octets beyond ASCII and the backslash itself are written as Zeek writes them."""
    assert printable(b"a\x1b[2J\n\xc3\xa9\\") == "a\\x1b[2J\\x0a\\xc3\\xa9\\x5c"


@given(st.binary(max_size=600))
def test_any_octets_give_bounded_printable_text(octets):
    """Whatever comes in, it is ASCII on one line, no longer than four characters an octet."""
    text = printable(octets)
    assert text.isascii()
    assert text == "" or text.isprintable()
    assert len(text) <= 4 * MAX_TEXT
