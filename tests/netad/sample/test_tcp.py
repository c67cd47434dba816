import ipaddress

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.sample.rhythm import random_stream
from netad.sample.tcp import ACK, FIN, RST, SYN, Conversation
from netad.sample.wire import Endpoint

CLIENT = Endpoint(b"\x02\0\0\0\0\1", ipaddress.ip_address("10.20.0.1").packed, 64, delay_ns=200_000)
SERVER = Endpoint(b"\x02\0\0\0\0\2", ipaddress.ip_address("192.0.2.9").packed, 50, delay_ns=20_000_000, scale=None)
START = 1_000_000_000


def conversation(packets, seed=0):
    return Conversation(packets, random_stream(seed), CLIENT, SERVER, (40_000, 443), START)


def flags(seen):
    return [item.transport.flags for item in seen]


def in_order(packets):
    return sorted(packets, key=lambda packet: packet[0])


def assert_consistent(seen):
    """Each side's sequence numbers are a run of what it sent, and nothing is acknowledged before it was sent."""
    upcoming, sent, acknowledged = {}, {}, {}
    for item in seen:
        own, other, tcp = item.source, item.destination, item.transport
        assert upcoming.get(own, tcp.seq) == tcp.seq
        taken = len(tcp.data) + bool(tcp.flags & SYN) + bool(tcp.flags & FIN)
        upcoming[own] = (tcp.seq + taken) & 0xFFFF_FFFF
        sent.setdefault(own, tcp.seq)
        if tcp.flags & ACK:
            reached = (tcp.ack - sent[other]) & 0xFFFF_FFFF
            assert acknowledged.get(own, 0) <= reached <= (upcoming[other] - sent[other]) & 0xFFFF_FFFF
            acknowledged[own] = reached


message = st.tuples(st.integers(1, 40_000), st.booleans(), st.integers(0, 2 * 10**9))


@given(st.lists(message, max_size=6), st.booleans(), st.integers(0, 1000))
def test_whole_connections_are_consistent(see, messages, by_responder, seed):
    """Whatever is said: handshake, then numbers that fit together, all bytes once, then FIN from both sides."""
    packets = []
    talk = conversation(packets, seed).open()
    for size, back, pause in messages:
        talk.send(b"x" * size, back=back, after_ns=pause)
    talk.close(by_responder=by_responder)
    seen = see(in_order(packets))
    assert flags(seen)[:3] == [SYN, SYN | ACK, ACK]
    assert_consistent(seen)
    for address, backwards in ((CLIENT.address, False), (SERVER.address, True)):
        said = sum(len(item.transport.data) for item in seen if item.source == address)
        assert said == sum(size for size, back, _ in messages if back == backwards)
    assert sum(bool(item.transport.flags & FIN) for item in seen) == 2
    assert max(len(item.transport.data) for item in seen) <= 1460


def test_big_messages_are_acknowledged_on_the_way(see):
    """Every second segment of an upload is acknowledged, one path delay later."""
    packets = []
    conversation(packets).open().send(b"x" * 1460 * 20)
    seen = see(in_order(packets))[3:]
    assert sum(item.source == SERVER.address for item in seen) >= 9
    first = next(item for item in seen if item.source == SERVER.address)
    assert first.time - seen[1].time == SERVER.delay_ns


def test_a_late_answer_is_preceded_by_an_acknowledgement(see):
    """A message that waits longer than the delayed acknowledgement gets one of its own; a quick answer carries it."""
    for pause, count in ((5 * 10**9, 1), (1_000_000, 0)):
        packets = []
        conversation(packets).open().send(b"question").send(b"answer", back=True, after_ns=pause)
        seen = see(in_order(packets))[3:]
        bare = [item for item in seen if item.source == SERVER.address and not item.transport.data]
        assert len(bare) == count


def test_syn_options_follow_the_system(see):
    """Both offer an MSS; only a system that scales windows offers a scale."""
    packets = []
    conversation(packets).open()
    options = [dict(dpkt.tcp.parse_opts(item.transport.opts)) for item in see(packets)[:2]]
    assert [dpkt.tcp.TCP_OPT_WSCALE in each for each in options] == [True, False]
    assert all(each[dpkt.tcp.TCP_OPT_MSS] == (1460).to_bytes(2, "big") for each in options)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (lambda talk: talk.refused(2), [SYN, RST | ACK, SYN, RST | ACK]),
        (lambda talk: talk.unanswered(3), [SYN, SYN, SYN]),
        (lambda talk: talk.probed(), [SYN, SYN | ACK, RST]),
        (lambda talk: talk.open().reset(), [SYN, SYN | ACK, ACK, RST | ACK]),
        (lambda talk: talk.open().send(b"x").leave(), [SYN, SYN | ACK, ACK, ACK | 8, ACK]),
    ],
    ids=["refused", "unanswered", "probed", "reset", "left open"],
)
def test_connections_that_go_wrong(see, end, expected):
    """Each way to fail shows the flags it shows in real captures."""
    packets = []
    end(conversation(packets))
    assert flags(see(in_order(packets))) == expected


def test_a_refusal_answers_the_syn(see):
    """The reset acknowledges the SYN, and a retry repeats its number (RFC 9293, 3.10.7.1)."""
    packets = []
    conversation(packets).refused(2)
    syn, reset, again, _ = (item.transport for item in see(packets))
    assert (reset.seq, reset.ack, again.seq) == (0, (syn.seq + 1) & 0xFFFF_FFFF, syn.seq)
