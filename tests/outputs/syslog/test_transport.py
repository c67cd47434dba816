"""Transports against real sockets: what arrived is counted, what may have is said, what did not is not claimed."""

import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from netad.outputs.syslog.target import SyslogConfig
from netad.outputs.syslog.transport import Datagrams, Stream, UnreachableError, transport
from netad.outputs.variables import Trust
from tests.elastic_server import TLS

# A certificate for clients (2026 to 2126) that signs itself, and its key: of no use anywhere but here.
CLIENT = Path(__file__).parent / "tls"
MESSAGES = [b"one", b"two two", "drei ü".encode()]


@pytest.fixture
def way():
    """Return a maker of transports to a URL, closed at the end."""
    with contextlib.ExitStack() as stack:

        def make(url, trust=Trust(), timeout_s=10.0):  # noqa: B008
            host, _, port = url.partition("://")[2].rpartition(":")
            config = SyslogConfig(url.partition(":")[0], host, int(port), trust=trust, timeout_s=timeout_s)
            return stack.enter_context(contextlib.closing(transport(config)))

        yield make


def test_datagrams_arrive_one_a_message(way, datagrams):
    """All are sent, nothing is confirmed."""
    made = way(datagrams.url)
    made.open()
    sent = made.send(MESSAGES)
    assert (sent.count, sent.broken) == (3, None)
    assert datagrams.read() == MESSAGES
    assert not made.confirms


