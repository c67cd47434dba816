"""Tests of netad.ingest.facts.dns_packets."""

import pytest

from netad.core.addresses import parse_address
from netad.ingest.facts.dns_packets import DnsPackets
from netad.ingest.facts.rows import FactRows
from netad.ingest.facts.spoken import spoken_in_record
from tests.ingest.facts.messages import answer, question, sized
from tests.ingest.frames import TCP, ethernet, ip4, record, tcp, udp

CLIENT, SERVER, GROUP = "10.0.0.1", "10.0.0.53", "224.0.0.251"


class Wire:
    """Sends DNS packets between addresses."""

    def __init__(self):
        self.rows = FactRows()
        self.dns = DnsPackets(self.rows)

    def datagram(self, message, src=CLIENT, src_port=40000, dst=SERVER, dst_port=53, time_ns=0):
        frame = ethernet(ip4(udp(message, src_port, dst_port), src=src, dst=dst))
        self.dns.add_datagram(spoken_in_record(record(frame, time_ns=time_ns)))

    def segment(self, payload, seq=1, back=False, time_ns=0):
        ends = {"src": SERVER, "dst": CLIENT} if back else {"src": CLIENT, "dst": SERVER}
        ports = (53, 40000) if back else (40000, 53)
        frame = ethernet(ip4(tcp(payload, *ports, flags="PA", seq=seq), TCP, **ends))
        self.dns.add_segment(spoken_in_record(record(frame, time_ns=time_ns)))

    def told(self, *names):
        self.dns.expire()
        return [row for batch in self.rows.take() if "rcode" in batch
                for row in zip(*(batch[name].tolist() for name in names), strict=True)]  # fmt: skip


@pytest.fixture
def wire():
    return Wire()


def test_lookup_over_udp(wire):
    """Question and answer are one fact of the client's."""
    asked, answered = question("a.example"), answer("a.example", rcode=3)
    wire.datagram(asked)
    wire.datagram(answered, SERVER, 53, CLIENT, 40000)
    assert wire.told("orig_lo", "orig_port", "resp_port", "rcode", "query_bytes", "answer_bytes") == [
        (parse_address(CLIENT)[1], 40000, 53, 3, len(asked), len(answered))
    ]


def test_other_ports_are_no_dns(wire):
    """A datagram that would be a question elsewhere says nothing."""
    wire.datagram(question("a.example"), dst_port=5354)
    assert wire.told("query") == []


def test_an_answer_alone_still_has_the_client_as_originator(wire):
    """The end with the service's port is the server."""
    wire.datagram(answer("a.example"), SERVER, 53, CLIENT, 40000)
    assert wire.told("orig_port", "query", "query_bytes", "rcode") == [(40000, "a.example", -1, 0)]


def test_servers_ask_each_other_from_port_53(wire):
    """With the port at both ends the message tells who asked."""
    wire.datagram(question("a.example"), CLIENT, 53, SERVER, 53)
    wire.datagram(answer("a.example"), SERVER, 53, CLIENT, 53)
    assert wire.told("orig_lo", "rcode") == [(parse_address(CLIENT)[1], 0)]


def test_mdns_to_the_group(wire):
    """Questions stay without an answer; who answers to all is the originator of a fact of its own, as in Zeek."""
    wire.datagram(question("_ipp._tcp.local", 12, 0, 0), CLIENT, 5353, GROUP, 5353)
    wire.datagram(answer("printer.local", ("10.0.0.9",), identity=0, asked=False), "10.0.0.9", 5353, GROUP, 5353)
    assert wire.told("orig_lo", "query", "rcode") == [
        (parse_address(CLIENT)[1], "_ipp._tcp.local", -1),
        (parse_address("10.0.0.9")[1], "printer.local", 0),
    ]


def test_mdns_answer_to_one_host(wire):
    """A unicast answer between equal ports belongs to who asked."""
    wire.datagram(answer("printer.local", identity=0), "10.0.0.9", 5353, CLIENT, 5353)
    assert wire.told("orig_lo") == [(parse_address(CLIENT)[1],)]


def test_llmnr(wire):
    """The answer comes from another address than was asked: two facts, as in Zeek's dns.log."""
    wire.datagram(question("wpad"), CLIENT, 50000, "224.0.0.252", 5355)
    wire.datagram(answer("wpad", ("10.0.0.9",)), "10.0.0.9", 5355, CLIENT, 50000)
    assert wire.told("orig_port", "query", "rcode") == [(50000, "wpad", -1), (50000, "wpad", 0)]


def test_lookup_over_tcp(wire):
    """The length in front is no part of the message."""
    asked, answered = question("a.example"), answer("a.example", ("192.0.2.1",))
    wire.segment(sized(asked))
    wire.segment(sized(answered), back=True)
    assert wire.told("protocol", "query_bytes", "answer_bytes", "rcode") == [(6, len(asked), len(answered), 0)]


@pytest.mark.parametrize("size", [1, 2, 3, 11, 60])
def test_messages_over_tcp_cut_anywhere(wire, size):
    """Several messages of a connection, in segments of any size."""
    octets = sized(question("a.example", identity=1)) + sized(question("b.example", identity=2))
    for at in range(0, len(octets), size):
        wire.segment(octets[at : at + size], seq=5 + at)
    assert wire.told("query") == [("a.example",), ("b.example",)]


def test_long_messages_over_tcp_are_read_from_their_beginning(wire):
    """Of a zone transfer the first records are enough, and the next message is found behind it."""
    octets = sized(answer("a.example") + bytes(30000)) + sized(answer("b.example"))
    for at in range(0, len(octets), 1400):
        wire.segment(octets[at : at + 1400], seq=1 + at, back=True)
    assert wire.told("query", "answer_bytes") == [
        ("a.example", 30000 + len(answer("a.example"))), ("b.example", len(answer("b.example")))]  # fmt: skip


def test_streams_are_given_up(wire):
    """A beginning that never goes on is forgotten: a later message is read by itself."""
    wire.segment(sized(question("a.example"))[:9])
    wire.segment(sized(question("b.example")), seq=1, time_ns=60 * 10**9)
    assert wire.told("query") == [("b.example",)]


def test_a_message_goes_on_where_another_table_left_it(wire):
    """A question over TCP whose second segment comes after the state was taken over is one question."""
    message = sized(question("a.example"))
    wire.segment(message[:9])
    after = Wire()
    after.dns.resume(wire.dns.carry())
    after.segment(message[9:], seq=10)
    assert after.told("query") == [("a.example",)]
