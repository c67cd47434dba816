"""Application sessions: what one visit, mail check, file copy or time query looks like, from connect to close."""

from netad.core.timing import SECOND_NS
from netad.sample import payloads
from netad.sample.hosts import HOSTS
from netad.sample.machine import Machine
from netad.sample.rhythm import heavy
from netad.sample.sites import Site
from netad.sample.tcp import Conversation
from netad.sample.wire import Endpoint, udp_frame

MS = 1_000_000

# One exchange: (bytes of the request, bytes of the answer, pause before it in ns)
Exchange = tuple[int, int, int]


def tls_open(machine: Machine, conversation: Conversation, name: str) -> Conversation:
    """Open the connection and shake TLS hands for a server name."""
    rng = machine.rng
    conversation.open().send(payloads.client_hello(rng, name), after_ns=rng.randrange(1, 3) * MS)
    conversation.send(payloads.server_hello(rng, rng.randint(1800, 3600)), back=True, after_ns=rng.randrange(4 * MS))
    return conversation.send(payloads.tls_data(rng, rng.randint(48, 70)), after_ns=rng.randrange(1, 4) * MS)


def tls_session(
    machine: Machine, time_ns: int, server: Endpoint, name: str, exchanges: list[Exchange], port: int = 443
) -> int:
    """Run one TLS connection with the exchanges given, and end it as clients and servers do; return when it ended."""
    rng = machine.rng
    conversation = tls_open(machine, machine.converse(time_ns, server, port), name)
    for out, back, pause_ns in exchanges:
        conversation.send(payloads.tls_data(rng, out), after_ns=pause_ns)
        conversation.send(payloads.tls_data(rng, back), back=True, after_ns=heavy(rng, 4 * MS, 1.0, 800 * MS))
    finish(machine, conversation)
    return conversation.now


def finish(machine: Machine, conversation: Conversation) -> None:
    """End a connection: mostly by the client, sometimes by the server after a while, by reset, or not at all."""
    draw, rng = machine.rng.random(), machine.rng
    if draw < 0.66:
        conversation.close(after_ns=heavy(rng, 300 * MS, 1.8, 120 * SECOND_NS))
    elif draw < 0.9:
        conversation.close(by_responder=True, after_ns=heavy(rng, 5 * SECOND_NS, 1.2, 180 * SECOND_NS))
    elif draw < 0.97:
        conversation.reset(after_ns=heavy(rng, SECOND_NS, 1.5, 60 * SECOND_NS))
    else:
        conversation.leave()


def browse(machine: Machine, time_ns: int, site: Site, *, volume: float, quic_share: float) -> int:
    """Fetch a few things from a site over TLS or QUIC; return when its server first answered."""
    rng = machine.rng
    known_ns, server = machine.resolve(time_ns, site)
    count = min(12, 1 + int(rng.expovariate(1 / 1.7)))
    exchanges = [
        (heavy(rng, 320, 0.5, 4000), _answer_size(machine, site, volume), heavy(rng, 120 * MS, 1.8, 40 * SECOND_NS))
        for _ in range(count)
    ]
    if site.quic and rng.random() < quic_share:
        quic_session(machine, known_ns, server, exchanges)
    else:
        tls_session(machine, known_ns, server, site.name, exchanges)
    return known_ns + server.delay_ns


def _answer_size(machine: Machine, site: Site, volume: float) -> int:
    return heavy(machine.rng, 1250 * site.volume * volume, 1.25, 150_000)


