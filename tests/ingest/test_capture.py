"""Tests of netad.ingest.capture, alone and beside Zeek and Suricata on real captures."""

import json
import struct
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from netad.core.errors import StateError
from netad.core.timing import SECOND_NS
from netad.ingest.capture import IngestOptions, OpenFlows, read_flows
from netad.ingest.checksums import Strict
from netad.ingest.conn_state import Timeouts
from netad.ingest.decode import TCP, decode
from netad.ingest.flow_table import FlowTable
from netad.ingest.flows import SLICE, WHOLE, FlowBatch
from netad.ingest.inputs import Source, find_sources
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport
from tests.ingest.both_ways import assert_same
from tests.ingest.cut_runs import joined, lively_frames, read_cut, rows
from tests.ingest.frames import ethernet, ip4, sound, tcp, udp
from tests.ingest.zeek_log import Agreement, netad_flow, read_conn_log

START = 1_700_000_000
WHOLE_ONLY = IngestOptions(window_ns=None)


def write(path, frames):
    """Write (seconds, frame) pairs as a pcap and return it as a source."""
    with path.open("wb") as stream:
        stream.write(struct.pack(">IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for time, frame in frames:
            stream.write(struct.pack(">IIII", START + int(time), round(time % 1 * 1e6), len(frame), len(frame)) + frame)
    return Source(str(path))


def question(port=40000):
    return ethernet(ip4(udp(b"?", port)))


def collect(sources, options=WHOLE_ONLY, report=None, **more):
    return list(read_flows(sources, options, report or IngestReport(), **more))


def test_flows_of_a_capture(tmp_path):
    """Packets become flows; everything is counted."""
    frames = [(0, question()), (0.5, ethernet(bytes(28), 0x0806)), (1, question()), (2, question(7)), (3, b"short")]
    report = IngestReport()
    (batch,) = collect([write(tmp_path / "a.pcap", frames)], report=report)
    assert batch["orig_packets"].tolist() == [2, 1]
    assert (report.flows, report.packets, report.files) == (2, 5, 1)
    assert report.skipped == {"arp": 1, "truncated_link_header": 1}
    assert (report.first_ns, report.last_ns) == (START * SECOND_NS, (START + 2) * SECOND_NS)
    assert report.bytes == (tmp_path / "a.pcap").stat().st_size


def test_a_flow_goes_on_in_the_next_file(tmp_path):
    """Rotated captures are one: a flow across them is one flow, of the file it began in."""
    sources = [
        write(tmp_path / "1.pcap", [(0, question())]),
        write(tmp_path / "2.pcap", [(1, question()), (2, question(7))]),
    ]
    (batch,) = collect(sources)
    assert batch["orig_packets"].tolist() == [2, 1]
    assert [batch.inputs[index] for index in batch["input"]] == [source.path for source in sources]


def test_time_range(tmp_path):
    """Packets before `since`, and at `until` or after it, are counted and not used."""
    source = write(tmp_path / "a.pcap", [(time, question()) for time in range(5)])
    options = IngestOptions(None, (START + 1) * SECOND_NS, (START + 3) * SECOND_NS)
    report = IngestReport()
    (batch,) = collect([source], options, report)
    assert batch["orig_packets"].tolist() == [2]
    assert report.skipped == {"outside_time_range": 3}
    assert (report.first_ns, report.last_ns) == ((START + 1) * SECOND_NS, (START + 2) * SECOND_NS)


def test_batches_come_while_reading(tmp_path):
    """Finished flows leave in batches of the size asked for, before the input is read to its end."""
    source = write(tmp_path / "a.pcap", [(time * 100, question()) for time in range(20_001)])
    report = IngestReport()
    batches = read_flows([source], IngestOptions(None, batch_flows=200), report)
    assert len(next(batches)) == 200
    assert report.packets < 20_001
    assert {len(batch) for batch in batches} == {200, 1}
    assert report.flows == 20_001


def test_windows(tmp_path):
    """With windows a flow across an edge is counted once and cut; without, it is not cut."""
    edge = 3600 - START % 3600
    source = write(tmp_path / "a.pcap", [(edge - 1, question()), (edge + 1, question())])
    report = IngestReport()
    (batch,) = collect([source], IngestOptions(), report)
    assert sorted(batch["part"].tolist()) == [WHOLE, SLICE, SLICE]
    assert report.flows == 1
    (batch,) = collect([source])
    assert batch["part"].tolist() == [WHOLE | SLICE]


def test_evicted_flows_are_reported(tmp_path):
    """A table that is too small ends flows early and says how many."""
    source = write(tmp_path / "a.pcap", [(port / 100, question(port)) for port in range(1, 6)])
    report = IngestReport()
    collect([source], IngestOptions(None, max_flows=2), report)
    assert (report.evicted, report.flows) == (3, 5)


def test_bad_inputs_are_problems(tmp_path):
    """A missing file and one that is no capture are said in the report, a cut one gives what it holds."""
    cut = write(tmp_path / "cut.pcap", [(0, question()), (1, question())])
    (tmp_path / "cut.pcap").write_bytes((tmp_path / "cut.pcap").read_bytes()[:-5])
    (tmp_path / "text.pcap").write_text("this is a text file")
    sources = [Source(str(tmp_path / "none.pcap")), Source(str(tmp_path / "text.pcap")), cut]
    report = IngestReport()
    (batch,) = collect(sources, report=report)
    assert batch["orig_packets"].tolist() == [1]
    assert [problem.path for problem in report.problems] == [source.path for source in sources]
    assert not any(problem.path in problem.sentence for problem in report.problems)


def test_nothing_in_nothing_out(tmp_path):
    """A capture without flows makes no batch."""
    assert collect([write(tmp_path / "a.pcap", [])]) == []
    assert collect([]) == []


def test_progress(tmp_path):
    """Progress reports bytes, never fewer than before, and all of them at the end."""
    seen = []
    collect([write(tmp_path / "a.pcap", [(0, question())] * 5000)], progress=seen.append)
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == (tmp_path / "a.pcap").stat().st_size


# Cut into several calls.


def three(tmp_path, seed, count=150, span_s=300):
    """Three captures that follow each other in the middle of everything, the second one small."""
    frames = lively_frames(seed, count, span_s)
    edges = [0, len(frames) // 2, len(frames) // 2 + 20, len(frames)]
    return [write(tmp_path / f"{number}.pcap", frames[a:b]) for number, (a, b) in enumerate(pairwise(edges))]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "options",
    [
        IngestOptions(60 * SECOND_NS, lateness_ns=10 * SECOND_NS, facts=True),
        IngestOptions(None, facts=True, batch_flows=50),
        IngestOptions(60 * SECOND_NS, max_flows=20, lateness_ns=0),
    ],
)
def test_captures_read_by_several_calls_are_as_read_by_one(tmp_path, seed, options):
    """However calls cut the captures, the same batches with the same inputs; joined, those of a plain call as well."""
    sources = three(tmp_path, seed)
    one = IngestReport()
    whole = read_cut(sources, options, [3], tmp_path / "state", report=one)
    for sizes in ([1, 1, 1], [2, 1], [1, 2], [1, 1, 1, 0]):
        report = IngestReport()
        assert rows(read_cut(sources, options, sizes, tmp_path / "state", report=report)) == rows(whole)
        assert (report.flows, report.packets, report.skipped) == (one.flows, one.packets, one.skipped)
    plain = IngestReport()
    assert joined(collect(sources, options, plain)) == joined(whole)
    assert plain.flows == one.flows > 100


def test_a_capture_that_grows_is_as_one_that_is_complete(tmp_path):
    """Read in five calls while it grows, each behind what the one before had read: the same flows and facts."""
    options = IngestOptions(60 * SECOND_NS, lateness_ns=10 * SECOND_NS, facts=True, growing=True)
    source = write(tmp_path / "a.pcap", lively_frames(4, 150, 300))
    one = IngestReport()
    whole = collect([source], options, one)
    data = (tmp_path / "a.pcap").read_bytes()
    open_flows, report, batches = OpenFlows(), IngestReport(), []
    for size in (len(data) // 5, len(data) // 2, len(data) // 2 + 1, len(data) - 9, len(data)):
        (tmp_path / "a.pcap").write_bytes(data[:size])
        open_flows.last = size == len(data)
        batches += collect([replace(source, after=report.read.get(source.path, 0))], options, report,
                           open_flows=open_flows)  # fmt: skip
    assert joined(batches) == joined(whole)
    assert (report.packets, report.flows, report.problems, report.waiting) == (one.packets, one.flows, [], 4)
    assert report.read == one.read == {source.path: one.packets}


def test_nothing_is_left_open_when_it_is_said_to_be_last(tmp_path):
    """The last call ends what is open, also without a source; one that is not leaves it."""
    open_flows = OpenFlows()
    source = write(tmp_path / "1.pcap", [(0, question())])
    assert collect([source], open_flows=open_flows) == []
    assert open_flows.state
    open_flows.last = True
    (batch,) = collect([], open_flows=open_flows)
    assert (batch["orig_packets"].tolist(), batch.inputs) == ([1], (source.path,))
    assert open_flows.state == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"window_ns": SECOND_NS}, "window"),
        ({"lateness_ns": 5}, "lateness"),
        ({"max_flows": 7}, "ceiling of active flows"),
        ({"decap": False}, "tunnels"),
        ({"facts": True}, "facts"),
    ],
)
def test_open_flows_are_of_their_options(tmp_path, change, words):
    """With another window, lateness, ceiling, treatment of tunnels or choice of facts nobody goes on; it is said."""
    open_flows = OpenFlows()
    collect([write(tmp_path / "1.pcap", [(0, question())])], IngestOptions(), open_flows=open_flows)
    with pytest.raises(StateError, match=words):
        collect([], replace(IngestOptions(), **change), open_flows=open_flows)


