"""Tests of netad.ingest.logs.dns_codes."""

from netad.ingest.logs.dns_codes import RCODES, TYPES


def test_numbers():
    """IANA's, for what profiles look at."""
    assert [TYPES[name] for name in ("A", "NULL", "TXT", "AAAA", "HTTPS")] == [1, 10, 16, 28, 65]
    assert [RCODES[name] for name in ("NOERROR", "SERVFAIL", "NXDOMAIN", "REFUSED")] == [0, 2, 3, 5]
    assert len(set(TYPES.values())) == len(TYPES)
