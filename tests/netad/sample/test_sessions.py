import dpkt
import pytest

from netad.sample import sessions
from netad.sample.hosts import HOSTS, address_text
from netad.sample.machine import Machine

START = 1_772_438_400 * 10**9


@pytest.fixture
def machine(world, rng):
    return Machine(HOSTS["dev-kurt"], world, rng)


def address_text_of(packed):
    return ".".join(str(byte) for byte in packed)


def first_contact(packets, see):
    """Return the server's address and port of the first packet that is no DNS."""
    for item in see(sorted(packets)):
        if 53 not in (item.transport.sport, item.transport.dport):
            return address_text_of(item.destination), item.transport.dport
    return None


@pytest.mark.parametrize(
    ("act", "server", "port"),
    [
        (sessions.check_mail, "mail", 993),
        (lambda machine, time: sessions.submit_mail(machine, time, HOSTS["mail"].v4), "mail", 587),
        (lambda machine, time: sessions.use_share(machine, time, volume=1.0), "files", 445),
        (sessions.print_document, "printer", 9100),
        (lambda machine, time: sessions.use_shell(machine, time, HOSTS["app"].v4, keystrokes=5), "app", 22),
        (lambda machine, time: sessions.ask_time(machine, time, HOSTS["voice-gateway"].v4), "voice-gateway", 123),
    ],
    ids=["imap", "submission", "smb", "print", "ssh", "ntp"],
)
def test_services_are_used_on_their_ports(machine, see, act, server, port):
    """Each session goes to its server's port, starts when told, and is answered."""
    act(machine, START)
    assert first_contact(machine.packets, see) == (address_text(HOSTS[server].v4), port)
    assert min(machine.packets)[0] == START
    assert any(item.source == HOSTS[server].v4.address for item in see(machine.packets))


def test_tls_session_moves_what_was_asked(machine, world, see):
    """The exchanges' bytes are on the wire in both directions, after a hello with the name."""
    server = world.sites[0].v4[0]
    sessions.tls_session(machine, START, server, "news.amber.example", [(5000, 30_000, 0)])
    seen = see(sorted(machine.packets))
    out = sum(len(item.transport.data) for item in seen if item.destination == server.address)
    back = sum(len(item.transport.data) for item in seen if item.source == server.address)
    assert 5000 + 517 < out < 5000 + 800
    assert 30_000 + 1800 < back < 30_000 + 4200
    assert any(b"news.amber.example" in bytes(item.transport.data) for item in seen)


def test_browsing_looks_the_name_up_first(machine, world, see):
    """DNS comes before the connection, and the connection goes to an address of the answer."""
    site = world.sites[1]
    sessions.browse(machine, START, site, volume=1.0, quic_share=0.0)
    seen = see(sorted(machine.packets))
    assert dpkt.dns.DNS(seen[0].transport.data).qd[0].name == site.name
    assert first_contact(machine.packets, see)[0] in {address_text(end) for end in site.v4}


def test_quic_is_udp_on_443(machine, world, see):
    """A QUIC connection is one UDP flow that starts with an Initial of 1200 bytes each way."""
    server = world.sites[0].v4[0]
    sessions.quic_session(machine, START, server, [(300, 20_000, 10**8)])
    seen = see(sorted(machine.packets))
    assert {(item.transport.sport, item.transport.dport) for item in seen if item.source != server.address} == {
        (seen[0].transport.sport, 443)
    }
    assert [len(item.transport.data) for item in seen[:2]] == [1200, 1200]
    assert sum(len(item.transport.data) for item in seen if item.source == server.address) > 20_000


def test_http_fetch_is_plain(machine, see):
    """Request and response can be read, and the server closes."""
    ended = sessions.http_fetch(machine, START, HOSTS["printer"].v4, "printer.office.example", 700)
    seen = see(sorted(machine.packets))
    assert ended == seen[-1].time
    texts = [bytes(item.transport.data)[:4] for item in seen if item.transport.data]
    assert texts == [b"GET ", b"HTTP"]


def test_connections_end_in_several_ways(world, rng, see):
    """Some by FIN of the client, some of the server, some by reset, and a few stay open."""
    ends = set()
    for number in range(120):
        machine = Machine(HOSTS["dev-kurt"], world, rng)
        sessions.finish(machine, machine.converse(START + number, world.sites[0].v4[0], 443).open())
        last = see(machine.packets)[3:]
        ends.add((last[0].transport.flags, last[0].transport.dport == 443) if last else None)
    fin, reset = dpkt.tcp.TH_FIN | dpkt.tcp.TH_ACK, dpkt.tcp.TH_RST | dpkt.tcp.TH_ACK
    assert ends == {(fin, True), (fin, False), (reset, True), None}