def test_damaged_open_flows_are_said(tmp_path):
    """Parts that are missing or of another shape, and places beyond the arrays, are errors of the state."""
    open_flows = OpenFlows()
    collect([write(tmp_path / "1.pcap", [(0, question())])], open_flows=open_flows)
    state = open_flows.state
    flows = state["flows"]
    for change in (
        {"paths": np.empty(0, dtype=object)},
        {"fragments": {}},
        {"flows": {}},
        {"flows": flows | {"live": flows["live"] + 1}},
        {"flows": flows | {"agenda": flows["agenda"] + 5}},
        {"flows": flows | {"rows": flows["rows"][:, :3]}},
        {"flows": flows | {"layout": 1}},
    ):
        with pytest.raises(StateError):
            collect([], open_flows=OpenFlows(state | change))


@pytest.mark.corpus
@pytest.mark.parametrize("max_flows", [1_000_000, 200])
def test_real_captures_read_by_several_calls_are_as_read_by_one(corpus, tmp_path, max_flows):
    """All malicious captures in the order of their traffic, one a call and all in one."""
    sources = find_sources([str(corpus / "captures" / "malicious")], IngestReport())
    options = IngestOptions(3600 * SECOND_NS, facts=True, max_flows=max_flows)
    whole = read_cut(sources, options, [len(sources)], tmp_path / "state")
    assert rows(read_cut(sources, options, [1] * len(sources), tmp_path / "state")) == rows(whole)


