import re

from hypothesis import given
from hypothesis import strategies as st

from netad.core.identity import content_id, start_of


@given(st.integers(-(10**18), 10**19), st.lists(st.text()))
def test_ids_have_the_documented_form(start_ns, parts):
    """12 hex digits of milliseconds, a dash, 20 hex digits of a hash, whatever goes in."""
    assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]{20}", content_id(start_ns, *parts))


def test_ids_depend_on_content_and_sort_by_time():
    """The same content has the same id, other content another one, and later events sort later."""
    assert content_id(10**18, "a", "b") == content_id(10**18, "a", "b")
    assert content_id(10**18, "a", "b") != content_id(10**18, "ab", "")
    assert content_id(10**18, "a") < content_id(10**18 + 10**6, "a")


def test_an_id_tells_when_its_event_started():
    """To the millisecond; what is no id tells nothing."""
    assert start_of(content_id(1_768_111_200_123_456_789, "a")) == 1_768_111_200_123_000_000
    for other in ("", "x", "0" * 33, content_id(1, "a").upper().replace("0", "A"), content_id(1, "a") + "\n"):
        assert start_of(other) is None