def quic_session(machine: Machine, time_ns: int, server: Endpoint, exchanges: list[Exchange]) -> None:
    """Run one QUIC connection over UDP 443."""
    rng, own, port = machine.rng, machine.port(), 443
    theirs, ours = rng.randbytes(8), rng.randbytes(8)
    initial, reply = payloads.quic_initial(rng, theirs), payloads.quic_initial(rng, ours)
    now = machine.ask(time_ns, server, port, initial, reply, own_port=own)
    finished = payloads.quic_short(rng, theirs, rng.randint(60, 90))
    now = machine.ask(now + MS, server, port, finished, payloads.quic_short(rng, ours, 180), own_port=own)
    for out, back, pause_ns in exchanges:
        request = payloads.quic_short(rng, theirs, min(out, 1180))
        now = machine.ask(now + pause_ns, server, port, request, payloads.quic_short(rng, ours, 30), own_port=own)
        for offset in range(0, back, 1200):
            chunk = payloads.quic_short(rng, ours, min(1200, back - offset))
            packet = payloads.quic_short(rng, theirs, 28) if offset // 1200 % 3 == 2 else b""
            now = _quic_back(machine, now, server, own, chunk, packet)


def _quic_back(machine: Machine, now: int, server: Endpoint, own: int, chunk: bytes, acknowledgement: bytes) -> int:
    now += server.spacing_ns + machine.rng.randrange(server.spacing_ns)
    machine.packets.append((now, udp_frame(server, machine.towards(server), (443, own), chunk)))
    if acknowledgement:
        machine.ask(now + 30_000, server, 443, acknowledgement, b"", own_port=own)
    return now


def http_fetch(machine: Machine, time_ns: int, server: Endpoint, name: str, size: int, *, port: int = 80) -> int:
    """Fetch something over plain HTTP; return when it ended."""
    rng = machine.rng
    conversation = machine.converse(time_ns, server, port).open()
    conversation.send(payloads.http_request(rng, name), after_ns=rng.randrange(2 * MS))
    conversation.send(payloads.http_response(rng, size), back=True, after_ns=heavy(rng, 3 * MS, 0.8, 300 * MS))
    conversation.close(by_responder=True, after_ns=rng.randrange(MS))
    return conversation.now


def check_mail(machine: Machine, time_ns: int) -> None:
    """Look for new mail over IMAPS, and read what there is."""
    rng, server = machine.rng, machine.reach(HOSTS["mail"])
    exchanges = [(rng.randint(50, 90), rng.randint(80, 400), rng.randrange(1, 30) * MS) for _ in range(3)]
    if rng.random() < 0.45:
        exchanges.append((rng.randint(60, 90), heavy(rng, 4500, 1.2, 200_000), rng.randrange(10, 60) * MS))
    tls_session(machine, time_ns, server, "mail.office.example", exchanges, port=993)


def submit_mail(machine: Machine, time_ns: int, server: Endpoint, *, port: int = 587) -> None:
    """Hand a mail to a server: SMTP with STARTTLS (RFC 3207), on 587 for submission, 25 between servers."""
    rng = machine.rng
    conversation = machine.converse(time_ns, server, port).open()
    conversation.send(b"220 mail.example ESMTP\r\n", back=True, after_ns=rng.randrange(2, 30) * MS)
    conversation.send(b"EHLO office.example\r\n", after_ns=rng.randrange(3 * MS))
    conversation.send(b"250-mail.example\r\n250-SIZE 52428800\r\n250 STARTTLS\r\n", back=True, after_ns=MS)
    conversation.send(b"STARTTLS\r\n", after_ns=rng.randrange(2 * MS))
    conversation.send(b"220 ready\r\n", back=True, after_ns=rng.randrange(2 * MS))
    conversation.send(payloads.client_hello(rng, "mail.example"), after_ns=2 * MS)
    conversation.send(payloads.server_hello(rng, rng.randint(1500, 3000)), back=True, after_ns=3 * MS)
    for out, back in ((100, 80), (70, 40), (60, 40), (heavy(rng, 5000, 1.4, 300_000), 60)):
        conversation.send(payloads.tls_data(rng, out), after_ns=rng.randrange(1, 8) * MS)
        conversation.send(payloads.tls_data(rng, back), back=True, after_ns=rng.randrange(1, 40) * MS)
    conversation.close(after_ns=MS)


