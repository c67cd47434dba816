"""Normal days of the things: TV, thermostat, lights, door reader, and the voice VLAN's phones and cameras."""

from netad.core.timing import SECOND_NS
from netad.sample import payloads, sessions
from netad.sample.hosts import HOSTS, with_role
from netad.sample.machine import Machine
from netad.sample.rhythm import Presence, Span, arrivals, every, heavy, random_stream
from netad.sample.sites import World
from netad.sample.wire import Endpoint

_OFFICE_HOURS = Presence(int(7.5 * 3600), int(18.5 * 3600), 12 * 3600, 1500, (1.0,) * 24)
_SOUND_NS = 60_000_000  # one RTP packet
_SIP, _RTP = 5060, 16_384


def device_days(world: World, seed: int, day: int, span: Span, scale: float) -> list[Machine]:
    """Return the IoT devices, phones, cameras and their recorder after their day."""

    def machine(name: str) -> Machine:
        return Machine(HOSTS[name], world, random_stream(seed, day, name))

    tv, thermostat, lights, door = (machine(name) for name in ("tv", "thermostat", "lights", "door"))
    _watch(tv, span, scale)
    _keep_in_touch(thermostat, span)
    _poll(lights, span)
    _badges(door, span, scale)
    for each in (tv, thermostat, lights, door):
        _keep_time(each, span)
    voice = [machine(host.name) for host in with_role("phone", "camera", "recorder", "pbx")]
    for each in voice:
        role = each.host.role
        for time in every(each.rng, span, 3600, 0.02):
            sessions.ask_time(each, time, HOSTS["voice-gateway"].v4)
        if role == "phone":
            _register(each, span)
            _call(each, span, scale)
        elif role == "camera":
            _record(each, span, scale)
    return [tv, thermostat, lights, door, *voice]


def _keep_time(machine: Machine, span: Span) -> None:
    """Ask the time server, whose name is looked up again when it has expired."""
    for time in every(machine.rng, span, 1200, 0.05):
        known_ns, server = machine.resolve(time, machine.world.services["ntp.example.com"])
        sessions.ask_time(machine, known_ns, server)


def _watch(machine: Machine, span: Span, scale: float) -> None:
    """Show something on the TV now and then, tell the vendor, and look around for players."""
    rng, site = machine.rng, machine.world.services["tv.vendor.example"]
    happenings = [(time, False) for time in arrivals(rng, span, 1.0 * scale, _OFFICE_HOURS.level)]
    happenings += [(time, True) for time in every(rng, span, 1200, 0.1)]
    for time, reports in sorted(happenings):
        known_ns, server = machine.resolve(time, site)
        exchanges = [(rng.randint(700, 1500), 90, 8_000_000)]
        if not reports:
            exchanges = [
                (300, heavy(rng, 15_000, 0.6, 100_000), heavy(rng, 4 * SECOND_NS, 0.5, 20 * SECOND_NS))
                for _ in range(rng.randint(2, 6))
            ]
        sessions.tls_session(machine, known_ns, server, site.name, exchanges)


def _keep_in_touch(machine: Machine, span: Span) -> None:
    """Hold one connection to the vendor all day and beat on it (MQTT over TLS), and fetch the weather now and then."""
    rng, site = machine.rng, machine.world.services["thermostat.vendor.example"]
    for time in every(rng, span, 1500, 0.2):
        known_ns, server = machine.resolve(time, site)
        sessions.tls_session(
            machine, known_ns, server, site.name, [(rng.randint(200, 260), heavy(rng, 1500, 0.5, 9000), 0)]
        )
    times = list(every(rng, span, 240, 0.02))
    if not times:
        return
    known_ns, server = machine.resolve(times[0], site)
    conversation = sessions.tls_open(machine, machine.converse(known_ns, server, 8883), site.name)
    for time in times[1:]:
        conversation.send(payloads.tls_data(rng, rng.choice((24, 24, 96))), after_ns=max(0, time - conversation.now))
        conversation.send(payloads.tls_data(rng, 24), back=True, after_ns=4_000_000)
    conversation.leave()