# Beside the reference: what the engine says of every capture there is.


@pytest.mark.corpus
@pytest.mark.parametrize(("window_ns", "strict"), [(None, Strict.CHECKSUMS), (300 * SECOND_NS, Strict.NONE)])
@pytest.mark.parametrize("folder", ["captures", "formats", "malformed", "pairs", "labelled"])
def test_the_engine_says_what_the_reference_says(corpus, folder, window_ns, strict):
    """Every file of the corpus: the same flow records in all columns, the same counters and problems."""
    packets = 0
    for path in sorted(path for path in (corpus / folder).rglob("*") if path.is_file()):
        packets += assert_same([Source(str(path))], IngestOptions(window_ns, strict=strict)).packets
    assert packets > 1000


@pytest.mark.corpus
def test_the_engine_says_what_the_reference_says_of_rotated_captures(corpus):
    """All captures in the order of their traffic, one table, small; flows stay in tunnels."""
    folder = corpus / "captures" / "malicious"
    sources = find_sources([str(folder)], IngestReport())
    assert assert_same(sources, IngestOptions(3600 * SECOND_NS, max_flows=200, decap=False)).evicted > 0


# Of both byte orders and formats, nanoseconds, other link types, tunnels, damaged on purpose.
SHORT = [
    "formats/gopacket/test901.pcapng",
    "formats/libpcap/http_PPI.pcap",
    "formats/pcapng/le/test101.pcapng",
    "formats/tcpdump/tcp-handshake-nano.pcap",
    "formats/tcpdump/unaligned-nfs-1.pcap",
    "formats/tunnels/gue-ipip__ping__tunl2.pcap",
    "malformed/ndpi/fuzz-2021-10-13.pcap",
    "malformed/suricata-verify/decode-sll2-01/input.pcap",
    "malformed/tcpdump/cve2015-0261-ipv6.pcap",
    "malformed/tcpdump/isis-infinite-loop.pcap",
]