def use_share(machine: Machine, time_ns: int, *, volume: float) -> None:
    """Open, read or save a document on the file server over SMB."""
    rng = machine.rng
    conversation = machine.converse(time_ns, HOSTS["files"].v4, 445).open()
    for command, out, back in ((0, 100, 220), (1, 90, 260), (1, 420, 30), (3, 60, 20), (5, 130, 100)):
        conversation.send(payloads.smb2(rng, command, out), after_ns=rng.randrange(1, 3 * MS))
        conversation.send(payloads.smb2(rng, command, back, reply=True), back=True, after_ns=rng.randrange(1, 2 * MS))
    for _ in range(1 + int(rng.expovariate(0.8))):
        size, pause_ns = heavy(rng, 5000 * volume, 1.5, 300_000), heavy(rng, 400 * MS, 1.6, 60 * SECOND_NS)
        saves = rng.random() < 0.35
        out, back = (size, 20) if saves else (50, size)
        command = 9 if saves else 8
        conversation.send(payloads.smb2(rng, command, out), after_ns=pause_ns)
        conversation.send(payloads.smb2(rng, command, back, reply=True), back=True, after_ns=rng.randrange(1, 5 * MS))
    conversation.close(after_ns=heavy(rng, 2 * SECOND_NS, 1.0, 60 * SECOND_NS))


def print_document(machine: Machine, time_ns: int) -> None:
    """Send a document to the printer's raw port."""
    rng = machine.rng
    conversation = machine.converse(time_ns, HOSTS["printer"].v4, 9100).open()
    conversation.send(b"\x1b%-12345X@PJL JOB\r\n" + rng.randbytes(heavy(rng, 25_000, 0.9, 250_000)), after_ns=5 * MS)
    conversation.send(b"@PJL USTATUS JOB END\r\n", back=True, after_ns=heavy(rng, 900 * MS, 0.5, 9 * SECOND_NS))
    conversation.close(after_ns=20 * MS)


def use_shell(machine: Machine, time_ns: int, server: Endpoint, *, keystrokes: int) -> None:
    """Work over SSH for a while."""
    rng = machine.rng
    conversation = ssh_open(machine, machine.converse(time_ns, server, 22))
    for _ in range(keystrokes):
        conversation.send(rng.randbytes(36), after_ns=heavy(rng, 250 * MS, 1.2, 90 * SECOND_NS))
        conversation.send(rng.randbytes(heavy(rng, 80, 1.2, 9000)), back=True, after_ns=rng.randrange(1, 4 * MS))
    conversation.close(after_ns=rng.randrange(1, 20) * MS)


def ssh_open(machine: Machine, conversation: Conversation) -> Conversation:
    """Open the connection, exchange SSH banners and keys (RFC 4253 sizes)."""
    rng = machine.rng
    conversation.open().send(b"SSH-2.0-OpenSSH_9.6\r\n", back=True, after_ns=rng.randrange(1, 12) * MS)
    conversation.send(b"SSH-2.0-OpenSSH_9.6\r\n", after_ns=rng.randrange(MS))
    conversation.send(rng.randbytes(1504), after_ns=rng.randrange(MS))
    conversation.send(rng.randbytes(1080), back=True, after_ns=rng.randrange(2 * MS))
    conversation.send(rng.randbytes(48), after_ns=rng.randrange(1, 3) * MS)
    return conversation.send(rng.randbytes(452), back=True, after_ns=rng.randrange(3, 9) * MS)


def ask_time(machine: Machine, time_ns: int, server: Endpoint) -> None:
    """Ask a time server."""
    reply = payloads.ntp_message(time_ns + server.delay_ns // 2, reply=True)
    own_port = 123 if machine.host.system.ttl != 64 else 0
    machine.ask(time_ns, server, 123, payloads.ntp_message(time_ns, reply=False), reply, own_port=own_port)
