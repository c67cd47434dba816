"""Tests of netad.ingest.engine.notes: which packets Python gets to see for the sake of their payload."""

import pytest

from netad.ingest.decode import TCP
from netad.ingest.engine import walk as w
from netad.ingest.engine.layout import S_WINDOW
from netad.ingest.engine.notes import GREETING_BYTES, N_FIELDS, new_notes, spoken_in
from netad.ingest.facts.spoken import spoken_in_record
from netad.ingest.framing import Record
from tests.ingest.engine.test_walk import ethernet_pcap, pcap_walker
from tests.ingest.frames import ethernet, ip4, ip6, tcp, udp

HELLO = b"\x16\x03\x01" + bytes(300)
REQUEST = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"
SERVER = {"src": "192.0.2.7", "dst": "10.0.0.1"}


def noted(walker):
    """Walk to the end of the block; return the places of the frames that were noted, a second after each other."""
    said = []
    while True:
        code = walker.go()
        said += spoken_in(walker.block, walker.notes[: walker["S_NOTES"]])
        if code > 0:
            walker.store.relieve(code, walker.row)
        elif code in (w.MORE, w.UNUSUAL):
            return [spoken.time_ns // 10**9 - 1_700_000_000 for spoken in said]


def noted_of(frames, rows=None):
    """Return the places of the frames that are noted."""
    walker = ethernet_pcap([frame + b"padding" for frame in frames])
    walker.notes = new_notes(True)[:rows]
    return noted(walker)


def client(payload=b"", flags="PA", **more):
    return ethernet(ip4(tcp(payload, flags=flags, **more), TCP))


def server(payload=b"", flags="PA", port=80):
    return ethernet(ip4(tcp(payload, port, 40000, flags), TCP, **SERVER))


@pytest.mark.parametrize("port", [53, 5353, 5355])
def test_dns_over_udp_both_ways(port):
    """Questions and answers are noted, in both versions of IP; empty datagrams and other ports are not."""
    frames = [
        ethernet(ip4(udp(b"question", 999, port))),
        ethernet(ip4(udp(b"answer", port, 999))),
        ethernet(ip6(udp(b"question", 999, port)), 0x86DD),
        ethernet(ip4(udp(b"", 999, port))),
        ethernet(ip4(udp(b"GET", 999, 80))),
    ]
    assert noted_of(frames) == [0, 1, 2]


def test_dns_over_tcp():
    """Segments with payload on port 53; multicast DNS is not spoken over TCP."""
    frames = [client(flags="S", dst_port=53), client(b"\0\1x", dst_port=53), server(b"\0\1y", port=53)]
    assert noted_of([*frames, client(b"x", dst_port=5353)]) == [1, 2]


@pytest.mark.parametrize("greeting", [HELLO, REQUEST])
def test_what_the_originator_says_first(greeting):
    """A greeting and what follows it, not what the responder says."""
    frames = [client(flags="S"), server(flags="SA"), client(greeting), server(HELLO), client(b"rest"), client()]
    assert noted_of(frames) == [2, 4]


@pytest.mark.parametrize("payload", [b"\x16\x04\x01", b"\x17\x03\x03", b"\x16", b"get /", b"[", b"@", b"\x00"])
def test_what_is_no_greeting(payload):
    """Other first bytes; a greeting that comes later is none."""
    assert noted_of([client(flags="S"), client(payload), client(HELLO), client(REQUEST)]) == []


def test_greetings_are_bounded():
    """Noted is what begins within the first bytes the originator sent, a cut into slices or not."""
    pieces = [client(REQUEST + bytes(1000 - len(REQUEST)))] + [
        client(bytes(1000), seq=1000 * at) for at in range(1, 12)
    ]
    assert noted_of(pieces) == list(range(GREETING_BYTES // 1000 + 1))
    walker = ethernet_pcap(pieces)
    walker.notes = new_notes(True)
    walker.store.arrays.state[S_WINDOW] = 10**9
    assert noted(walker) == list(range(9))


def test_each_flow_has_its_own():
    """A new connection of the same ends greets anew, another port too."""
    again = [client(flags="S", seq=9), client(REQUEST, seq=10)]
    frames = [client(flags="S"), client(b"\0"), server(flags="R"), *again, client(REQUEST, src_port=1)]
    assert noted_of(frames) == [4, 5]


def test_payload_that_was_not_captured():
    """A segment snapped in front of its payload is not noted, nor Ethernet's padding taken for payload."""
    padded = ethernet(ip4(tcp(flags="A"), TCP)) + b"GET /"
    assert noted_of([client(REQUEST)[:54], padded]) == []


def test_notes_stop_the_walk_when_they_are_full():
    """Nothing is lost, and nothing noted twice."""
    frames = [ethernet(ip4(udp(b"question")))] * 10
    for rows in (1, 3, 10):
        assert noted_of(frames, rows) == list(range(10))


@pytest.mark.parametrize("make", [lambda inner: ethernet(ip4(inner)), lambda inner: ethernet(ip6(inner), 0x86DD)])
def test_a_note_says_what_decoding_says(make):
    """Ends, lengths and the payload as far as it was captured, without padding, in both versions of IP."""
    whole = make(udp(b"question", 999, 53))
    for frame, said in ((whole + b"padding", b"question"), (whole[:-3], b"quest")):
        walker = ethernet_pcap([frame])
        walker.notes = new_notes(True)
        assert walker.go() == w.MORE
        (spoken,) = spoken_in(walker.block, walker.notes[: walker["S_NOTES"]])
        assert spoken.payload == said
        assert spoken == spoken_in_record(Record(spoken.time_ns, frame, len(whole), 1))


def test_outside_the_time_range_nothing_is_noted():
    """Packets that do not count say nothing."""
    walker = ethernet_pcap([ethernet(ip4(udp(b"question")))] * 3)
    walker.notes = new_notes(True)
    walker.state[w.S_UNTIL] = 1_700_000_001 * 10**9
    assert len(noted(walker)) == 1


def test_nothing_is_noted_unasked():
    """Without room for notes none are taken."""
    walker = ethernet_pcap([ethernet(ip4(udp(b"question")))])
    assert new_notes(False).shape == (0, N_FIELDS)
    assert (noted(walker), walker["S_NOTES"]) == ([], 0)


@pytest.mark.corpus
def test_few_packets_are_noted(corpus):
    """Python sees a small share of real traffic."""
    packets = notes = 0
    for path in sorted((corpus / "captures").rglob("*.pcap")):
        data = path.read_bytes()
        if data[:4] == b"\xd4\xc3\xb2\xa1" and data[20:24] == b"\1\0\0\0":
            walker, _ = pcap_walker(data)
            walker.state[w.S_LINK_TYPE], walker.notes = 1, new_notes(True)
            notes += len(noted(walker))
            packets += walker["S_PACKETS"]
    assert packets > 10_000
    assert notes < packets / 5, (notes, packets)