def test_datagrams_take_the_address_that_can_be_reached(way, datagrams, monkeypatch):
    """A name may have an address that there is no way to."""
    port = int(datagrams.url.rpartition(":")[2])
    known = [
        (socket.AF_INET, socket.SOCK_DGRAM, 17, "", (address, port)) for address in ("255.255.255.255", "127.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: known)
    made = way(datagrams.url)
    made.open()
    assert made.send(MESSAGES).count == 3
    assert datagrams.read() == MESSAGES


def test_a_datagram_that_nobody_takes_is_not_claimed(way, datagrams):
    """The host refuses it, which the kernel tells at once on loopback."""
    datagrams.close()
    made = way(datagrams.url)
    made.open()
    sent = made.send(MESSAGES)
    assert (sent.count, sent.in_doubt) == (0, 0)
    assert "Connection refused" in sent.broken.message
    assert isinstance(made, Datagrams)


def test_frames_are_counted_in_octets_and_all_have_been_read_when_they_count_as_sent(way, receive):
    """RFC 6587's framing; each chunk is told to be the last over its connection, and the receiver has hung up."""
    receiver = receive()
    made = way(receiver.url)
    for _ in range(2):
        made.open()
        made.open()  # changes nothing
        assert made.send(MESSAGES).count == 3
    assert receiver.messages == MESSAGES * 2
    assert receiver.connections == 2


def test_a_refused_connection_is_said(way, receive):
    """And may be tried again."""
    receiver = receive()
    receiver.stop()
    with pytest.raises(UnreachableError, match="cannot be reached \\(Connection refused\\)") as caught:
        way(receiver.url).open()
    assert not caught.value.final


def test_a_name_that_is_none_is_said(way):
    """The resolver's words."""
    for scheme in ("udp", "tcp"):
        with pytest.raises(UnreachableError, match="cannot be reached"):
            way(f"{scheme}://no.such.host.invalid:514").open()


def test_a_connection_that_breaks_leaves_what_was_handed_over_in_doubt(way, receive):
    """Nothing of the chunk is claimed, and the next time there is a new connection."""
    receiver = receive(plan=lambda number: 1 if number == 0 else None)
    made = way(receiver.url)
    made.open()
    sent = made.send(MESSAGES)
    assert sent.count == 0
    assert 0 < sent.in_doubt <= 3
    assert "cannot be reached" in sent.broken.message
    made.open()
    assert made.send(MESSAGES).count == 3
    assert receiver.messages == [MESSAGES[0], *MESSAGES]


def test_a_receiver_that_stays_on_the_line_costs_its_time_once(way, receive, monkeypatch):
    """Then its host's acknowledgement has to do, and it is not waited for as long again."""
    monkeypatch.setattr("netad.outputs.syslog.transport.HANG_UP_S", 0.05)
    monkeypatch.setattr("netad.outputs.syslog.transport.LATER_HANG_UP_S", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as stack:
        made = way(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        for _ in range(2):
            made.open()
            connection = stack.enter_context(listener.accept()[0])
            assert made.send(MESSAGES).count == 3
            assert connection.makefile("rb").read() == b"3 one7 two two7 drei \xc3\xbc"


def test_a_receiver_that_has_gone_in_the_meantime_is_noticed(way):
    """A closed connection takes bytes without an error; they are not claimed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = way(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        made.open()
        listener.accept()[0].close()
        sent = made.send(MESSAGES)
    assert sent.count == 0
    assert sent.broken is not None


def test_a_receiver_that_reads_nothing_runs_into_the_time_limit(way):
    """Its buffers fill up, and what is in them is in doubt."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made = way(f"tcp://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.2)
        made.open()
        connection, _ = listener.accept()
        sent = made.send([b"x" * 100_000] * 400)
        connection.close()
    assert sent.count == 0
    assert "did not take all within 0.2 s" in sent.broken.message
    assert sent.in_doubt < 400


def test_tls_to_a_trusted_receiver(way, receive):
    """The certificate is verified, and everything has been read when the connection is closed."""
    receiver = receive(tls=True)
    made = way(receiver.url, Trust(str(TLS / "certificate.pem")))
    made.open()
    assert made.send(MESSAGES * 500).count == 1500
    assert receiver.messages == MESSAGES * 500
    assert isinstance(made, Stream)


def test_a_certificate_that_nobody_vouches_for_is_final(way, receive):
    """Trying again would change nothing; the sentence says which variable does."""
    with pytest.raises(UnreachableError, match=r"self-signed certificate.*NETAD_SYSLOG_CA_FILE") as caught:
        way(receive(tls=True).url).open()
    assert caught.value.final


def test_a_receiver_without_tls_is_said(way, receive):
    """What answers is not TLS."""
    receiver = socket.create_server(("127.0.0.1", 0))
    with receiver:
        made = way(f"tls://127.0.0.1:{receiver.getsockname()[1]}", timeout_s=0.2)
        with pytest.raises(UnreachableError, match="did not answer within"):
            made.open()


def test_a_client_certificate_is_shown(way, receive):
    """A receiver that wants one takes ours."""
    receiver = receive(tls=True, ca_file=CLIENT / "client.pem")
    ours = Trust(str(TLS / "certificate.pem"), str(CLIENT / "client.pem"), str(CLIENT / "client-key.pem"))
    made = way(receiver.url, ours)
    made.open()
    assert made.send(MESSAGES).count == 3
    assert receiver.messages == MESSAGES


def test_without_the_client_certificate_that_is_wanted_nothing_is_claimed(way, receive):
    """TLS 1.3 lets a receiver refuse after we are through: then the messages have not arrived."""
    receiver = receive(tls=True, ca_file=CLIENT / "client.pem")
    made = way(receiver.url, Trust(str(TLS / "certificate.pem")))
    made.open()
    sent = made.send(MESSAGES)
    assert sent.count == 0
    assert sent.broken is not None
    assert receiver.messages == []


def test_an_alert_is_told_in_its_words(way, receive):
    """TLS 1.2 refuses in the handshake."""
    receiver = receive(tls=True, ca_file=CLIENT / "client.pem", newest=ssl.TLSVersion.TLSv1_2)
    with pytest.raises(UnreachableError, match=r"no TLS connection to .* alert handshake failure") as caught:
        way(receiver.url, Trust(str(TLS / "certificate.pem"))).open()
    assert caught.value.final


def test_old_protocols_are_not_spoken(way):
    """TLS 1.2 is the least."""
    assert Trust().context().minimum_version == ssl.TLSVersion.TLSv1_2