@pytest.mark.corpus
@pytest.mark.parametrize("name", SHORT)
def test_every_prefix_of_short_files(corpus, tmp_path, name):
    """Cut after every byte: no error, a sentence for each thing wrong, never fewer packets than in a shorter cut."""
    data = (corpus / name).read_bytes()
    assert len(data) < 4096
    path, packets = tmp_path / "cut", 0
    for size in range(len(data) + 1):
        path.write_bytes(data[:size])
        report = IngestReport()
        batches = collect([Source(str(path))], report=report)
        assert len(report.problems) <= 3
        assert report.bytes <= size
        assert sum(len(batch) for batch in batches) <= report.packets - sum(report.skipped.values())
        assert packets <= report.packets
        packets = report.packets


# Beside Zeek, which leaves out what netad leaves out when it is strict.


def records_of(batches):
    batch = FlowBatch.concat(batches)
    names = list(batch.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*(batch[name].tolist() for name in names), strict=True)]


# Folder, capture, log, how strict Zeek was (OTRF's ran with -C), lines, and how many of them are exact by default.
PAIRS = [
    ("labelled/iot23/4-1-philips-hue", "*.pcap", "conn.log.labeled", Strict.CHECKSUMS, 452, 445),
    ("pairs/zeek-otrf-apt29-day2/SCRANTON", "*.cap", "SCRANTON_conn.log", Strict.LENGTHS, 53, 34),
    ("pairs/zeek-otrf-apt29-day2/UTICA-C", "*.cap", "UTICA-C_conn.log", Strict.LENGTHS, 31, 25),
]


@pytest.mark.corpus
@pytest.mark.parametrize(("folder", "capture", "log", "strict", "lines", "exact"), PAIRS)
def test_zeek_agrees(corpus, folder, capture, log, strict, lines, exact):
    """Read as strictly as Zeek read, every flow and conn_state is Zeek's; read as usual, as many as were measured."""
    sources = [Source(str(next((corpus / folder).glob(capture))))]
    conn_log = list(read_conn_log(corpus / folder / log))
    same = Agreement().add(records_of(collect(sources, IngestOptions(None, strict=strict))), conn_log)
    assert (same.lines, same.exact, same.same_state) == (lines, lines, lines), str(same)
    assert same.same_history >= lines - 8, str(same)
    plain = Agreement().add(records_of(collect(sources)), conn_log)
    assert plain.exact == plain.same_state >= exact, str(plain)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("log", "timeouts", "exact"),
    [
        ("conn.log-79569.labeled", Timeouts(), 606),
        ("conn.log-49891.labeled", Timeouts(tcp_attempt_ns=60 * SECOND_NS, tcp_inactivity_ns=3600 * SECOND_NS), 370),
    ],
)
def test_zeek_agrees_with_other_timeouts(corpus, log, timeouts, exact):
    """One capture, logged by Zeek with its defaults and with Slips' settings: 99 % of the lines, and all their states.

    The other four are mDNS: when Zeek looks for silent DNS flows depends on all other traffic.
    """
    folder = corpus / "pairs/suricata/slips-test7"
    table, records = FlowTable(None, timeouts), []
    with (folder / "test7-malicious.pcap").open("rb") as stream:
        for record in read_records(stream, "test7", IngestReport()):
            packet = decode(record)
            records += [] if isinstance(packet, str) else table.add(packet, 0)
    same = Agreement().add([*records, *table.finish()], read_conn_log(folder / log))
    assert same.exact == same.same_state == same.same_history >= exact, str(same)
    assert same.lines - same.exact <= 4


# A flow whose roles Zeek's NTP analyzer turns, a snapped packet that Zeek does not count, and two packets in one frame.
OTHERWISE = {"scripts.base.protocols.ntp.misordered-ntp", "core.vntag-in-vlan", "core.tunnels.gre-aruba-amsdu"}
# Zeek's names of tunnels in UDP that netad opens; those in IP have no flow in Zeek. Teredo and AYIYA stay closed.
OPENED = {"vxlan", "geneve", "gtpv1"}


