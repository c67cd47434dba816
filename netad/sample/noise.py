"""What every local network mutters: ARP, neighbour discovery, DHCP, mDNS, SSDP, name broadcasts."""

import ipaddress

from netad.sample import names, payloads
from netad.sample.hosts import HOSTS, Host
from netad.sample.machine import Machine
from netad.sample.rhythm import Span, arrivals, every, random_stream
from netad.sample.sites import World
from netad.sample.wire import Endpoint, arp_frame, icmp_frame, multicast_endpoint, udp_frame

_MDNS_V4, _MDNS_V6 = ipaddress.ip_address("224.0.0.251").packed, ipaddress.ip_address("ff02::fb").packed
_SSDP = ipaddress.ip_address("239.255.255.250").packed
_LLMNR = ipaddress.ip_address("224.0.0.252").packed
_BROADCAST = b"\xff\xff\xff\xff"
_ANY = Endpoint(b"\0" * 6, b"\0\0\0\0", ttl=128)
_DISCOVER, _OFFER, _REQUEST, _ACK = 1, 2, 3, 5

# Who announces what by multicast DNS, how often an hour.
_ANNOUNCES = {
    "printer": ("_ipp._tcp.local", 2.0),
    "tv": ("_googlecast._tcp.local", 4.0),
    "mac-hans": ("_companion-link._tcp.local", 3.0),
    "mac-ines": ("_companion-link._tcp.local", 3.0),
    "lights": ("_hue._tcp.local", 1.0),
}
_DHCP_ROLES = ("workstation", "iot", "phone", "camera")


def noise_of(host: Host, world: World, seed: int, day: int, span: Span, scale: float) -> Machine:
    """Return a machine that holds a host's background noise."""
    machine = Machine(host, world, random_stream(seed, day, host.name, "noise"))
    _resolve_neighbours(machine, span, scale)
    if host.role in _DHCP_ROLES:
        _renew_lease(machine, span)
    if host.name in _ANNOUNCES:
        _announce(machine, span, scale)
    if host.role == "workstation" and host.system.ttl == 128:
        _look_around(machine, span, scale)
    return machine


def _gateway(host: Host) -> Host:
    return HOSTS["gateway" if host.v4.vlan is None else "voice-gateway"]


def _resolve_neighbours(machine: Machine, span: Span, scale: float) -> None:
    """Ask for the gateway's hardware address, by ARP and where there is IPv6 by neighbour solicitation (RFC 4861)."""
    own, gateway = machine.host, _gateway(machine.host)
    if own is gateway:
        return
    for time in arrivals(machine.rng, span, 3.0 * scale):
        machine.packets.append((time, arp_frame(own.v4, gateway.v4)))
        machine.packets.append((time + 180_000, arp_frame(gateway.v4, own.v4, reply=True)))
    if own.v6 is None or gateway.v6 is None:
        return
    for time in arrivals(machine.rng, span, 6.0 * scale):
        target = gateway.v6.address
        group = multicast_endpoint(bytes.fromhex("ff0200000000000000000001ff") + target[13:], own.v6)
        own_link, gateway_link = b"\x01\x01" + own.v6.mac, b"\x02\x01" + gateway.v6.mac
        solicitation = icmp_frame(_hop_limit(own.v6), group, 135, 0, bytes(4) + target + own_link)
        advertised = b"\xe0\0\0\0" + target + gateway_link
        machine.packets.append((time, solicitation))
        machine.packets.append((time + 220_000, icmp_frame(_hop_limit(gateway.v6), own.v6, 136, 0, advertised)))


def _hop_limit(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint as it sends neighbour discovery: always with hop limit 255."""
    return Endpoint(endpoint.mac, endpoint.address, ttl=255, vlan=endpoint.vlan)


def _renew_lease(machine: Machine, span: Span) -> None:
    """Get or renew the address by DHCP: the whole exchange once, then renewals."""
    own, server, rng = machine.host.v4, _gateway(machine.host).v4, machine.rng
    nobody = Endpoint(own.mac, _ANY.address, own.ttl, vlan=own.vlan)
    everybody = multicast_endpoint(_BROADCAST, own)
    for number, time in enumerate(every(rng, span, 4 * 3600, 0.1)):
        steps = [(own, server, _REQUEST), (server, own, _ACK)]
        if number == 0:
            steps = [(nobody, everybody, _DISCOVER), (server, own, _OFFER)]
            steps += [(nobody, everybody, _REQUEST), (server, own, _ACK)]
        for order, (source, destination, kind) in enumerate(steps):
            back = source is server
            message = payloads.dhcp(own, kind, server=server if back else None)
            ports = (67, 68) if back else (68, 67)
            machine.packets.append((time + order * 3_000_000, udp_frame(source, destination, ports, message)))


def _announce(machine: Machine, span: Span, scale: float) -> None:
    host, (service, per_hour) = machine.host, _ANNOUNCES[machine.host.name]
    group = multicast_endpoint(_MDNS_V4, host.v4)
    for time in arrivals(machine.rng, span, per_hour * scale):
        message = names.mdns_announcement(service, host.name)
        if machine.rng.random() < 0.5:
            message = names.mdns_question(service)
        machine.say(time, group, 5353, message)
        if host.v6 is not None:
            machine.say(time + 400_000, multicast_endpoint(_MDNS_V6, host.v6), 5353, message)


def _look_around(machine: Machine, span: Span, scale: float) -> None:
    """Search for devices (SSDP) and for a name nobody has (LLMNR, NetBIOS)."""
    own, rng = machine.host.v4, machine.rng
    for time in arrivals(rng, span, 1.5 * scale):
        port, group = machine.port(), multicast_endpoint(_SSDP, own)
        for number in range(3):
            message = payloads.ssdp_search("urn:dial-multiscreen-org:service:dial:1")
            machine.say(time + number * 1_000_000_000, group, 1900, message, own_port=port)
    for time in arrivals(rng, span, 0.8 * scale):
        message = names.question(rng.getrandbits(16), "wpad")
        machine.say(time, multicast_endpoint(_LLMNR, own), 5355, message, own_port=machine.port())
        subnet = multicast_endpoint(own.address[:3] + b"\xff", own)
        machine.say(time + 410_000_000, subnet, 137, _netbios_question(rng.getrandbits(16)))


def _netbios_question(ident: int) -> bytes:
    """Return a NetBIOS name query for WPAD (RFC 1002, 4.2.12): each half byte of the name is a letter from A."""
    encoded = bytes(65 + half for byte in b"WPAD".ljust(15) + b"\0" for half in (byte >> 4, byte & 15))
    header = ident.to_bytes(2, "big") + bytes.fromhex("01100001000000000000")
    return header + bytes([len(encoded)]) + encoded + bytes.fromhex("0000200001")
