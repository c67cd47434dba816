"""Normal days of the workstations: each with habits of its own, drawn once per seed, and moods drawn every day."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

from netad.core.timing import SECOND_NS
from netad.sample import names, payloads, sessions
from netad.sample.hosts import HOSTS, Host
from netad.sample.machine import Machine
from netad.sample.rhythm import Presence, Span, arrivals, every, heavy, random_stream
from netad.sample.sites import Site, World
from netad.sample.wire import icmp_frame, ip_packet

Activity = tuple[Iterable[int], Callable[[Machine, int], None]]

_FAVOURITES = 14
_STAPLES = 6  # the most popular sites: everybody knows them
_ADMINS = ("dev-jana", "dev-kurt")


@dataclass(frozen=True, slots=True)
class Habits:
    """What one person does, rates per hour of full work. Sites come with falling weights."""

    arrive_s: int
    leave_s: int
    lunch_s: int
    stays_on: bool
    visits: float
    favourites: tuple[Site, ...]
    weights: tuple[float, ...]
    curiosity: float
    volume: float
    quic_share: float
    mail_interval_s: float
    mails: float
    documents: float
    prints: float
    failures: float
    chat_interval_s: float
    time_interval_s: float


def habits_of(host: Host, world: World, seed: int) -> Habits:
    """Return the habits of a workstation: the same on every day of a seed."""
    rng = random_stream(seed, "habits", host.name)
    favourites = (*world.sites[:_STAPLES], *rng.sample(world.sites[_STAPLES:], _FAVOURITES))
    return Habits(
        arrive_s=rng.randint(7 * 3600 + 1800, 9 * 3600),
        leave_s=rng.randint(16 * 3600 + 900, 18 * 3600 + 1800),
        lunch_s=rng.randint(11 * 3600 + 2700, 12 * 3600 + 2700),
        stays_on=rng.random() < 0.5,
        visits=rng.uniform(3.5, 8.0),
        favourites=favourites,
        weights=tuple(rng.uniform(0.3, 1.0) / (rank + 1) ** 0.6 for rank in range(len(favourites))),
        curiosity=rng.uniform(0.02, 0.07),
        volume=heavy(rng, 100, 0.35, 300) / 100,
        quic_share=rng.choice((0.0, 0.5, 0.8)),
        mail_interval_s=rng.choice((600, 900, 900, 1200)),
        mails=rng.uniform(0.3, 1.8),
        documents=rng.uniform(0.8, 3.5),
        prints=rng.choice((0.0, 0.1, 0.2, 0.4)),
        failures=rng.uniform(1.5, 4.0),
        chat_interval_s=rng.choice((60, 90, 120, 180)),
        time_interval_s=rng.choice((1024, 2048, 3600)),
    )


def presence_of(habits: Habits, rng: Random) -> Presence:
    """Return when the person is there today: the habit, a little off, and a mood for every hour."""
    today = heavy(rng, 100, 0.12, 160) / 100
    return Presence(
        arrive_s=habits.arrive_s + int(rng.gauss(0, 400)),
        leave_s=habits.leave_s + int(rng.gauss(0, 900)),
        lunch_s=habits.lunch_s + int(rng.gauss(0, 500)),
        lunch_length_s=int(rng.uniform(1500, 3600)),
        moods=tuple(today * heavy(rng, 100, 0.32, 250) / 100 for _ in range(24)),
    )


def workstation_day(host: Host, world: World, seed: int, day: int, span: Span, scale: float) -> Machine:
    """Return the machine after its day; `scale` multiplies how often its user does things."""
    machine = Machine(host, world, random_stream(seed, day, host.name))
    habits = habits_of(host, world, seed)
    presence = presence_of(habits, machine.rng)
    _chat(machine, habits, presence, span)
    happenings = []
    for order, (times, act) in enumerate(_activities(machine, habits, presence, span, scale)):
        happenings += [(time, order, act) for time in times]
    for time, _, act in sorted(happenings, key=lambda happening: happening[:2]):
        act(machine, time)
    return machine


def _activities(machine: Machine, habits: Habits, presence: Presence, span: Span, scale: float) -> Iterator[Activity]:
    rng, works = machine.rng, presence.level
    is_on = (lambda _time: 1.0) if habits.stays_on else presence.there

    def visit(machine: Machine, time: int) -> None:
        _visit(machine, habits, time)

    def document(machine: Machine, time: int) -> None:
        sessions.use_share(machine, time, volume=habits.volume)

    yield arrivals(rng, span, habits.visits * scale, works), visit
    yield arrivals(rng, span, habits.documents * scale, works), document
    yield arrivals(rng, span, habits.mails * scale, works), _send_mail
    yield arrivals(rng, span, habits.prints * scale, works), sessions.print_document
    yield arrivals(rng, span, 0.8 * habits.failures * scale, works), _fail
    yield arrivals(rng, span, 0.2 * habits.failures * scale, is_on), _fail
    yield arrivals(rng, span, 0.25 * scale, works), _ping_something
    yield every(rng, span, habits.mail_interval_s, 0.05, is_on), sessions.check_mail
    yield every(rng, span, habits.time_interval_s, 0.02, is_on), _ask_time
    yield arrivals(rng, span, 0.7 * scale, is_on), _background
    yield arrivals(rng, span, 0.12, is_on), _update
    if machine.host.name in _ADMINS:
        yield arrivals(rng, span, 0.8 * scale, works), _administrate


def _visit(machine: Machine, habits: Habits, time_ns: int) -> None:
    """Open a page: its own site, and what it draws in from others; rarely somewhere new."""
    rng, world = machine.rng, machine.world
    curious = rng.random() < habits.curiosity
    site = rng.choice(world.sites) if curious else rng.choices(habits.favourites, habits.weights)[0]
    shown_ns = sessions.browse(machine, time_ns, site, volume=habits.volume, quic_share=habits.quic_share)
    # What a page draws in is its own choice: the same helpers every time.
    helpers = random_stream(site.name).sample(world.sites[:40], 3)
    for helper in helpers[: rng.choice((0, 0, 1, 1, 2, 3))]:
        later_ns = shown_ns + heavy(rng, 80 * sessions.MS, 1.0, 5 * SECOND_NS)
        sessions.browse(machine, later_ns, helper, volume=0.6 * habits.volume, quic_share=habits.quic_share)


def _chat(machine: Machine, habits: Habits, presence: Presence, span: Span) -> None:
    """Keep a connection to the chat service all day: a beat every minute or few, and messages now and then."""
    rng, site = machine.rng, machine.world.services["chat.example.com"]
    times = list(every(rng, span, habits.chat_interval_s, 0.01, presence.there))
    if not times:
        return
    known_ns, server = machine.resolve(times[0], site)
    conversation = sessions.tls_open(machine, machine.converse(known_ns, server, 443), site.name)
    for time in times[1:]:
        if time <= conversation.now + SECOND_NS:
            continue
        talks = rng.random() < 0.15 * presence.level(time)
        out, back = (heavy(rng, 300, 1.0, 20_000), heavy(rng, 500, 1.2, 40_000)) if talks else (41, 37)
        conversation.send(payloads.tls_data(rng, out), after_ns=time - conversation.now)
        conversation.send(payloads.tls_data(rng, back), back=True, after_ns=rng.randrange(1, 9) * sessions.MS)
    conversation.leave()


def _send_mail(machine: Machine, time_ns: int) -> None:
    sessions.submit_mail(machine, time_ns, machine.reach(HOSTS["mail"]))


def _ask_time(machine: Machine, time_ns: int) -> None:
    known_ns, server = machine.resolve(time_ns, machine.world.services["ntp.example.com"])
    sessions.ask_time(machine, known_ns, server)


def _background(machine: Machine, time_ns: int) -> None:
    """Do what nobody sees: telemetry, certificate checks, the intranet, reverse look-ups."""
    rng, services = machine.rng, machine.world.services
    draw = rng.random()
    if draw < 0.4:
        site = services["telemetry.example.com"]
        known_ns, server = machine.resolve(time_ns, site)
        sessions.tls_session(machine, known_ns, server, site.name, [(heavy(rng, 1800, 0.8, 20_000), 120, 5_000_000)])
    elif draw < 0.65:
        site = services["ocsp.example.com"]
        known_ns, server = machine.resolve(time_ns, site)
        sessions.http_fetch(machine, known_ns, server, site.name, rng.randint(470, 2100))
    elif draw < 0.85:
        server = machine.reach(HOSTS["app"])
        exchanges = [(heavy(rng, 400, 0.4, 3000), heavy(rng, 4000, 1.0, 80_000), 20_000_000)]
        sessions.tls_session(machine, time_ns, server, "app.office.example", exchanges)
    else:
        name = f"{rng.randint(1, 64)}.10.20.10.in-addr.arpa"
        machine.look_up(time_ns, name, names.PTR, None)


def _update(machine: Machine, time_ns: int) -> None:
    """Look for updates and sometimes fetch one."""
    rng, linux = machine.rng, machine.host.system.ttl == 64 and machine.host.system.scale == 7
    site = machine.world.services["packages.example.com" if linux else "updates.example.com"]
    known_ns, server = machine.resolve(time_ns, site)
    size = heavy(rng, 60_000, 0.9, 500_000) if rng.random() < 0.5 else rng.randint(400, 4000)
    if linux:
        sessions.http_fetch(machine, known_ns, server, site.name, size)
    else:
        sessions.tls_session(machine, known_ns, server, site.name, [(420, 900, 9_000_000), (380, size, 30_000_000)])


def _administrate(machine: Machine, time_ns: int) -> None:
    server = machine.reach(HOSTS["app"])
    sessions.use_shell(machine, time_ns, server, keystrokes=min(60, 4 + int(machine.rng.expovariate(1 / 12))))


def _ping_something(machine: Machine, time_ns: int) -> None:
    rng = machine.rng
    target = machine.reach(HOSTS[rng.choice(("gateway", "dns", "app"))])
    machine.ping(time_ns, target, rng.randint(2, 5), answered=rng.random() < 0.95)


def _fail(machine: Machine, time_ns: int) -> None:
    """Fail as normal machines do: dead servers, closed ports, mistyped names, servers that hang up."""
    rng, draw = machine.rng, machine.rng.random()
    if draw < 0.3:
        known_ns, server = machine.resolve(time_ns, rng.choice(machine.world.dead))
        machine.converse(known_ns, server, rng.choice((443, 443, 80))).unanswered(rng.choice((2, 3, 4)))
    elif draw < 0.5:
        target, port = rng.choice((("printer", 443), ("files", 5357), ("app", 8443), ("tv", 8009)))
        tries = 3 if machine.host.system.ttl == 128 else 1
        machine.converse(time_ns, HOSTS[target].v4, port).refused(tries)
    elif draw < 0.75:
        machine.look_up(
            time_ns, rng.choice(("wpad", "intranett", "fileserv", "isatap")) + ".office.example", names.A, None
        )
    elif draw < 0.9:
        site = rng.choice(machine.world.sites[:40])
        known_ns, server = machine.resolve(time_ns, site)
        conversation = machine.converse(known_ns, server, 443).open()
        conversation.send(payloads.client_hello(rng, site.name), after_ns=sessions.MS)
        conversation.reset(by_responder=True, after_ns=3 * sessions.MS)
    else:
        _hear_unreachable(machine, time_ns)


def _hear_unreachable(machine: Machine, time_ns: int) -> None:
    """Ask the TV by SNMP, which it does not speak: the answer is ICMP port unreachable (RFC 792)."""
    screen, own = HOSTS["tv"].v4, machine.host.v4
    machine.ask(time_ns, screen, 161, bytes.fromhex("302602010104067075626c6963a019") + machine.rng.randbytes(24), b"")
    original = ip_packet(machine.packets[-1][1])
    body = bytes(4) + original[:548]
    machine.packets.append((time_ns + screen.delay_ns, icmp_frame(screen, own, 3, 3, body)))
