"""What is found beside what dpkt finds: made captures of every kind, real ones, damaged ones."""

import gzip
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.extract.finding import Finder
from netad.extract.wanted import Flows, Network, Wanted, tuple5
from netad.extract.writing import PcapngWriter
from netad.ingest.decode import TCP
from netad.ingest.engine.blocks import BLOCK_BYTES
from netad.ingest.inputs import Source
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport
from tests.ingest.engine.test_driver import CAPTURES, FRAMES
from tests.ingest.frames import CLIENT, SERVER, ethernet, ip4, ip6, tcp, udp
from tests.ingest.pcap_file import START, pcap_bytes, write_pcap
from tests.netad.extract.reference import address, filtered, records_of

SECOND = 10**9
ADDRESSES = [CLIENT, SERVER, "172.16.0.1", "2001:db8::1", "2001:db8::2"]
CLIENT_NUMBER, SERVER_NUMBER = Network.parse(CLIENT).first, Network.parse(SERVER).first


def extracted(sources, wanted):
    """Return the records that are written, and the report."""
    report, stream = IngestReport(), io.BytesIO()
    finder, writer = Finder(wanted, report), PcapngWriter(stream)
    for found in finder.found(sources):
        writer.write(found)
    writer.close(finder.link_types)
    return list(read_records(io.BytesIO(stream.getvalue()), "written", IngestReport())), report


def wanted_of(source, peers=(), ports=(), since_ns=None, until_ns=None):
    return Wanted(Network.parse(source), since_ns, until_ns, tuple(map(Network.parse, peers)), ports)


@pytest.mark.parametrize("name", CAPTURES)
@pytest.mark.parametrize("source", [*ADDRESSES, "10.0.0.0/8", "2000::/3", "198.51.100.1"])
def test_made_captures_of_all_sorts_of_frames(tmp_path, name, source):
    """Fragments, tunnels, both families, records that a Python reader reads: what dpkt finds, in its order."""
    path = tmp_path / "capture"
    path.write_bytes(CAPTURES[name])
    one = Source(str(path))
    records, report = extracted([one], wanted_of(source))
    assert records == filtered(records_of(one), source)
    assert report.packets == len(records_of(one)) + (name == "pcapng")  # a packet of an unknown interface


FRAME = st.one_of(
    st.sampled_from(FRAMES),
    st.builds(
        lambda src, dst, port, flags: ethernet(ip4(tcp(dst_port=port, flags=flags), TCP, src, dst)),
        st.sampled_from(ADDRESSES[:3]), st.sampled_from(ADDRESSES[:3]), st.sampled_from([80, 443]),
        st.sampled_from("SA"),
    ),
    st.builds(
        lambda src, dst, port: ethernet(ip6(udp(dst_port=port), src=src, dst=dst), 0x86DD),
        st.sampled_from(ADDRESSES[3:]), st.sampled_from(ADDRESSES[3:]), st.sampled_from([53, 443]),
    ),
    st.binary(max_size=80),
)  # fmt: skip


@given(
    frames=st.lists(st.tuples(st.integers(0, 20), FRAME), max_size=30),
    source=st.sampled_from([*ADDRESSES, "0.0.0.0/0", "2001:db8::/64"]),
    peers=st.lists(st.sampled_from(ADDRESSES), max_size=2),
    ports=st.lists(st.sampled_from([80, 443, 53, 4789]), max_size=2),
    since=st.none() | st.integers(0, 20),
    length=st.none() | st.integers(1, 20),
)
def test_whatever_is_wanted_is_what_dpkt_finds(tmp_path_factory, frames, source, peers, ports, since, length):
    """Source, peers, ports and time, on packets in any order and frames of any bytes."""
    one = write_pcap(tmp_path_factory.mktemp("made") / "x.pcap", frames)
    since_ns = None if since is None else (START + since) * SECOND
    until_ns = None if length is None else (START + (since or 0) + length) * SECOND
    records, _ = extracted([one], wanted_of(source, peers, tuple(ports), since_ns, until_ns))
    bounds = {"since_ns": since_ns or 0, "until_ns": until_ns or 1 << 62}
    assert records == filtered(records_of(one), source, peers, ports, **bounds)


def test_more_than_a_block_and_more_than_there_is_room_for(tmp_path):
    """Records across the blocks' edges, and thousands that are found at once."""
    frames = [ethernet(ip4(udp(bytes(size)))) for size in (0, 1, 1399)]
    number = BLOCK_BYTES // 500 * 3
    one = write_pcap(tmp_path / "x.pcap", [(index / 1000, frames[index % 3]) for index in range(number)])
    small = write_pcap(tmp_path / "small.pcap", [(index / 1000, frames[0]) for index in range(10_000)])
    records, _ = extracted([one, small], wanted_of(CLIENT))
    assert records == [*records_of(one), *records_of(small)]


def test_compressed_and_cut_captures(tmp_path):
    """Everything up to where it is cut is found; the report says where."""
    whole = write_pcap(tmp_path / "x.pcap", [(index, FRAMES[0]) for index in range(9)])
    (tmp_path / "x.pcap.gz").write_bytes(gzip.compress((tmp_path / "x.pcap").read_bytes()[:-5]))
    records, report = extracted([Source(str(tmp_path / "x.pcap.gz"))], wanted_of(CLIENT))
    assert records == records_of(whole)[:-1]
    assert [problem.sentence for problem in report.problems] == ["is cut in the middle of record 9"]