def what_netad_logs(lines, decap):
    """Return the lines of a conn.log about flows inside opened tunnels or in none; without `decap` only the latter."""
    parents = {line["uid"]: set(line.get("tunnel_parents", "-").split(",")) - {"-"} for line in lines}
    if not decap:
        return [line for line in lines if not parents[line["uid"]]]
    closed = {line["uid"] for line in lines if line.get("service") not in OPENED}
    opened = {uid for each in parents.values() for uid in each} - closed
    return [line for line in lines if line["uid"] not in opened and not parents[line["uid"]] & closed]


def zeek_tests(corpus):
    """Yield name, source, how strict Zeek was, and lines of each of Zeek's tests whose log has them whole."""
    for folder in sorted((corpus / "pairs/zeek-btest").iterdir()):
        lines = list(read_conn_log(folder / "conn.log"))
        if lines and "id.orig_h" in lines[0]:
            capture = next(path for path in folder.iterdir() if path.name not in ("cmd.txt", "conn.log"))
            unchecked = " -C " in (folder / "cmd.txt").read_text()
            strict = Strict.LENGTHS if unchecked else Strict.CHECKSUMS
            yield folder.name, Source(str(capture)), strict, lines


@pytest.mark.corpus
@pytest.mark.parametrize(("decap", "least"), [(True, 77), (False, 69)])
@pytest.mark.parametrize("as_zeek", [False, True])
def test_zeek_agrees_on_its_own_tests(corpus, decap, least, as_zeek):
    """Every flow in Zeek's test suite, states and histories included: those inside tunnels, or the tunnels' own."""
    same = Agreement()
    for name, source, strict, lines in zeek_tests(corpus):
        if name not in OTHERWISE:
            options = IngestOptions(None, decap=decap, strict=strict if as_zeek else Strict.NONE)
            same.add(records_of(collect([source], options)), what_netad_logs(lines, decap))
    assert same.lines >= least
    assert same.exact == same.same_state == same.lines, str(same)
    # Zeek notes with an X that it stopped looking for tunnels in one flow.
    assert same.same_history == same.lines - decap, str(same)


@pytest.mark.corpus
def test_the_share_of_lines_that_are_zeeks(corpus):
    """All lines about IP flows: 99 % have ends, packets and bytes, 97 % the state, read as strictly as Zeek read."""
    same = Agreement()
    for folder, capture, log, strict, _, _ in PAIRS:
        sources = [Source(str(next((corpus / folder).glob(capture))))]
        records = records_of(collect(sources, IngestOptions(None, strict=strict)))
        same.add(records, read_conn_log(corpus / folder / log))
    for _, source, strict, lines in zeek_tests(corpus):
        records = records_of(collect([source], IngestOptions(None, strict=strict)))
        same.add(records, what_netad_logs(lines, decap=True))
    assert same.lines == 616
    assert same.exact >= 0.99 * same.lines, str(same)
    assert same.same_state >= 0.97 * same.lines, str(same)
    assert same.lines - same.exact == len(OTHERWISE), str(same)


@pytest.mark.corpus
def test_what_zeek_finds_damaged(corpus):
    """Zeek's capture of a SYN with a wrong checksum: a line without packets there, a packet counted here."""
    folder = corpus / "pairs/zeek-btest/core.tcp.bad-checksum-syn"
    (line,) = read_conn_log(folder / "conn.log")
    assert (line["history"], line["orig_pkts"], line["resp_pkts"]) == ("C", "0", "0")
    report = IngestReport()
    assert collect([Source(str(folder / "syn-bad.pcap"))], IngestOptions(None, strict=Strict.CHECKSUMS), report) == []
    assert report.skipped == {"bad_checksum": 1}


@pytest.mark.corpus
def test_zeek_agrees_on_histories(corpus):
    """Where Zeek's tests keep only the history, that is the same, but for the X of protocol analyzers."""
    compared = 0
    for folder in sorted((corpus / "pairs/zeek-btest").iterdir()):
        lines = list(read_conn_log(folder / "conn.log"))
        if lines and "id.orig_h" not in lines[0] and "orig_pkts" not in lines[0]:
            capture = next(path for path in folder.iterdir() if path.name not in ("cmd.txt", "conn.log"))
            found = sorted(row["history"].decode() for row in records_of(collect([Source(str(capture))])))
            assert found == sorted(line["history"].replace("X", "") for line in lines), folder.name
            compared += 1
    assert compared >= 5


