"""Tests of netad.ingest.facts.encrypted_dns."""

import numpy as np

from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.facts.encrypted_dns import (
    EncryptedDns,
    encrypted_dns_by_port,
    encrypted_dns_of_tls,
    is_doh_server,
)

NONE, DOT, DOQ, DOH = EncryptedDns


def tls(*pairs):
    row = {"time_ns": 0, "orig_hi": 0, "orig_lo": 1, "resp_hi": 0, "resp_lo": 2, "orig_port": 3, "protocol": 6,
           "ja3": "", "ja4": ""}  # fmt: skip
    rows = [{**row, "resp_port": port, "server_name": name} for port, name in pairs]
    return FactBatch.from_rows(FactKind.TLS, rows)


def test_greetings_to_resolvers():
    """By port, then by name; anything else is no look-up."""
    facts = tls((853, "dns.google"), (443, "dns.google"), (443, "www.google.com"), (443, ""), (8443, "doh.opendns.com"))
    assert encrypted_dns_of_tls(facts).tolist() == [DOT, DOH, NONE, NONE, DOH]


def test_facts_without_server_names():
    """A log that has no such column still tells by port."""
    facts = tls((853, ""), (443, ""))
    bare = FactBatch(facts.kind, {name: column for name, column in facts.columns.items() if name != "server_name"})
    assert encrypted_dns_of_tls(bare).tolist() == [DOT, NONE]


def test_ports():
    """Port 853 is DNS over TLS on TCP and over QUIC on UDP."""
    protocol, port = np.array([6, 17, 6, 132], dtype=np.uint8), np.array([853, 853, 443, 853], dtype=np.uint16)
    assert encrypted_dns_by_port(protocol, port).tolist() == [DOT, DOQ, NONE, NONE]


def test_customers_names_count():
    """Providers give customers names of their own; a name that merely ends alike is another's."""
    assert is_doh_server("abc123.dns.nextdns.io")
    assert is_doh_server("chrome.cloudflare-dns.com")
    assert not is_doh_server("evil-dns.google")
    assert not is_doh_server("")
