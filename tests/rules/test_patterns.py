import fnmatch
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.rules.patterns import Pattern, compile_regex, parse_wildcards


def fits(pattern: str, text: str) -> bool:
    parsed = parse_wildcards(pattern)
    return parsed == text if isinstance(parsed, str) else parsed.fits(text)


@given(st.text("ab*?", max_size=8), st.text("ab\n", max_size=10))
def test_wildcards_match_what_fnmatch_matches(pattern, text):
    """`*` is any text, `?` any character, newlines included."""
    assert fits(pattern, text) is (re.match(fnmatch.translate(pattern), text) is not None)


@given(st.text(r"a*?\.[", max_size=10))
def test_an_escaped_pattern_is_a_plain_text(text):
    """A backslash takes the meaning of a wildcard away."""
    escaped = re.sub(r"([*?\\])", r"\\\1", text)
    assert parse_wildcards(escaped) == text


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=8))
def test_stars_around_a_pattern_find_it_anywhere(pattern, text):
    """As `|contains`, `|startswith` and `|endswith` ask; a text without wildcards stays a text."""
    parsed = parse_wildcards(pattern, before=True, after=True)
    if isinstance(parsed, str):
        assert parsed == pattern
    else:
        assert parsed.fits(text) is (re.search(fnmatch.translate(f"*{pattern}*"), text) is not None)


def test_what_a_pattern_surely_holds():
    """Its start, its end and the longest text in it, by which it is looked up."""
    pattern = parse_wildcards("ab?c*longest*z")
    assert isinstance(pattern, Pattern)
    assert (pattern.start, pattern.end, pattern.longest) == ("ab", "z", "longest")
    assert not pattern.everything
    assert Pattern((("",), ("",))).everything


@pytest.mark.parametrize("pattern", ["*a" * 40 + "*b", "*?a" * 40 + "*b"])
def test_a_hostile_wildcard_does_not_backtrack(pattern):
    """Forty stars over a long text that almost fits end at once; a backtracking matcher would need years."""
    started = time.process_time()
    assert not fits(pattern, "a" * 5000)
    assert time.process_time() - started < 2


def test_a_hostile_regular_expression_does_not_backtrack():
    """What takes a backtracking matcher for ever is linear in RE2."""
    expression = compile_regex("(a|a)*(a+)+$")
    started = time.process_time()
    assert expression.search("a" * 20_000 + "b") is None
    assert time.process_time() - started < 2


@pytest.mark.parametrize("source", ["(", r"(a)\1", "(?=a)b", "a{2000}", "(((a{100}){100}){100})", "[z-a]", "*"])
def test_what_re2_cannot_match_in_linear_time_is_refused(source):
    """Back-references, look-around, and expressions that would grow too large."""
    with pytest.raises(ValueError, match=r"^this is no regular expression of RE2"):
        compile_regex(source)
