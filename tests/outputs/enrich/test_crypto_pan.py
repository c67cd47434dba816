import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import format_addresses, parse_address
from netad.core.errors import MissingExtraError
from netad.outputs.enrich.crypto_pan import CryptoPan

# IPv4: from the sample trace of the reference implementation (Xu, Fan, Ammar, Moon). IPv6: as yacryptopan has them.
VECTORS = {
    "128.11.68.132": "135.242.180.132",
    "129.118.74.4": "134.136.186.123",
    "130.132.252.244": "133.68.164.234",
    "141.223.7.43": "141.167.8.160",
    "141.233.145.108": "141.129.237.235",
    "152.163.225.39": "151.140.114.167",
    "192.102.249.13": "252.138.62.131",
    "1.2.3.4": "121.3.0.245",
    "2001:db8::1": "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e",
    "::1": "78ff:f001:9fc0:20df:8380:b1f1:704:ed",
    "fe80::1234:5678": "cf7f:c0e:1fc3:da1c:70:b18e:edca:b97c",
}


def anonymised(pan, texts):
    high, low = np.array([parse_address(text) for text in texts], dtype=np.uint64).reshape(-1, 2).T
    return format_addresses(*pan.anonymise(high, low)).tolist()


def test_it_is_the_published_method(key):
    """Both kinds of addresses in one column, in any order and more than once."""
    texts = [*VECTORS, *reversed(VECTORS)]
    assert anonymised(CryptoPan(key), texts) == [VECTORS[text] for text in texts]
    assert anonymised(CryptoPan(key), []) == []


@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_shared_prefixes_stay_and_no_more(one, other):
    """Two addresses share as many leading bits afterwards as before, so that they differ when they did."""
    first, second = map(parse_address, anonymised(CryptoPan(bytes(range(32))), [str(one), str(other)]))
    assert (first[1] ^ second[1]).bit_length() == (int(one) ^ int(other)).bit_length()


def test_another_key_makes_other_addresses(key):
    """And the same key the same ones."""
    assert anonymised(CryptoPan(key[::-1]), ["10.0.0.1"]) != anonymised(CryptoPan(key), ["10.0.0.1"])
    assert anonymised(CryptoPan(key), ["10.0.0.1"]) == anonymised(CryptoPan(key), ["10.0.0.1"])


def test_a_key_of_another_length_is_none(key):
    """16 bytes would be the cipher's key alone."""
    with pytest.raises(ValueError, match="32 bytes"):
        CryptoPan(key[:16])


def test_without_the_cipher_the_extra_is_named(monkeypatch, key):
    """The message says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives.ciphers", None)
    with pytest.raises(MissingExtraError, match=r"netad\[anonymize\]"):
        CryptoPan(key)