def _poll(machine: Machine, span: Span) -> None:
    """Ask the vendor for news every ten minutes: a beacon, but a known one."""
    rng, site = machine.rng, machine.world.services["lights.vendor.example"]
    for time in every(rng, span, 600, 0.04):
        known_ns, server = machine.resolve(time, site)
        sessions.http_fetch(machine, known_ns, server, site.name, rng.randint(180, 260))


def _badges(machine: Machine, span: Span, scale: float) -> None:
    """Report badges to the application server, and every ten minutes that the reader is well."""
    rng, server = machine.rng, HOSTS["app"].v4
    times = [*arrivals(rng, span, 8.0 * scale, _OFFICE_HOURS.level), *every(rng, span, 600, 0.02)]
    for time in sorted(times):
        conversation = machine.converse(time, server, 80).open()
        conversation.send(payloads.http_request(rng, "app.office.example", 96, "POST"), after_ns=3_000_000)
        conversation.send(payloads.http_response(rng, 20), back=True, after_ns=5_000_000)
        conversation.close(by_responder=True, after_ns=400_000)


def _register(machine: Machine, span: Span) -> None:
    rng, pbx, number = machine.rng, HOSTS["pbx"].v4, machine.host.v4.address[3]
    for time in every(rng, span, 300, 0.05):
        call = f"{rng.getrandbits(64):016x}"
        request, reply = payloads.sip("REGISTER", number, call), payloads.sip("REGISTER", number, call, status="200 OK")
        machine.ask(time, pbx, _SIP, request, reply, own_port=_SIP)


def _call(machine: Machine, span: Span, scale: float) -> None:
    rng, pbx = machine.rng, HOSTS["pbx"].v4
    free_ns = span.start_ns
    for time in arrivals(rng, span, 1.6 * scale, _OFFICE_HOURS.level):
        if time >= free_ns:
            free_ns = _one_call(machine, time, pbx)


def _one_call(machine: Machine, time_ns: int, pbx: Endpoint) -> int:
    """Ring, and talk for a few seconds when somebody answers; return when the line is free again."""
    rng, call, number = machine.rng, f"{machine.rng.getrandbits(64):016x}", machine.rng.randint(100, 999)
    invite = payloads.sip("INVITE", number, call)
    machine.ask(time_ns, pbx, _SIP, invite, payloads.sip("INVITE", number, call, status="100 Trying"), own_port=_SIP)
    now = time_ns + heavy(rng, 4 * SECOND_NS, 0.6, 30 * SECOND_NS)
    answered = rng.random() < 0.8
    status = "200 OK" if answered else "486 Busy Here"
    confirm = payloads.sip("ACK", number, call)
    machine.ask(now, pbx, _SIP, confirm, payloads.sip("INVITE", number, call, status=status), own_port=_SIP)
    if not answered:
        return now
    port, ours, theirs = _RTP + 2 * rng.randrange(500), rng.getrandbits(32), rng.getrandbits(32)
    for index in range(heavy(rng, 9, 0.5, 40) * SECOND_NS // _SOUND_NS):
        now += _SOUND_NS
        sent_ns = now + rng.randrange(2_000_000)
        machine.ask(sent_ns, pbx, port, payloads.rtp(rng, index, ours), payloads.rtp(rng, index, theirs), own_port=_RTP)
    goodbye = payloads.sip("BYE", number, call)
    return machine.ask(
        now + SECOND_NS, pbx, _SIP, goodbye, payloads.sip("BYE", number, call, status="200 OK"), own_port=_SIP
    )


def _record(machine: Machine, span: Span, scale: float) -> None:
    """Send a picture to the recorder when something moves, and one every quarter of an hour anyway."""
    rng, recorder = machine.rng, HOSTS["recorder"].v4
    times = [*arrivals(rng, span, 6.0 * scale, _OFFICE_HOURS.level), *every(rng, span, 900, 0.0)]
    for time in sorted(times):
        conversation = machine.converse(time, recorder, 80).open()
        picture = payloads.http_request(rng, "recorder.office.example", heavy(rng, 14_000, 0.35, 80_000), "POST")
        conversation.send(picture, after_ns=2_000_000)
        conversation.send(payloads.http_response(rng, 0, "204 No Content"), back=True, after_ns=3_000_000)
        conversation.close(after_ns=1_000_000)
