"""Tests of netad.ingest.logs.text."""

import numpy as np
import pytest

from netad.ingest.facts.text import MAX_TEXT
from netad.ingest.logs.text import cut, host_name, lower_name


def one(function, text):
    column = np.array([text, text], dtype=object)
    return function(column).tolist()[1]


@pytest.mark.parametrize(
    ("host", "name"),
    [("Example.ORG:8080", "example.org"), ("example.org.", "example.org"), ("[2001:db8::1]:80", "2001:db8::1"),
     ("2001:db8::1", "2001:db8::1"), ("10.0.0.1:80", "10.0.0.1"), ("", ""), ("example.org:", "example.org"),
     ("a:b", "a:b")],
)  # fmt: skip
def test_hosts(host, name):
    """In lower case, without a port."""
    assert one(host_name, host) == name


def test_names():
    """In lower case, without the last dot; nothing is longer than texts of captures are."""
    assert one(lower_name, "WWW.Example.Org.") == "www.example.org"
    assert one(lower_name, ".") == ""
    assert len(one(cut, "x" * 9999)) == len(one(lower_name, "x" * 9999)) == MAX_TEXT