@pytest.mark.corpus
def test_suricata_counts_the_same_packets(corpus):
    """Suricata's decoder counters of the same capture: packets by protocol, and what is no IP."""
    folder = corpus / "pairs/suricata/slips-test7"
    events = [json.loads(line) for line in (folder / "eve.json").read_text().splitlines()]
    decoder = next(event["stats"]["decoder"] for event in events if event["event_type"] == "stats")
    report = IngestReport()
    rows = records_of(collect([Source(str(folder / "test7-malicious.pcap"))], report=report))
    packets = {
        protocol: sum(row["orig_packets"] + row["resp_packets"] for row in rows if row["protocol"] == protocol)
        for protocol in (6, 17, 1, 58)
    }
    assert packets == {6: decoder["tcp"], 17: decoder["udp"], 1: decoder["icmpv4"], 58: decoder["icmpv6"]}
    assert report.packets == decoder["pkts"]
    assert report.skipped == {"arp": decoder["arp"]}
    assert sum(row["orig_packets"] + row["resp_packets"] for row in rows) == decoder["ipv4"] + decoder["ipv6"]


@pytest.mark.corpus
def test_suricata_counts_the_same_in_every_tcp_flow(corpus):
    """Packets and bytes of each pair of TCP ends, but for one to which Suricata adds two packets of its own making."""
    folder = corpus / "pairs/suricata/slips-test7"
    theirs, ours = Counter(), Counter()
    for line in (folder / "eve.json").read_text().splitlines():
        event = json.loads(line)
        if event["event_type"] == "flow" and event["proto"] == "TCP":
            ends, flow = (event["src_ip"], event["src_port"], event["dest_ip"], event["dest_port"]), event["flow"]
            packets = flow["pkts_toserver"] + flow["pkts_toclient"]
            theirs[ends, "packets"] += packets
            theirs[ends, "bytes"] += flow["bytes_toserver"] + flow["bytes_toclient"] - 14 * packets
    for row in records_of(collect([Source(str(folder / "test7-malicious.pcap"))])):
        (*ends, protocol), (orig_packets, orig_bytes, resp_packets, resp_bytes) = netad_flow(row)
        if protocol == "tcp":
            ours[tuple(ends), "packets"] += orig_packets + resp_packets
            ours[tuple(ends), "bytes"] += orig_bytes + resp_bytes
    assert len(theirs) > 200
    assert {key[0][3] for key in theirs.keys() | ours.keys() if theirs[key] != ours[key]} <= {23}
    assert sum(theirs[key] != ours[key] for key in theirs.keys() | ours.keys()) == 2


@pytest.mark.parametrize(("strict", "skipped"), [
    (Strict.NONE, {}),
    (Strict.LENGTHS, {"length_beyond_frame": 1}),
    (Strict.CHECKSUMS, {"length_beyond_frame": 1, "bad_checksum": 1, "bad_ip_checksum": 2}),
])  # fmt: skip
def test_strict_reading(tmp_path, strict, skipped):
    """What is asked of packets besides being decodable is counted by kind, by engine and reference alike."""
    packets = [sound(ip4(udp(b"abc"))), sound(ip4(udp(b"abc")))[:-1] + b"x", ip4(udp(b"abc")), ip4(bytes(8), offset=8),
               sound(ip4(udp(b"abc"), length=99))]  # fmt: skip
    source = write(tmp_path / "a.pcap", [(time, ethernet(packet)) for time, packet in enumerate(packets)])
    report = assert_same([source], IngestOptions(None, strict=strict))
    assert report.skipped == skipped


def test_tcp_frames_reach_the_state_machine(tmp_path):
    """From bytes to conn_state and history in one go."""
    frames = [(0, ethernet(ip4(tcp(), TCP))), (1, ethernet(ip4(tcp(flags="SA", src_port=80, dst_port=40000, ack=2), TCP,
               src="192.0.2.7", dst="10.0.0.1")))]  # fmt: skip
    (row,) = records_of(collect([write(tmp_path / "a.pcap", frames)]))
    assert (row["history"], row["orig_window"], row["resp_syn"]) == (b"Sh", 1000, 1)
