"""Tests of netad.ingest.facts.domains."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.facts.domains import label_entropy, registered_domain, registered_domains


def column(names):
    found = np.empty(len(names), dtype=object)
    found[:] = names
    return found


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("www.example.com", "example.com"),
        ("www.example.co.uk", "example.co.uk"),
        ("a.b.city.kawasaki.jp", "city.kawasaki.jp"),
        ("one.github.io", "one.github.io"),
        ("x.bot.duckdns.org", "bot.duckdns.org"),
        ("_ldap._tcp.dc._msdcs.corp.local", "corp.local"),
        ("xn--bcher-kva.example.xn--p1ai", "example.xn--p1ai"),
        ("example.com.", "example.com"),
    ],
)
def test_registered_domains_of_names(name, domain):
    """By the public suffix list, its private section included; below unlisted top-level domains the last two labels."""
    assert registered_domain(name) == domain


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "wpad",
        "com",
        "co.uk",
        "10.0.0.1",
        "2001:db8::1",
        "1.0.0.10.in-addr.arpa",
        "_ipp._tcp.local",
        "a..b.com",
    ],
)
def test_names_without_a_registered_domain(name):
    """Addresses, single labels, suffixes, reverse look-ups, mDNS service types and broken names."""
    assert registered_domain(name) == ""


def test_columns():
    """Every row gets what its name alone gets."""
    names = column(["a.example.com", "b.example.com", "wpad", "a.example.com"])
    assert registered_domains(names).tolist() == ["example.com", "example.com", "", "example.com"]
    assert registered_domains(column([])).tolist() == []


def test_entropy():
    """Bits per character: 0 of one letter, 1 of two equally often, more of random names; the suffix does not count."""
    found = label_entropy(column(["aaaa.com", "abab.co.uk", "abcd.efgh.org", "wpad", "xj4k9qpz2m.net"]))
    assert found[:4].tolist() == [0.0, 1.0, 3.0, 2.0]
    assert found[4] == pytest.approx(np.log2(10))


def test_entropy_of_nothing():
    """Where nobody chose a name there is nothing to measure."""
    assert np.isnan(label_entropy(column(["", "co.uk", "10.0.0.1", "1.0.0.10.in-addr.arpa", "arpa"]))).all()
    assert len(label_entropy(column([]))) == 0


@given(st.lists(st.text(max_size=40) | st.from_regex(r"[a-z0-9.\-_]{0,30}", fullmatch=True), max_size=20))
def test_any_names(names):
    """Nothing is raised; a registered domain ends its name, and entropy is that of so many characters at most."""
    domains = registered_domains(column(names))
    for name, domain in zip(names, domains.tolist(), strict=True):
        assert name.lower().removesuffix(".").endswith(domain)
    bits = label_entropy(column(names))
    assert ((bits >= 0) & (bits <= 8) | np.isnan(bits)).all()
