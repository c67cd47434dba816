import pytest

from netad.outputs.enrich.address_table import AddressTable


def test_the_narrowest_network_comes_first():
    """Whatever the order in which they were said."""
    table = AddressTable()
    assert not table.add("10.0.0.0/8", "site")
    assert table.add("10.1.2.3", "host")
    table.add("10.1.0.0/16", "floor")
    table.add("0.0.0.0/0", "everywhere")
    table.add("2001:db8::/32", "six")
    assert list(table.find("10.1.2.3")) == ["host", "floor", "site", "everywhere"]
    assert list(table.find("10.9.9.9")) == ["site", "everywhere"]
    assert list(table.find("2001:db8::5")) == ["six"]
    assert list(table.find("::1")) == []
    assert sorted(table.values()) == ["everywhere", "floor", "host", "site", "six"]


def test_what_is_no_address_is_found_nowhere_and_never_added():
    """Texts of events are looked up as they are."""
    table = AddressTable()
    assert list(table.find("printer")) == []
    with pytest.raises(ValueError, match="printer"):
        table.add("printer", 1)