def test_what_is_no_capture_or_not_there_is_a_problem(tmp_path):
    """And the other inputs are read."""
    whole = write_pcap(tmp_path / "x.pcap", [(0, FRAMES[0])])
    (tmp_path / "text").write_text("hello, this is text")
    records, report = extracted(
        [Source(str(tmp_path / "text")), Source(str(tmp_path / "gone")), whole], wanted_of(CLIENT)
    )
    assert len(records) == 1
    assert [problem.path.rpartition("/")[2] for problem in report.problems] == ["text", "gone"]


def test_packets_of_unknown_link_types_are_named(tmp_path):
    """Nobody can say whose they are."""
    one = write_pcap(tmp_path / "x.pcap", [(0, b"abc"), (1, b"abc")], link_type=147)
    records, report = extracted([one], wanted_of("::/0"))
    assert records == []
    assert report.problems[0].sentence == "holds 2 packets of link type 147, which netad cannot decode"


def test_only_packets_of_the_wanted_flows(tmp_path):
    """By both ends, protocol and time; fragments by the ports of their datagram."""
    frames = [(number / 10, frame) for number, frame in enumerate(FRAMES)]
    one = write_pcap(tmp_path / "x.pcap", frames)
    begin = START * SECOND
    key = tuple5(CLIENT_NUMBER, 40000, SERVER_NUMBER, 80, TCP)
    flow = Flows({key: [(begin, begin + SECOND)]})
    records, _ = extracted([one], Wanted(Network.parse(CLIENT), flows=flow))
    assert [record.data for record in records] == FRAMES[:2]
    early = Flows({key: [(begin, begin)]})
    records, _ = extracted([one], Wanted(Network.parse(CLIENT), flows=early))
    assert [record.data for record in records] == FRAMES[:1]
    datagram = Flows({tuple5(CLIENT_NUMBER, 40000, SERVER_NUMBER, 53, 17): [(begin, begin + SECOND)]})
    records, _ = extracted([one], Wanted(Network.parse(CLIENT), flows=datagram))
    assert {record.data for record in records} >= set(FRAMES[2:4])
    assert FRAMES[4] not in {record.data for record in records}


def test_progress_is_told(tmp_path):
    """At the end, all of the file is read."""
    one = write_pcap(tmp_path / "x.pcap", [(0, FRAMES[0])])
    told = []
    list(Finder(wanted_of(CLIENT), IngestReport(), told.append).found([one]))
    assert told[-1] == (tmp_path / "x.pcap").stat().st_size


def test_link_types_are_those_of_the_headers(tmp_path):
    """Also where nothing is found."""
    (tmp_path / "a.pcap").write_bytes(pcap_bytes([], link_type=113))
    (tmp_path / "b").write_bytes(CAPTURES["pcapng"])
    finder = Finder(wanted_of("198.51.100.1"), IngestReport())
    assert list(finder.found([Source(str(tmp_path / "a.pcap")), Source(str(tmp_path / "b"))])) == []
    assert finder.link_types == [113, 1]


FOLDERS = ["formats/tunnels", "formats/pcapng", "formats/libpcap", "formats/wireshark", "pairs/zeek-btest", "malformed"]


@pytest.mark.corpus
@pytest.mark.parametrize("folder", FOLDERS)
def test_real_captures(corpus, folder):
    """Of each capture, the packets of an address that is often there, and of one behind a tunnel if there is one."""
    paths = sorted(path for path in (corpus / folder).rglob("*") if path.is_file() and path.stat().st_size < 300_000)
    looked_at = 0
    for path in paths:
        one = Source(str(path))
        try:
            records = records_of(one)
        except OSError:
            continue
        for source in _addresses(records):
            found, _ = extracted([one], wanted_of(source))
            assert found == filtered(records, source), (path, source)
            looked_at += 1
    assert looked_at > 5


def _addresses(records):
    """Return the first packet's source, and the inner and the outer source of the first packet in a tunnel."""
    from netad.ingest.decode import Packet, decode

    packets = [packet for packet in map(decode, records[:400]) if isinstance(packet, Packet)]
    chosen = [packet.src for packet in packets[:1]]
    tunnelled = next((record for record in records[:400] if getattr(decode(record), "tunnel", 0)), None)
    if tunnelled is not None:
        chosen += [decode(tunnelled).src, decode(tunnelled, decap=False).src]
    return list(dict.fromkeys(str(address(one)) for one in chosen))


def test_the_packets_that_are_found_have_their_bytes_counted(tmp_path):
    """What was captured of them, not what they had on the wire."""
    one = write_pcap(tmp_path / "x.pcap", [(0, FRAMES[0]), (1, FRAMES[0])])
    found = list(Finder(wanted_of(CLIENT), IngestReport()).found([one]))
    assert sum(each.bytes for each in found) == 2 * len(FRAMES[0])
    assert all(each.rows.dtype == np.int64 for each in found)
