"""A normal day of the whole office, as the mirror port of its switch sees it."""

from netad.sample.devices import device_days
from netad.sample.hosts import HOSTS, with_role
from netad.sample.noise import noise_of
from netad.sample.rhythm import Span
from netad.sample.servers import server_days
from netad.sample.sites import World
from netad.sample.wire import Packet
from netad.sample.workstations import workstation_day


def normal_packets(world: World, seed: int, day: int, span: Span, scale: float = 1.0) -> list[Packet]:
    """Return the normal traffic of a span, not yet in time order and running a little over its end.

    Who the hosts are and what they are used to depends on the seed; what they do today also on the day. `scale`
    multiplies how often things happen that people cause.
    """
    machines = [workstation_day(host, world, seed, day, span, scale) for host in with_role("workstation")]
    machines += server_days(world, seed, day, span, scale)
    machines += device_days(world, seed, day, span, scale)
    machines += [noise_of(host, world, seed, day, span, scale) for host in HOSTS.values()]
    return [packet for machine in machines for packet in machine.packets]
