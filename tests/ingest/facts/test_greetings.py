"""Tests of netad.ingest.facts.greetings."""

import pytest

from netad.ingest.facts.batch import FactKind
from netad.ingest.facts.greetings import Greetings
from netad.ingest.facts.rows import FactRows
from netad.ingest.facts.spoken import spoken_in_record
from netad.ingest.facts.streams import IDLE_NS
from tests.ingest.facts.messages import client_hello, server_name, sized, tls_records
from tests.ingest.frames import TCP as PROTOCOL
from tests.ingest.frames import ethernet, ip4, record, tcp

HELLO = tls_records(client_hello((0x1301,), (server_name("a.example"), (21, bytes(1800)))))
REQUEST = b"GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\r\n\r\n"


class Client:
    """Sends segments of a connection to greetings."""

    def __init__(self):
        self.rows = FactRows()
        self.greetings = Greetings(self.rows)

    def send(self, payload, seq=1, port=40000, time_ns=0, snap=None):
        frame = ethernet(ip4(tcp(payload, src_port=port, flags="PA", seq=seq), PROTOCOL))
        self.greetings.add(spoken_in_record(record(frame[:snap], time_ns=time_ns, wire_length=len(frame))))

    def told(self, *names):
        return [
            row for batch in self.rows.take() for row in zip(*(batch[name].tolist() for name in names), strict=True)
        ]


@pytest.fixture
def client():
    return Client()


def test_client_hello_in_one_segment(client):
    """A TLS fact has the time of its packet, both fingerprints, and the client as originator."""
    client.send(tls_records(client_hello((0x1301,), (server_name("a.example"),))), time_ns=9)
    (batch,) = client.rows.take()
    assert batch.kind is FactKind.TLS
    assert (batch["time_ns"][0], batch["server_name"][0], batch["orig_port"][0], batch["resp_port"][0]) == (
        9, "a.example", 40000, 80)  # fmt: skip
    assert (len(batch["ja3"][0]), batch["ja4"][0][:10]) == (32, "t12d010100")


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (0, 0, 1, 1, 2, 2)])
def test_client_hello_over_segments(client, order):
    """Segments may come in another order and twice; the fact has the first one's time."""
    for time_ns, number in enumerate(order):
        at = number * 700
        client.send(HELLO[at : at + 700], seq=1 + at, time_ns=time_ns)
    assert client.told("time_ns", "server_name") == [(0, "a.example")]


def test_a_second_client_hello_of_a_connection_is_not_told(client):
    """A server that asks to try again (RFC 8446, 4.1.4) makes no second fact, and neither does a repeated segment."""
    hello = tls_records(client_hello((0x1301,)))
    client.send(hello)
    client.send(hello)
    client.send(hello, seq=1 + len(hello))
    assert len(client.told("ja3")) == 1
    client.send(hello, port=40001)
    assert len(client.told("ja3")) == 1


def test_a_client_hello_that_does_not_go_on(client):
    """After a while its server name is told, without fingerprints: these would be wrong."""
    client.send(HELLO[:700])
    client.greetings.expire(IDLE_NS - 1)
    assert client.told("ja3") == []
    client.greetings.expire(IDLE_NS)
    assert client.told("server_name", "ja3", "ja4") == [("a.example", "", "")]


def test_a_cut_client_hello_without_a_name_is_no_fact(client):
    """Nobody knows whether the name was missing or cut off."""
    client.send(tls_records(client_hello((0x1301,), ((21, bytes(900)), server_name("a.example")))), snap=300)
    client.greetings.expire()
    assert client.told("ja3") == []


def test_snapped_packets_are_not_waited_for(client):
    """What the snapshot cut off never comes."""
    client.send(HELLO, snap=200)
    assert client.told("server_name", "ja4") == [("a.example", "")]


def test_requests_of_a_connection(client):
    """Each request that begins a segment is a fact; repeated segments are not."""
    client.send(REQUEST)
    client.send(REQUEST)
    client.send(REQUEST.replace(b"GET", b"PUT"), seq=1 + len(REQUEST))
    assert client.told("method", "host", "user_agent") == [("GET", "a.example", "x"), ("PUT", "a.example", "x")]


def test_a_request_over_segments(client):
    """A head in two parts is one fact."""
    client.send(REQUEST[:20])
    client.send(REQUEST[20:], seq=21)
    assert client.told("method", "host") == [("GET", "a.example")]


def test_long_greetings_are_told_as_far_as_they_go(client):
    """A head beyond 8 KiB is cut."""
    client.send(REQUEST[:-2] + b"Cookie: " + b"x" * 9000)
    client.send(b"GET /" + b"x" * 9000, port=40001)
    client.send(b"\x16\x03\x01" + sized(b"\1" + sized(bytes(9000), 3)[:8190]), port=40002)
    assert client.told("host") == [("a.example",)]


def test_other_payloads_say_nothing(client):
    """Server answers, and protocols in capitals that are not HTTP."""
    client.send(b"HTTP/1.1 200 OK\r\n\r\n")
    client.send(b"EHLO a.example\r\n", port=40001)
    client.send(b"MAIL FROM:<a@example>\r\n", seq=17, port=40001)
    client.greetings.expire()
    assert client.rows.take() == []


def test_packets_without_sequence_number(client):
    """A snapshot that ends in the TCP header carries no payload; what has none is read by itself."""
    frame = ethernet(ip4(tcp(REQUEST), PROTOCOL))
    spoken = spoken_in_record(record(frame))
    assert spoken.payload == REQUEST
    client.greetings.add(spoken._replace(seq=-1, payload=REQUEST[:30]))
    assert client.told("host") == [("",)]


def test_greetings_are_carried():
    """A ClientHello whose rest comes after the state was taken over is told, and one that was told is not again."""
    before, after = Client(), Client()
    before.send(HELLO[:700])
    before.send(HELLO[1400:], seq=1401)
    before.send(HELLO, port=41000)
    assert len(before.told("server_name")) == 1
    after.greetings.resume(before.greetings.carry())
    after.send(HELLO, port=41000)
    assert after.told("server_name") == []
    after.send(HELLO[700:1400], seq=701)
    assert after.told("server_name") == [("a.example",)]
