"""Who lives in the office: hosts, their addresses, operating systems and open ports. The same for every seed."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

from netad.sample.wire import Endpoint

Role = Literal[
    "workstation", "router", "resolver", "file-server", "mail-server", "app-server", "printer", "iot", "phone", "pbx",
    "camera", "recorder"
]  # fmt: skip

VOICE_VLAN = 20
# A routed network without live hosts: what a scan finds silence in.
EMPTY_NETWORK = "10.20.30."


@dataclass(frozen=True, slots=True)
class System:
    """What an operating system family shows on the wire."""

    ttl: int
    syn_window: int
    window: int
    scale: int | None
    first_port: int
    last_port: int
    filters: bool = False


SYSTEMS = {
    "windows": System(128, 64_240, 1026, 8, 49_152, 65_535, filters=True),
    "mac": System(64, 65_535, 2058, 6, 49_152, 65_535, filters=True),
    "linux": System(64, 64_240, 502, 7, 32_768, 60_999),
    "embedded": System(64, 5840, 5840, None, 32_768, 60_999),
    "rtos": System(255, 4096, 4096, None, 49_152, 57_343),
}

_OPEN_PORTS: dict[str, tuple[int, ...]] = {
    "workstation": (),
    "router": (53, 443),
    "resolver": (53,),
    "file-server": (139, 445),
    "mail-server": (25, 587, 993),
    "app-server": (22, 80, 443, 3389),
    "printer": (80, 515, 631, 9100),
    "iot": (80,),
    "phone": (80,),
    "pbx": (5060,),
    "camera": (80, 554),
    "recorder": (80, 443),
}


@dataclass(frozen=True, slots=True)
class Host:
    """One machine of the office."""

    name: str
    role: Role
    system: System
    v4: Endpoint
    v6: Endpoint | None = None

    @property
    def open_ports(self) -> tuple[int, ...]:
        """The TCP ports that accept connections."""
        return _OPEN_PORTS[self.role]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses in text form, IPv4 first."""
        return tuple(address_text(end) for end in (self.v4, self.v6) if end is not None)


def address_text(endpoint: Endpoint) -> str:
    """Return an endpoint's address in text form."""
    return str(ip_address(endpoint.address))


def inside_endpoint(system: System, number: int, *, vlan: int | None = None, v6: bool = False) -> Endpoint:
    """Return the endpoint of the inside host with this number (its last byte) in the office or the voice network."""
    net = 10 if vlan is None else vlan
    address = f"fd00:20:{net}::{number:x}" if v6 else f"10.20.{net}.{number}"
    delay_ns = 2_000_000 if system.scale is None else 250_000
    return Endpoint(
        mac=bytes([0x02, 0x20, net, 0, 0, number]),
        address=ip_address(address).packed,
        ttl=system.ttl,
        syn_window=system.syn_window,
        window=system.window,
        scale=system.scale,
        delay_ns=delay_ns,
        vlan=vlan,
    )


# name, role, system, number, has IPv6, is in the voice VLAN
_ROSTER: tuple[tuple[str, Role, str, int, bool, bool], ...] = (
    ("gateway", "router", "linux", 1, True, False),
    ("dns", "resolver", "linux", 2, True, False),
    ("files", "file-server", "windows", 3, False, False),
    ("printer", "printer", "embedded", 4, False, False),
    ("mail", "mail-server", "linux", 5, True, False),
    ("app", "app-server", "linux", 6, True, False),
    ("pc-anna", "workstation", "windows", 21, True, False),
    ("pc-bela", "workstation", "windows", 22, False, False),
    ("pc-carl", "workstation", "windows", 23, True, False),
    ("pc-dora", "workstation", "windows", 24, False, False),
    ("pc-emil", "workstation", "windows", 25, False, False),
    ("pc-fred", "workstation", "windows", 26, False, False),
    ("pc-gina", "workstation", "windows", 27, True, False),
    ("mac-hans", "workstation", "mac", 28, True, False),
    ("mac-ines", "workstation", "mac", 29, True, False),
    ("dev-jana", "workstation", "linux", 30, True, False),
    ("dev-kurt", "workstation", "linux", 31, False, False),
    ("dev-lena", "workstation", "linux", 32, False, False),
    ("tv", "iot", "linux", 61, False, False),
    ("thermostat", "iot", "rtos", 62, False, False),
    ("lights", "iot", "embedded", 63, False, False),
    ("door", "iot", "rtos", 64, False, False),
    ("voice-gateway", "router", "linux", 1, False, True),
    ("pbx", "pbx", "linux", 5, False, True),
    ("recorder", "recorder", "linux", 6, False, True),
    ("phone-1", "phone", "embedded", 31, False, True),
    ("phone-2", "phone", "embedded", 32, False, True),
    ("phone-3", "phone", "embedded", 33, False, True),
    ("camera-1", "camera", "rtos", 51, False, True),
    ("camera-2", "camera", "rtos", 52, False, True),
)


def _host(name: str, role: Role, family: str, number: int, v6: bool, voice: bool) -> Host:
    system, vlan = SYSTEMS[family], VOICE_VLAN if voice else None
    first = inside_endpoint(system, number, vlan=vlan)
    return Host(name, role, system, first, inside_endpoint(system, number, vlan=vlan, v6=True) if v6 else None)


HOSTS: dict[str, Host] = {row[0]: _host(*row) for row in _ROSTER}


def with_role(*roles: Role) -> tuple[Host, ...]:
    """Return the hosts with one of the roles, in order."""
    return tuple(host for host in HOSTS.values() if host.role in roles)
