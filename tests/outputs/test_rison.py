"""Rison as Kibana reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.outputs.rison import rison

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "!n"),
        ([True, False], "!(!t,!f)"),
        ({"from": "now-7d", "to": "now"}, "('from':'now-7d','to':'now')"),
        ("it's!", "'it!'s!!'"),
        ({"a": [], "b": {}}, "('a':!(),'b':())"),
        ([0, -3, 1.5, 1e30], "!(0,-3,1.5,1e30)"),
    ],
)
def test_values_are_written_as_the_notation_has_them(value, text):
    """The examples of its description, with every string quoted."""
    assert rison(value) == text


@given(PLAIN)
def test_what_is_written_can_be_read_back(value):
    """A reader by the notation's own grammar finds the value that was written."""
    assert Reader(rison(value)).whole() == value


class Reader:
    """A reader of Rison, for this test."""

    def __init__(self, text):
        self.text, self.place = text, 0

    def whole(self):
        value = self.value()
        assert self.place == len(self.text)
        return value

    def take(self, token):
        found = self.text.startswith(token, self.place)
        self.place += len(token) * found
        return found

    def value(self):
        for token, value in (("!n", None), ("!t", True), ("!f", False)):
            if self.take(token):
                return value
        if self.take("!("):
            return list(self.items(self.value))
        if self.take("("):
            return dict(self.items(self.pair))
        return self.string() if self.take("'") else self.number()

    def items(self, read):
        while not self.take(")"):
            yield read()
            self.take(",")

    def pair(self):
        name = self.value()
        assert self.take(":")
        return name, self.value()

    def string(self):
        found = ""
        while not self.take("'"):
            self.place += self.text[self.place] == "!"
            found += self.text[self.place]
            self.place += 1
        return found

    def number(self):
        start = self.place
        while self.place < len(self.text) and self.text[self.place] in "-0123456789":
            self.place += 1
        return int(self.text[start : self.place])
