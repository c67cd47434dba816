"""Attacks on request: scans, a beacon, uploads, guesses, look-ups, moving on; each with what it really did."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import ClassVar, Literal, Protocol

from netad.core.errors import ConfigError
from netad.core.problems import did_you_mean
from netad.core.timing import SECOND_NS
from netad.sample import names, payloads, sessions
from netad.sample.hosts import EMPTY_NETWORK, HOSTS, Host, address_text, with_role
from netad.sample.machine import Machine
from netad.sample.rhythm import Span, random_stream
from netad.sample.sites import FIRST_HOSTILE, Site, World, outside_endpoint
from netad.sample.wire import Endpoint, Packet

Origin = Literal["inside", "outside"]

_COMMON_PORTS = (
    21, 22, 23, 25, 53, 80, 88, 110, 111, 135, 139, 143, 389, 443, 445, 465, 514, 515, 548, 554, 587, 631, 636, 873,
    993, 995, 1080, 1433, 1521, 1723, 1883, 2049, 2375, 3000, 3128, 3306, 3389, 4444, 5000, 5060, 5432, 5601, 5672,
    5900, 5985, 6379, 6443, 7001, 8000, 8008, 8080, 8081, 8443, 8888, 9000, 9090, 9100, 9200, 10000, 11211, 27017
)  # fmt: skip
_SWEPT_PORTS = (22, 445, 3389)
_SLOW_PORTS = (21, 22, 23, 80, 135, 139, 443, 445, 1433, 3306, 3389, 5432, 5900, 8080)


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """What one attack did: from where, against whom (addresses in text form), when, and in how many packets.

    `source` is who attacks, also where the victim answers with most of the packets; `end_ns` is the time of the last
    packet.
    """

    name: str
    technique: str
    source: str
    source_name: str
    victims: tuple[str, ...]
    ports: tuple[int, ...]
    start_ns: int
    end_ns: int
    packets: int


@dataclass(frozen=True, slots=True)
class Deed:
    """Whom an attack reached, and on which of their ports."""

    victims: tuple[Endpoint, ...]
    ports: tuple[int, ...]


class Attack(Protocol):
    """An attack with its parameters. `origin` says whether one of the workstations does it or somebody outside."""

    name: ClassVar[str]
    technique: ClassVar[str]

    @property
    def origin(self) -> Origin:
        """Where it comes from."""
        ...

    def carry_out(self, machine: Machine, span: Span) -> Deed:
        """Do it from a machine, somewhere in the span."""
        ...


@dataclass(frozen=True, slots=True)
class PortScan:
    """A SYN scan from inside: many ports of the servers, then a sweep of few ports over two networks."""

    name: ClassVar[str] = "scan"
    technique: ClassVar[str] = "T1046"
    origin: Origin = "inside"
    start_share: float = 0.35
    ports: tuple[int, ...] = _COMMON_PORTS
    swept_ports: tuple[int, ...] = _SWEPT_PORTS
    silent_hosts: int = 40
    probes_per_s: float = 25.0

    def carry_out(self, machine: Machine, span: Span) -> Deed:
        """Do it from a machine, somewhere in the span."""
        rng, own = machine.rng, machine.host
        vertical = [HOSTS[name] for name in ("files", "app", "mail")]
        swept = [host for host in HOSTS.values() if host.v4.vlan is None and host is not own]
        probes = [(host.v4, port) for host in vertical for port in rng.sample(self.ports, len(self.ports))]
        horizontal = [(host.v4, port) for port in self.swept_ports for host in swept]
        silent = [_silent_endpoint(number) for number in range(1, self.silent_hosts + 1)]
        horizontal += [(end, port) for port in self.swept_ports for end in silent]
        rng.shuffle(horizontal)
        time = span.at(self.start_share)
        for target, port in probes + horizontal:
            _probe(machine, time, target, port)
            time += int(rng.expovariate(self.probes_per_s) * SECOND_NS) + 100_000
        victims = [host.v4 for host in swept] + silent
        return Deed(tuple(victims), tuple(sorted({*self.ports, *self.swept_ports})))


@dataclass(frozen=True, slots=True)
class SlowScan:
    """A scan that stays under thresholds: a few contacts an hour, each with another service of an inside host."""

    name: ClassVar[str] = "slow-scan"
    technique: ClassVar[str] = "T1046"
    origin: Origin = "inside"
    start_share: float = 0.05
    contacts_per_hour: float = 4.0
    ports: tuple[int, ...] = _SLOW_PORTS

    def carry_out(self, machine: Machine, span: Span) -> Deed:
        """Do it from a machine, somewhere in the span."""
        rng = machine.rng
        hosts = [host for host in HOSTS.values() if host.v4.vlan is None and host is not machine.host]
        targets = [(host.v4, port) for host in hosts for port in self.ports]
        rng.shuffle(targets)
        pause_ns = int(3600 * SECOND_NS / self.contacts_per_hour)
        time, reached = span.at(self.start_share), []
        for target in targets:
            if time >= span.end_ns:
                break
            _probe(machine, time, *target)
            reached.append(target)
            time += int(pause_ns * rng.uniform(0.7, 1.3))
        return Deed(tuple(end for end, _ in reached), tuple(sorted({port for _, port in reached})))


@dataclass(frozen=True, slots=True)
class Beacon:
    """Calls home at a steady interval: a short TLS connection of always about the same size."""

    name: ClassVar[str] = "beacon"
    technique: ClassVar[str] = "T1071.001"
    origin: ClassVar[Origin] = "inside"
    start_share: float = 0.2
    interval_s: float = 60.0
    jitter: float = 0.1
    request_bytes: int = 220
    answer_bytes: int = 160
    port: int = 443

    def carry_out(self, machine: Machine, span: Span) -> Deed:
        """Do it from a machine, somewhere in the span."""
        rng, site = machine.rng, _hostile_site(machine, "sync.beacon.example", "203.0.113")
        time = span.at(self.start_share)
        while time < span.end_ns:
            known_ns, server = machine.resolve(time, site)
            conversation = sessions.tls_open(machine, machine.converse(known_ns, server, self.port), site.name)
            request = payloads.tls_data(rng, self.request_bytes + rng.randrange(8))
            conversation.send(request, after_ns=sessions.MS)
            answer = payloads.tls_data(rng, self.answer_bytes + rng.randrange(4))
            conversation.send(answer, back=True, after_ns=3 * sessions.MS)
            conversation.close(after_ns=sessions.MS)
            time += max(SECOND_NS // 10, int(self.interval_s * SECOND_NS * (1 + self.jitter * rng.uniform(-1, 1))))
        return Deed(site.v4, (self.port,))


@dataclass(frozen=True, slots=True)
class Exfiltration:
    """Uploads much to one outside host in a few connections, at a rate that a person would not notice."""

    name: ClassVar[str] = "exfiltration"
    technique: ClassVar[str] = "T1048.002"
    origin: ClassVar[Origin] = "inside"
    start_share: float = 0.45
    total_bytes: int = 3_000_000
    connections: int = 3
    bytes_per_s: int = 8_000
    chunk_bytes: int = 16_000
    port: int = 443

    def carry_out(self, machine: Machine, span: Span) -> Deed:
        """Do it from a machine, somewhere in the span."""
        rng, site = machine.rng, _hostile_site(machine, "files.drop.example", "198.51.100")
        time = span.at(self.start_share)
        share = self.total_bytes // self.connections
        for _ in range(self.connections):
            known_ns, server = machine.resolve(time, site)
            conversation = sessions.tls_open(machine, machine.converse(known_ns, server, self.port), site.name)
            for offset in range(0, share, self.chunk_bytes):
                size = min(self.chunk_bytes, share - offset)
                pause_ns = int(size / self.bytes_per_s * rng.uniform(0.5, 1.5) * SECOND_NS)
                conversation.send(payloads.tls_data(rng, size), after_ns=pause_ns)
            conversation.send(payloads.tls_data(rng, 90), back=True, after_ns=20 * sessions.MS)
            conversation.close(after_ns=sessions.MS)
            time = conversation.now + SECOND_NS
        return Deed(site.v4, (self.port,))


@dataclass(frozen=True, slots=True)
class BruteForce:
    """Guesses passwords: many short SSH or RDP connections to one inside server."""

    name: ClassVar[str] = "brute-force"
    technique: ClassVar[str] = "T1110.001"
    origin: Origin = "inside"
    start_share: float = 0.6
    attempts: int = 240
    attempts_per_s: float = 0.3
    service: Literal["ssh", "rdp"] = "ssh"

    def carry_out(self, machine: Machine, span: Span) -> Deed:
        """Do it from a machine, somewhere in the span."""
        rng, server = machine.rng, HOSTS["app"].v4
        time, port = span.at(self.start_share), 22 if self.service == "ssh" else 3389
        for _ in range(self.attempts):
            self._attempt(machine, time, server, port)
            time += int(rng.expovariate(self.attempts_per_s) * SECOND_NS) + 50_000_000
        return Deed((server,), (port,))

    def _attempt(self, machine: Machine, time_ns: int, server: Endpoint, port: int) -> None:
        rng, conversation = machine.rng, machine.converse(time_ns, server, port)
        if self.service == "ssh":
            sessions.ssh_open(machine, conversation)
            for _ in range(2):
                conversation.send(rng.randbytes(rng.choice((84, 100, 148))), after_ns=rng.randrange(1, 5) * sessions.MS)
                conversation.send(rng.randbytes(52), back=True, after_ns=rng.randrange(5, 60) * sessions.MS)
        else:
            conversation.open().send(bytes.fromhex("030000130ee000000000000100080003000000"), after_ns=sessions.MS)
            conversation.send(bytes.fromhex("030000130ed000001234000209080002000000"), back=True, after_ns=sessions.MS)
            conversation.send(payloads.client_hello(rng, "app"), after_ns=2 * sessions.MS)
            conversation.send(payloads.server_hello(rng, 900), back=True, after_ns=4 * sessions.MS)
            conversation.send(payloads.tls_data(rng, rng.choice((330, 346, 362))), after_ns=3 * sessions.MS)
        conversation.reset(by_responder=True, after_ns=rng.randrange(3, 20) * sessions.MS)


@dataclass(frozen=True, slots=True)
class GeneratedDomains:
    """Looks up made-up domains, none of which exists, to find the one its owner registered today."""

    name: ClassVar[str] = "dga"
    technique: ClassVar[str] = "T1568.002"
    origin: ClassVar[Origin] = "inside"
    start_share: float = 0.3
    domains: int = 60
    domains_per_minute: float = 6.0
    letters: tuple[int, int] = (9, 16)

    def carry_out(self, machine: Machine, span: Span) -> Deed:
        """Do it from a machine, somewhere in the span. Nobody is reached."""
        rng, time, asker = machine.rng, span.at(self.start_share), _on_v4(machine)
        for _ in range(self.domains):
            label = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(*self.letters)))
            asker.look_up(time, f"{label}.example", names.A, None)
            time += int(rng.expovariate(self.domains_per_minute / 60) * SECOND_NS) + sessions.MS
        machine.packets += asker.packets
        return Deed((), (53,))


@dataclass(frozen=True, slots=True)
class DnsTunnel:
    """Sends data out in the names it asks for, all below one domain, by way of the office's own resolver."""

    name: ClassVar[str] = "dns-tunnel"
    technique: ClassVar[str] = "T1071.004"
    origin: ClassVar[Origin] = "inside"
    start_share: float = 0.5
    total_bytes: int = 6_000
    bytes_per_name: int = 20
    names_per_s: float = 0.5
    domain: str = "cache.tunnel.example"

    def carry_out(self, machine: Machine, span: Span) -> Deed:
        """Do it from a machine, somewhere in the span. The name server outside is reached through the resolver only."""
        rng, time, asker = machine.rng, span.at(self.start_share), _on_v4(machine)
        site = _hostile_site(machine, self.domain, "198.51.100")
        for _ in range(self.total_bytes // self.bytes_per_name):
            name = f"{rng.randbytes(self.bytes_per_name).hex()}.{self.domain}"
            asker.look_up(time, name, names.TXT, site)
            time += int(rng.expovariate(self.names_per_s) * SECOND_NS) + sessions.MS
        machine.packets += asker.packets
        return Deed((), (53,))


@dataclass(frozen=True, slots=True)
class LateralMovement:
    """Moves on: copies a tool to workstation after workstation over SMB, and starts it there by RPC."""

    name: ClassVar[str] = "lateral-movement"
    technique: ClassVar[str] = "T1021.002"
    origin: ClassVar[Origin] = "inside"
    start_share: float = 0.4
    targets: int = 5
    pause_s: float = 300.0
    tool_bytes: int = 60_000

    def carry_out(self, machine: Machine, span: Span) -> Deed:
        """Do it from a machine, somewhere in the span."""
        rng, time = machine.rng, span.at(self.start_share)
        others = [host for host in with_role("workstation") if host.system.filters and host is not machine.host]
        chosen = rng.sample(others, min(self.targets, len(others)))
        called = set()
        for host in chosen:
            share = machine.converse(time, host.v4, 445).open()
            for command, size in ((0, 100), (1, 420), (3, 60), (5, 130), (9, self.tool_bytes)):
                share.send(payloads.smb2(rng, command, size), after_ns=rng.randrange(1, 4) * sessions.MS)
                share.send(
                    payloads.smb2(rng, command, 80, reply=True), back=True, after_ns=rng.randrange(3) * sessions.MS
                )
            share.close(after_ns=sessions.MS)
            port = rng.randrange(49_664, 49_720)
            called.add(port)
            for step, (knock, count) in enumerate(((135, 2), (port, 4))):
                call = machine.converse(share.now + (step + 1) * SECOND_NS, host.v4, knock).open()
                for _ in range(count):
                    call.send(rng.randbytes(rng.randint(90, 700)), after_ns=rng.randrange(1, 5) * sessions.MS)
                    call.send(
                        rng.randbytes(rng.randint(60, 400)), back=True, after_ns=rng.randrange(1, 5) * sessions.MS
                    )
                call.close(after_ns=sessions.MS)
            time += int(self.pause_s * rng.uniform(0.5, 1.5) * SECOND_NS)
        return Deed(tuple(host.v4 for host in chosen), (135, 445, *sorted(called)))


ATTACKS: dict[str, type[Attack]] = {
    kind.name: kind
    for kind in (PortScan, SlowScan, Beacon, Exfiltration, BruteForce, GeneratedDomains, DnsTunnel, LateralMovement)
}


def attack_named(name: str) -> Attack:
    """Return an attack with its default parameters.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in ATTACKS:
        raise ConfigError(f"unknown attack {name!r}{did_you_mean(name, ATTACKS)} (there are: {', '.join(ATTACKS)})")
    return ATTACKS[name]()


def stage(
    attacks: Sequence[Attack], world: World, seed: int, day: int, span: Span
) -> tuple[list[Packet], tuple[GroundTruth, ...]]:
    """Carry out the attacks, each from another workstation as long as there are some; return packets and truth.

    Packets after the end of the span are cut off. An attack draws its numbers from its name and the seed, so that it
    is the same whatever other attacks there are.

    Raises:
        ConfigError: the span ends before an attack begins, or an attack is asked for twice.
    """
    packets: list[Packet] = []
    truths: list[GroundTruth] = []
    for attack in attacks:
        if any(truth.name == attack.name for truth in truths):
            raise ConfigError(f"attack {attack.name!r} is asked for twice")
        machine = Machine(_attacker(attack, seed), world, random_stream(seed, day, "attack", attack.name))
        deed = attack.carry_out(machine, span)
        kept = [packet for packet in machine.packets if span.start_ns <= packet[0] < span.end_ns]
        if not kept:
            raise ConfigError(f"the capture ends before attack {attack.name!r} begins; ask for more hours")
        packets += kept
        truths.append(_truth(attack, machine, deed, kept))
    return packets, tuple(truths)


def _truth(attack: Attack, machine: Machine, deed: Deed, kept: list[Packet]) -> GroundTruth:
    times = [time for time, _ in kept]
    victims = sorted({ip_address(end.address) for end in deed.victims}, key=int)
    return GroundTruth(
        name=attack.name,
        technique=attack.technique,
        source=address_text(machine.host.v4),
        source_name=machine.host.name,
        victims=tuple(str(address) for address in victims),
        ports=deed.ports,
        start_ns=min(times),
        end_ns=max(times),
        packets=len(kept),
    )


def _attacker(attack: Attack, seed: int) -> Host:
    order = list(with_role("workstation"))
    random_stream(seed, "attackers").shuffle(order)
    place = list(ATTACKS).index(attack.name)
    inside = order[place % len(order)]
    if attack.origin == "inside":
        return inside
    address = f"203.0.113.{FIRST_HOSTILE + 64 + place}"
    end = outside_endpoint(address, random_stream(seed, "attacker", attack.name))
    return Host(f"outside {attack.name}", "workstation", inside.system, end)


def _on_v4(machine: Machine) -> Machine:
    """Return the machine as it is on IPv4 alone, so that all of an attack has one source."""
    return Machine(replace(machine.host, v6=None), machine.world, machine.rng)


def _hostile_site(machine: Machine, name: str, network: str) -> Site:
    rng = random_stream(name, machine.host.name)
    server = outside_endpoint(f"{network}.{rng.randrange(FIRST_HOSTILE, FIRST_HOSTILE + 64)}", rng)
    return Site(name, (server,), (), alias=None, ttl_s=1800, volume=1.0, quic=False)


def _silent_endpoint(number: int) -> Endpoint:
    return Endpoint(HOSTS["gateway"].v4.mac, ip_address(f"{EMPTY_NETWORK}{number}").packed, ttl=63)


def _probe(machine: Machine, time_ns: int, target: Endpoint, port: int) -> None:
    """Send a SYN, and hear what the target's ports and firewall say to it."""
    conversation = machine.converse(time_ns, target, port)
    host = next((host for host in HOSTS.values() if host.v4 is target), None)
    if host is not None and port in host.open_ports:
        conversation.probed()
    elif host is None or host.system.filters:
        conversation.unanswered(1)
    else:
        conversation.refused()
