"""One host at work on one day: its name cache, its source ports, and the packets it causes."""

from random import Random

from netad.core.timing import SECOND_NS
from netad.sample import names
from netad.sample.hosts import HOSTS, Host
from netad.sample.rhythm import heavy
from netad.sample.sites import Site, World
from netad.sample.tcp import Conversation
from netad.sample.wire import Endpoint, Packet, icmp_frame, udp_frame

_ASKS_UPSTREAM = 0.35  # share of questions that the office resolver cannot answer from its own cache
_UPSTREAM_OVER_V6 = 0.4
_PREFERS_V6 = 0.85


class Machine:
    """A host with what it remembers during a day. All its packets, and the answers to them, land in `packets`."""

    def __init__(self, host: Host, world: World, rng: Random) -> None:
        self.host = host
        self.world = world
        self.rng = rng
        self.packets: list[Packet] = []
        self._cache: dict[str, tuple[int, Endpoint]] = {}
        self._port = rng.randint(host.system.first_port, host.system.last_port)

    def port(self) -> int:
        """Return the next source port: a little further on, from the range that the system uses."""
        system = self.host.system
        self._port += self.rng.choice((1, 1, 2, 3))
        if self._port > system.last_port:
            self._port = system.first_port
        return self._port

    def towards(self, remote: Endpoint) -> Endpoint:
        """Return this host's own endpoint of the remote's IP version."""
        if not remote.is_v6:
            return self.host.v4
        if self.host.v6 is None:
            raise ValueError(f"{self.host.name} has no IPv6 address")
        return self.host.v6

    def reach(self, host: Host) -> Endpoint:
        """Return how this machine reaches an inside host: over IPv6 when both have it, now and then."""
        if host.v6 is not None and self.host.v6 is not None and self.rng.random() < 0.5:
            return host.v6
        return host.v4

    def converse(self, time_ns: int, remote: Endpoint, port: int) -> Conversation:
        """Return a TCP connection that starts at a time; the caller opens it."""
        ports = (self.port(), port)
        return Conversation(self.packets, self.rng, self.towards(remote), remote, ports, time_ns)

    def ask(self, time_ns: int, remote: Endpoint, port: int, request: bytes, reply: bytes, *, own_port: int = 0) -> int:
        """Send a UDP request and hear the reply (b"" for none); return when it came."""
        own, source_port = self.towards(remote), own_port or self.port()
        ident = self.rng.getrandbits(16)
        self.packets.append((time_ns, udp_frame(own, remote, (source_port, port), request, ident)))
        if not reply:
            return time_ns
        heard_ns = time_ns + remote.delay_ns + self.rng.randrange(remote.delay_ns // 2 + 1)
        self.packets.append((heard_ns, udp_frame(remote, own, (port, source_port), reply, ident ^ 0x5A5A)))
        return heard_ns

    def say(self, time_ns: int, group: Endpoint, port: int, payload: bytes, *, own_port: int = 0) -> None:
        """Send one UDP datagram to a multicast or broadcast address."""
        ports = (own_port or port, port)
        self.packets.append((time_ns, udp_frame(self.towards(group), group, ports, payload, self.rng.getrandbits(16))))

    def ping(self, time_ns: int, remote: Endpoint, count: int, *, answered: bool = True) -> None:
        """Send ICMP echo requests, one a second, and hear the replies."""
        own, ident = self.towards(remote), self.rng.getrandbits(16)
        request, response = (128, 129) if remote.is_v6 else (8, 0)
        for number in range(count):
            sent_ns = time_ns + number * SECOND_NS + self.rng.randrange(2_000_000)
            body = ident.to_bytes(2, "big") + number.to_bytes(2, "big") + self.rng.randbytes(48)
            self.packets.append((sent_ns, icmp_frame(own, remote, request, 0, body, ident)))
            if answered:
                heard_ns = sent_ns + remote.delay_ns + self.rng.randrange(remote.delay_ns // 4 + 1)
                self.packets.append((heard_ns, icmp_frame(remote, own, response, 0, body, ident)))

    def resolve(self, time_ns: int, site: Site) -> tuple[int, Endpoint]:
        """Look a site up unless it is remembered; return when its address is known, and one of its servers."""
        known = self._cache.get(site.name)
        if known is not None and known[0] > time_ns:
            return time_ns, known[1]
        heard_ns = self.look_up(time_ns, site.name, names.A, site)
        use_v6 = False
        if self.host.v6 is not None or self.rng.random() < 0.2:
            heard_ns = max(heard_ns, self.look_up(time_ns + self.rng.randrange(400_000), site.name, names.AAAA, site))
            use_v6 = self.host.v6 is not None and bool(site.v6) and self.rng.random() < _PREFERS_V6
        server = self.rng.choice(site.v6 if use_v6 else site.v4)
        self._cache[site.name] = (time_ns + site.ttl_s * SECOND_NS, server)
        return heard_ns + self.rng.randrange(1_000_000), server

    def look_up(self, time_ns: int, name: str, kind: int, site: Site | None) -> int:
        """Ask the office resolver for a name (`site` None: it does not exist); return when the answer came."""
        own = self.host
        resolver = self.reach(HOSTS["dns"]) if own.v4.vlan is None else HOSTS["voice-gateway"].v4
        ident = self.rng.getrandbits(16)
        request, reply = names.question(ident, name, kind), _answer(ident, name, kind, site)
        sent_ns = time_ns
        if self.rng.random() < _ASKS_UPSTREAM and own.v4.vlan is None:
            time_ns = self._ask_upstream(time_ns + 100_000, name, kind, site)
        source, port = self.towards(resolver), self.port()
        heard_ns = time_ns + resolver.delay_ns + heavy(self.rng, 300_000, 0.8, 20_000_000)
        self.packets.append((sent_ns, udp_frame(source, resolver, (port, 53), request, self.rng.getrandbits(16))))
        self.packets.append((heard_ns, udp_frame(resolver, source, (53, port), reply, self.rng.getrandbits(16))))
        return heard_ns

    def _ask_upstream(self, time_ns: int, name: str, kind: int, site: Site | None) -> int:
        """Let the office resolver ask the provider's; return when that answered."""
        provider, dns = self.world.services["dns.example.com"], HOSTS["dns"]
        resolver, upstream = dns.v4, provider.v4[0]
        if dns.v6 is not None and self.rng.random() < _UPSTREAM_OVER_V6:
            resolver, upstream = dns.v6, provider.v6[0]
        port, ident = self.rng.randint(1024, 65_535), self.rng.getrandbits(16)
        heard_ns = time_ns + upstream.delay_ns + self.rng.randrange(upstream.delay_ns // 3)
        request, reply = names.question(ident, name, kind), _answer(ident, name, kind, site)
        self.packets.append((time_ns, udp_frame(resolver, upstream, (port, 53), request, ident)))
        self.packets.append((heard_ns, udp_frame(upstream, resolver, (53, port), reply, ident)))
        return heard_ns


def _answer(ident: int, name: str, kind: int, site: Site | None) -> bytes:
    if site is None:
        return names.no_such_name(ident, name, kind)
    ends = {names.A: site.v4, names.AAAA: site.v6}.get(kind, ())
    return names.answer(ident, name, kind, tuple(end.address for end in ends), site.ttl_s, site.alias)
