import ipaddress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import Networks, format_address, format_addresses, is_v4, pack_address, parse_address
from netad.core.errors import ConfigError

ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


def columns(addresses):
    halves = [parse_address(str(address)) for address in addresses]
    return np.array([h for h, _ in halves], np.uint64), np.array([w for _, w in halves], np.uint64)


@given(ADDRESSES)
def test_text_form_survives_the_round_trip(address):
    """An address parsed and formatted is the same address, and IPv4-mapped IPv6 is shown as IPv4."""
    high, low = parse_address(str(address))
    mapped = getattr(address, "ipv4_mapped", None)
    assert ipaddress.ip_address(format_address(high, low)) == (mapped or address)
    assert is_v4(high, low) == (address.version == 4 or mapped is not None)
    assert len(pack_address(high, low)) == (4 if is_v4(high, low) else 16)


@given(st.lists(ADDRESSES, max_size=20))
def test_columns_are_formatted_like_single_addresses(addresses):
    """Formatting a column gives what formatting each address gives."""
    high, low = columns(addresses)
    expected = [format_address(int(h), int(w)) for h, w in zip(high, low, strict=True)]
    assert format_addresses(high, low).tolist() == expected


@given(st.lists(ADDRESSES, min_size=1, max_size=20))
def test_networks_agree_with_the_standard_library(addresses):
    """Membership over columns equals ipaddress's membership, one by one."""
    texts = ["10.0.0.0/8", "192.168.1.0/24", "fc00::/7", "2001:db8::/33", "128.0.0.0/1"]
    expected = [
        any(a in ipaddress.ip_network(t) for t in texts)
        for a in (getattr(address, "ipv4_mapped", None) or address for address in addresses)
    ]
    assert Networks.parse(texts).contains(*columns(addresses)).tolist() == expected


def test_a_network_that_is_none_is_named():
    """The sentence says what was given and what was expected."""
    with pytest.raises(ConfigError, match=r"'10\.0\.0/99' is not a network"):
        Networks.parse(["10.0.0/99"])
