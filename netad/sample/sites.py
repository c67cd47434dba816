"""The world outside: sites and services under example names, in address ranges reserved for documentation."""

from dataclasses import dataclass, replace
from ipaddress import ip_address
from random import Random

from netad.sample.hosts import HOSTS
from netad.sample.rhythm import random_stream
from netad.sample.wire import Endpoint

SITE_COUNT = 160
# Last byte of the addresses in 198.51.100.0/24 and 203.0.113.0/24: normal sites stay below, attackers from here on.
FIRST_HOSTILE = 128

_WORDS = (
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "inlet", "jasper", "krill", "lumen",
    "maple", "noble", "ocean", "pearl", "quartz", "river", "stone", "tidal"
)  # fmt: skip
_KINDS = ("news", "shop", "cloud", "docs", "media", "maps", "forum", "cdn")


@dataclass(frozen=True, slots=True)
class Site:
    """A name outside, the servers behind it and how it answers. `volume` scales the size of its answers."""

    name: str
    v4: tuple[Endpoint, ...]
    v6: tuple[Endpoint, ...]
    alias: str | None
    ttl_s: int
    volume: float
    quic: bool


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside: sites in order of popularity, services by name, and dead sites that never answer."""

    sites: tuple[Site, ...]
    services: dict[str, Site]
    dead: tuple[Site, ...]


def outside_endpoint(address: str, rng: Random) -> Endpoint:
    """Return the endpoint of an outside server with a random path to it."""
    packed = ip_address(address).packed
    initial = rng.choice((64, 64, 64, 128, 255))
    return Endpoint(
        mac=HOSTS["gateway"].v4.mac,
        address=packed,
        ttl=initial - rng.randint(6, 18),
        syn_window=rng.choice((28_960, 64_240, 65_535, 65_535)),
        window=rng.choice((235, 501, 1024, 2058)),
        scale=rng.choice((7, 8, 9)),
        delay_ns=rng.randint(6, 90) * 1_000_000 + rng.randrange(1_000_000),
        spacing_ns=rng.choice((60_000, 120_000, 240_000)),
    )


def build_world(seed: int) -> World:
    """Return the world of a seed; the same on every day."""
    rng = random_stream(seed, "world")
    taken: set[str] = set()
    sites = tuple(_site(rng, number, taken) for number in range(SITE_COUNT))
    services = {name: _service(rng, name, address, v6) for name, address, v6 in _SERVICES}
    dead = tuple(replace(_site(rng, SITE_COUNT + number, taken), quic=False) for number in range(6))
    return World(sites, services, dead)


def _site(rng: Random, number: int, taken: set[str]) -> Site:
    word, kind = _WORDS[number % len(_WORDS)], _KINDS[number // len(_WORDS) % len(_KINDS)]
    name = f"{kind}.{word}.example" if number < SITE_COUNT else f"old.{word}.example"
    network = f"198.{rng.choice((18, 19))}.{rng.randrange(256)}"
    if number % 12 == 5:
        network = rng.choice(("198.51.100", "203.0.113"))
    v4 = tuple(_fresh(rng, network, taken) for _ in range(rng.choice((1, 1, 2, 3))))
    v6_count = len(v4) if rng.random() < 0.4 else 0
    v6 = tuple(f"2001:db8:{number + 0x100:x}:{rng.randrange(1, 9)}::{index + 1:x}" for index in range(v6_count))
    return Site(
        name=name,
        v4=tuple(outside_endpoint(address, rng) for address in v4),
        v6=tuple(outside_endpoint(address, rng) for address in v6),
        alias=f"edge{number % 9}.{word}.example.com" if rng.random() < 0.4 else None,
        ttl_s=rng.choice((60, 300, 300, 900, 3600)),
        volume=rng.choice((0.3, 0.6, 1.0, 1.0, 1.6, 3.0)),
        quic=rng.random() < 0.3,
    )


def _fresh(rng: Random, network: str, taken: set[str]) -> str:
    while True:
        address = f"{network}.{rng.randrange(5, FIRST_HOSTILE)}"
        if address not in taken:
            taken.add(address)
            return address


# Services with an address of their own: (name, IPv4, IPv6 or "").
_SERVICES = (
    ("ntp.example.com", "192.0.2.123", "2001:db8:2::123"),
    ("dns.example.com", "192.0.2.53", "2001:db8:2::53"),
    ("updates.example.com", "192.0.2.20", "2001:db8:2::20"),
    ("packages.example.com", "192.0.2.21", "2001:db8:2::21"),
    ("chat.example.com", "192.0.2.30", "2001:db8:2::30"),
    ("telemetry.example.com", "192.0.2.31", ""),
    ("backup.example.com", "192.0.2.40", ""),
    ("ocsp.example.com", "192.0.2.41", "2001:db8:2::41"),
    ("tv.vendor.example", "192.0.2.61", ""),
    ("thermostat.vendor.example", "192.0.2.62", ""),
    ("lights.vendor.example", "192.0.2.63", ""),
    ("printer.vendor.example", "192.0.2.64", ""),
    ("mx1.partner.example", "192.0.2.81", ""),
    ("mx2.customer.example", "192.0.2.82", ""),
    ("mx.supplier.example", "192.0.2.83", ""),
    ("mx.agency.example", "192.0.2.84", ""),
    ("mx.bank.example", "192.0.2.85", ""),
)
MAIL_PARTNERS = tuple(name for name, _, _ in _SERVICES if name.startswith("mx"))


def _service(rng: Random, name: str, address: str, v6: str) -> Site:
    return Site(
        name=name,
        v4=(outside_endpoint(address, rng),),
        v6=(outside_endpoint(v6, rng),) if v6 else (),
        alias=None,
        ttl_s=3600,
        volume=1.0,
        quic=False,
    )
