import ipaddress

import pytest

from netad.sample.hosts import address_text
from netad.sample.sites import FIRST_HOSTILE, MAIL_PARTNERS, SITE_COUNT, build_world

RESERVED = [
    ipaddress.ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "2001:db8::/32")
]


def everything(world):
    return [*world.sites, *world.services.values(), *world.dead]


@pytest.mark.parametrize("seed", [0, 3, 7])
def test_nothing_real_is_named(seed):
    """Addresses are from ranges for documentation and benchmarks, names end in example or example.com."""
    for site in everything(build_world(seed)):
        assert site.name.endswith((".example", ".example.com"))
        for end in (*site.v4, *site.v6):
            assert any(ipaddress.ip_address(end.address) in network for network in RESERVED)


def test_addresses_and_names_are_used_once(world):
    """A name or an address belongs to one site."""
    names = [site.name for site in everything(world)]
    addresses = [end.address for site in everything(world) for end in (*site.v4, *site.v6)]
    assert len(set(names)) == len(names) >= SITE_COUNT
    assert len(set(addresses)) == len(addresses)


def test_attackers_have_neighbours_but_not_their_addresses(world):
    """Normal sites are in the attackers' networks too, below the addresses kept for attackers."""
    shared = [address_text(end) for site in world.sites for end in site.v4]
    near = [address for address in shared if address.startswith(("198.51.100.", "203.0.113."))]
    assert near
    assert all(int(address.rpartition(".")[2]) < FIRST_HOSTILE for address in near)


def test_a_seed_is_a_world():
    """The same seed gives the same world, another one another."""
    assert build_world(3) == build_world(3) != build_world(4)


def test_servers_differ(world):
    """Paths, systems and volumes vary between sites; some have IPv6, some do not."""
    assert len({site.v4[0].ttl for site in world.sites}) > 10
    assert len({site.volume for site in world.sites}) > 3
    assert 0 < sum(bool(site.v6) for site in world.sites) < SITE_COUNT
    assert set(MAIL_PARTNERS) <= set(world.services)
