"""Normal days of the servers and the network's own machines: relaying mail, backups, monitoring, updates."""

from netad.core.timing import SECOND_NS
from netad.sample import names, sessions
from netad.sample.hosts import HOSTS, Host
from netad.sample.machine import Machine
from netad.sample.rhythm import Presence, Span, arrivals, every, heavy, random_stream
from netad.sample.sites import MAIL_PARTNERS, World
from netad.sample.wire import Endpoint

_CHECKED = ("gateway", "dns", "files", "mail", "printer")
# Mail and backups follow the working day, with a little going on at any time.
_OFFICE_HOURS = Presence(6 * 3600, 20 * 3600, 12 * 3600, 1500, (1.0,) * 24)


def server_days(world: World, seed: int, day: int, span: Span, scale: float) -> list[Machine]:
    """Return the servers after their day."""

    def machine(name: str) -> Machine:
        return Machine(HOSTS[name], world, random_stream(seed, day, name))

    machines = {name: machine(name) for name in ("gateway", "dns", "files", "mail", "app", "printer", "voice-gateway")}
    for name, each in machines.items():
        _keep_time(each, span)
        if name in ("dns", "files", "mail", "app"):
            _stay_current(each, span)
    _check_uplink(machines["gateway"], span)
    _relay_mail(machines["mail"], span, scale)
    _back_up(machines["files"], span)
    _monitor(machines["app"], span)
    _report_supplies(machines["printer"], span)
    return list(machines.values())


def _keep_time(machine: Machine, span: Span) -> None:
    interval_s = 1024 if machine.host.role in ("router", "resolver") else 2048
    server = machine.world.services["ntp.example.com"].v4[0]
    for time in every(machine.rng, span, interval_s, 0.02):
        sessions.ask_time(machine, time, server)


def _check_uplink(machine: Machine, span: Span) -> None:
    """Ping the provider's resolver over both IP versions, as routers do that would switch to another line."""
    upstream = machine.world.services["dns.example.com"]
    for time in every(machine.rng, span, 150, 0.05):
        for end in (upstream.v4[0], upstream.v6[0]):
            machine.ping(time, end, 1, answered=machine.rng.random() < 0.99)


def _stay_current(machine: Machine, span: Span) -> None:
    rng, site = machine.rng, machine.world.services["packages.example.com"]
    for time in arrivals(rng, span, 0.4):
        known_ns, server = machine.resolve(time, site)
        sessions.http_fetch(machine, known_ns, server, site.name, heavy(rng, 6000, 1.5, 200_000))


def _relay_mail(machine: Machine, span: Span, scale: float) -> None:
    """Send to and receive from other mail servers over port 25, which outside machines open themselves."""
    rng, own = machine.rng, machine.host
    happenings = [(time, False) for time in arrivals(rng, span, 5 * scale, _OFFICE_HOURS.level)]
    happenings += [(time, True) for time in arrivals(rng, span, 6 * scale, _OFFICE_HOURS.level)]
    happenings += [(time, True) for time in arrivals(rng, span, 0.8)]
    for time, comes_in in sorted(happenings):
        site = machine.world.services[rng.choice(MAIL_PARTNERS)]
        known_ns, server = machine.resolve(time, site)
        if not comes_in:
            sessions.submit_mail(machine, known_ns, server, port=25)
            continue
        _check_sender(machine, known_ns, server)
        partner = Machine(Host(site.name, "mail-server", own.system, server), machine.world, rng)
        sessions.submit_mail(partner, known_ns, own.v4, port=25)
        machine.packets += partner.packets


def _check_sender(machine: Machine, time_ns: int, server: Endpoint) -> None:
    """Look up who is sending mail, backwards and in two block lists."""
    backwards = ".".join(str(byte) for byte in reversed(server.address))
    machine.look_up(time_ns + 2_000_000, f"{backwards}.in-addr.arpa", names.PTR, None)
    for blocklist in ("bl.example.com", "spam.example"):
        machine.look_up(time_ns + 40_000_000, f"{backwards}.{blocklist}", names.A, None)


def _back_up(machine: Machine, span: Span) -> None:
    """Upload what changed to the backup service, every half hour: a legitimate upload that comes back every day."""
    rng, site = machine.rng, machine.world.services["backup.example.com"]
    for time in every(rng, span, 1800, 0.02):
        known_ns, server = machine.resolve(time, site)
        changed = heavy(rng, 45_000 * max(0.1, _OFFICE_HOURS.level(time)), 0.7, 600_000)
        exchanges = [(600, 400, 20_000_000), (changed, 120, 50_000_000), (80, 60, 10_000_000)]
        sessions.tls_session(machine, known_ns, server, site.name, exchanges)


def _monitor(machine: Machine, span: Span) -> None:
    """Ping the servers and look at their status pages, every five minutes."""
    rng = machine.rng
    for time in every(rng, span, 300, 0.0):
        for number, name in enumerate(_CHECKED):
            checked = HOSTS[name]
            for end in (checked.v4, checked.v6):
                if end is not None:
                    machine.ping(time + number * 20_000_000, end, 1, answered=rng.random() < 0.998)
        sessions.http_fetch(
            machine, time + SECOND_NS, HOSTS["printer"].v4, "printer.office.example", rng.randint(700, 760)
        )


def _report_supplies(machine: Machine, span: Span) -> None:
    rng, site = machine.rng, machine.world.services["printer.vendor.example"]
    for time in every(rng, span, 1800, 0.1):
        known_ns, server = machine.resolve(time, site)
        sessions.tls_session(machine, known_ns, server, site.name, [(rng.randint(500, 900), 150, 10_000_000)])
