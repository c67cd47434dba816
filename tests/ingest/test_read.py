"""Tests of netad.ingest.read."""

import gzip
import io
import sys

import numpy as np
import pytest

from netad.ingest.capture import IngestOptions, OpenFlows
from netad.ingest.checksums import Strict
from netad.ingest.facts.batch import FactKind
from netad.ingest.flows import CONN_STATES, FlowBatch
from netad.ingest.inputs import find_sources
from netad.ingest.logs.reader import read_log
from netad.ingest.read import read_inputs
from netad.ingest.report import IngestReport
from tests.ingest.logs.samples import SECOND, START, conn, eve, lines_of, tsv
from tests.ingest.logs.test_zeek_facts import DNS
from tests.ingest.test_capture import question, write

HOUR = 3600


def read(*named, report=None, **options):
    """Return what comes of inputs as (kind, times), kind None for flows, and the report."""
    report = report or IngestReport()
    sources = find_sources([str(name) for name in named], report)
    batches = read_inputs(sources, IngestOptions(**{"facts": True} | options), report)
    found = [
        (None, batch["last_ns"]) if isinstance(batch, FlowBatch) else (batch.kind, batch["time_ns"])
        for batch in batches
        if len(batch)
    ]
    return [(kind, (times // SECOND - START).tolist()) for kind, times in found], report


def hourly(folder, hours=6):
    """Write a tree as zeekctl leaves it: two flows and two look-ups an hour."""
    for hour in range(hours):
        name = f"{hour:02}:00:00-{hour + 1:02}:00:00.log.gz"
        times = [hour * HOUR + 10, hour * HOUR + 3000]
        logs = {
            "conn": [conn(time, duration="1.0") for time in times],
            "dns": [DNS | {"ts": str(START + time)} for time in times],
        }
        for path, lines in logs.items():
            (folder / "2023-11-14").mkdir(exist_ok=True)
            (folder / "2023-11-14" / f"{path}.{name}").write_bytes(gzip.compress(tsv(path, lines).encode()))


def test_logs_of_a_directory_come_in_the_order_of_time(tmp_path):
    """Rotated by the hour, several kinds side by side: nothing comes after something much later."""
    hourly(tmp_path)
    found, report = read(tmp_path)
    assert sum(len(times) for kind, times in found if kind is None) == report.flows == 12
    assert sum(len(times) for kind, times in found if kind is FactKind.DNS) == 12
    assert (report.files, report.records, report.problems) == (12, 24, [])
    latest = 0
    for _, times in found:
        assert min(times) > latest - 600
        latest = max(latest, *times)


def test_without_windows_nothing_is_cut(tmp_path):
    """Each file is a batch of its own."""
    hourly(tmp_path, 2)
    found, _ = read(tmp_path, window_ns=None)
    assert sorted(len(times) for kind, times in found if kind in (None, FactKind.DNS)) == [2] * 4


def test_facts_come_only_when_asked_for(tmp_path):
    """Flows come in any case."""
    hourly(tmp_path, 1)
    found, report = read(tmp_path, facts=False)
    assert ({kind for kind, _ in found}, report.records) == ({None}, 2)


def test_captures_and_logs_side_by_side(tmp_path):
    """Captures are one table among them; both are counted in one report, and progress with them."""
    write(tmp_path / "a.pcap", [(0, question()), (100, question()), (5000, question(7))])
    (tmp_path / "b.log").write_text(tsv("conn", [conn(time, duration="0") for time in (50, 3000, 6000)]))
    (tmp_path / "c.json").write_text(lines_of([eve(at="2023-11-14T22:13:25Z") | {"flow": {}}]))
    (tmp_path / "notes.txt").write_text("nothing")
    report, seen = IngestReport(), []
    sources = find_sources([str(tmp_path)], report)
    batches = list(read_inputs(sources, IngestOptions(), report, seen.append))
    times = [int(time) // SECOND - START for batch in batches for time in batch["last_ns"]]
    assert sorted(times) == [0, 5, 50, 100, 3000, 5000, 6000]
    assert (report.files, report.packets, report.flows, report.records) == (3, 3, 7, 4)
    assert (
        report.bytes
        == report.file_bytes
        == sum((tmp_path / name).stat().st_size for name in ("a.pcap", "b.log", "c.json"))
    )
    assert seen == sorted(seen)
    assert (report.first_ns, report.last_ns) == (START * SECOND, (START + 6000) * SECOND)
    assert {batch.inputs for batch in batches} == {(source.path,) for source in sources}


def kinds_told(*named):
    report = IngestReport()
    sources = find_sources([str(name) for name in named], report)
    batches = list(read_inputs(sources, IngestOptions(facts=True), report))
    told = [batch for batch in batches if not len(batch)]
    assert batches[: len(told)] == told
    return {batch.kind: set(batch.columns) for batch in told}


def test_kinds_of_facts_that_sources_tell_of_are_named_first(tmp_path):
    """A capture tells of all but alerts, a log of what its beginning shows."""
    capture = write(tmp_path / "a.pcap", [(0, question())]).path
    assert set(kinds_told(capture)) == set(FactKind) - {FactKind.ALERT}
    (tmp_path / "conn.log").write_text(tsv("conn", [conn()]))
    assert kinds_told(tmp_path / "conn.log") == {}
    (tmp_path / "dns.log").write_text(tsv("dns", [DNS]))
    told = kinds_told(tmp_path / "conn.log", tmp_path / "dns.log")
    assert set(told) == {FactKind.DNS, FactKind.ANSWER}
    assert "rcode" in told[FactKind.DNS]
    assert "query_bytes" not in told[FactKind.DNS]
    (tmp_path / "eve.json").write_text(lines_of([eve(), eve("tls", tls={"sni": "a.example"})]))
    assert set(kinds_told(tmp_path / "eve.json")) == {FactKind.TLS}


def test_captures_alone(tmp_path):
    """As read_flows gives them."""
    found, report = read(write(tmp_path / "a.pcap", [(0, question())]).path)
    assert (found, report.packets) == ([(None, [0])], 1)


@pytest.mark.parametrize("kind", ["log", "capture", "packed"])
def test_standard_input(tmp_path, monkeypatch, kind):
    """It is told by content, and nothing of it is lost."""
    path = write(tmp_path / "a", [(0, question()), (1, question(7))]).path
    if kind != "capture":
        data = tsv("conn", [conn(0, duration="0"), conn(1, duration="0")]).encode()
        (tmp_path / "a").write_bytes(gzip.compress(data) if kind == "packed" else data)
    with open(path, "rb") as stream:  # noqa: PTH123 - as the shell does
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        found, report = read("-")
    assert sorted(time for _, times in found for time in times) == [0, 1]
    assert (report.files, report.problems) == (1, [])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"", "is empty"), (b"#fields\tts\n", "is a Zeek log of a kind that netad makes no use of"),
     (b"text", "is neither a capture (pcap, pcapng) nor a log of flows (Zeek, Suricata's EVE, Argus, nfdump)"),
     (b"\x1f\x8b\x08", "is cut: its gzip data end in the middle, after 0 bytes of what was compressed")],
)  # fmt: skip
def test_standard_input_that_is_of_no_use(monkeypatch, data, sentence):
    """It is a problem, and no error."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data))))
    found, report = read("-")
    assert (found, [problem.sentence for problem in report.problems]) == ([], [sentence])


# Real logs: nothing of them raises, and almost every line is read.


def corpus_report(folder, **options):
    report = IngestReport()
    sources = find_sources([str(folder)], report)
    for batch in read_inputs(sources, IngestOptions(None, facts=True, labels=True, unknown=True, **options), report):
        assert len(batch) or not batch.inputs  # what only says that a kind of facts is told of
    return report


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("folder", "files", "flows", "records", "bad"),
    [("zeek", 143, 36_004, 124_512, 3), ("suricata", 6, 3_512, 4_683, 1), ("binetflow", 7, 12_604, 12_604, 0),
     ("labelled/ctu", 28, 52_002, 71_191, 0), ("labelled/netflowlabeler-examples", 5, 1_283, 1_296, 0)],
)  # fmt: skip
def test_the_corpus_is_read(corpus, folder, files, flows, records, bad):
    """Every log of use in these folders: JSON and TSV, rotated, truncated, with unknown fields, from many versions."""
    report = corpus_report(corpus / folder)
    assert (report.files, report.flows, report.records, report.skipped["bad_line"]) == (files, flows, records, bad)
    assert report.problems == []


@pytest.mark.corpus
def test_rotated_logs_are_hardly_late(corpus):
    """A day of hourly logs of four kinds: but for connections that Zeek held open, all is in time."""
    report = IngestReport()
    sources = find_sources([str(corpus / "zeek/rita-digitalocean")], report)
    latest = late = 0
    for batch in read_inputs(sources, IngestOptions(facts=True), report):
        times = batch["last_ns" if isinstance(batch, FlowBatch) else "time_ns"]
        late += int((times < latest - 600 * SECOND).sum())
        latest = max(latest, int(times.max(initial=0)))
    assert (report.files, report.records) == (96, 43_108)
    assert late < 100


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("log", "labels"),
    [
        ("labelled/iot23/34-1-mirai/conn.log.labeled", {"Benign", "Malicious"}),
        ("labelled/iot23/4-1-philips-hue/conn.log.labeled", {"benign"}),
        ("labelled/ctu/011-zeek-mixed/conn.log.labeled", {"Benign", "Malicious"}),
    ],
)
def test_labels(corpus, log, labels):
    """Of a column of their own, and packed into the last field as IoT-23 does it."""
    (source,) = find_sources([str(corpus / log)], IngestReport())
    found = {
        label for batch in read_log(source, IngestOptions(labels=True), IngestReport()) for label in batch["label"]
    }
    assert labels <= found
    assert len(found) <= 3


# A capture and logs of the same packets. Zeek leaves out packets with wrong checksums, and with `-C` those longer than
# their frames; netad does so when it is strict.
PAIRS = [
    ("labelled/iot23/4-1-philips-hue", "*.pcap", "conn.log.labeled", Strict.CHECKSUMS),
    ("pairs/zeek-otrf-apt29-day2/SCRANTON", "*.cap", "SCRANTON_conn.log", Strict.LENGTHS),
    ("pairs/zeek-otrf-apt29-day2/UTICA-C", "*.cap", "UTICA-C_conn.log", Strict.LENGTHS),
]


def by_source(source, strict=Strict.NONE, only=None):
    """Return (flows, packets, bytes, destinations, ports) of each source; bytes of IP, or of frames without IP's."""
    found = {}
    for batch in read_inputs([source], IngestOptions(None, strict=strict), IngestReport()):
        kind = "ip" if "orig_ip_bytes" in batch else "frame"
        packets = batch["orig_packets"] + batch["resp_packets"]
        octets = batch[f"orig_{kind}_bytes"] + batch[f"resp_{kind}_bytes"]
        ends = zip(
            batch["orig_lo"], batch["resp_lo"], batch["resp_port"], packets.tolist(), octets.tolist(), strict=True
        )
        for orig, resp, port, packet, octet in ends:
            if only is None or (int(resp), int(port)) == only:
                row = found.setdefault(int(orig), [0, 0, 0, set(), set()])
                row[:3] = row[0] + 1, row[1] + packet, row[2] + octet
                row[3].add(int(resp))
                row[4].add(int(port))
    return {orig: (*row[:3], len(row[3]), len(row[4])) for orig, row in found.items()}


def the_source(path):
    (source,) = find_sources([str(path)], IngestReport())
    return source


@pytest.mark.corpus
@pytest.mark.parametrize(("folder", "capture", "log", "strict"), PAIRS)
def test_a_capture_and_zeeks_log_of_it_agree(corpus, folder, capture, log, strict):
    """Flows, packets, IP bytes, destinations and ports of every source."""
    capture = the_source(next((corpus / folder).glob(capture)))
    assert by_source(capture, strict) == by_source(the_source(corpus / folder / log))


@pytest.mark.corpus
def test_a_capture_of_one_service_and_zeeks_log_agree(corpus):
    """IoT-23 34-1 keeps the packets of the C&C channel only: of that, the log says the same."""
    folder = corpus / "labelled/iot23/34-1-mirai"
    capture = the_source(next(folder.glob("*.pcap")))
    first = next(read_inputs([capture], IngestOptions(None), IngestReport()))
    only = int(first["resp_lo"][0]), int(first["resp_port"][0])
    assert by_source(capture, Strict.CHECKSUMS) == by_source(the_source(folder / "conn.log.labeled"), only=only)


@pytest.mark.corpus
def test_a_capture_and_suricatas_log_of_it_agree(corpus):
    """Slips' test 7: packets within 1 %, though Suricata begins and ends flows otherwise; its bytes are of frames."""
    folder = corpus / "pairs/suricata/slips-test7"
    mine, theirs = (by_source(the_source(folder / name)) for name in ("test7-malicious.pcap", "eve.json"))
    packets, octets = ([sum(row[at] for row in each.values()) for each in (mine, theirs)] for at in (1, 2))
    assert packets[0] == pytest.approx(packets[1], rel=0.01)
    assert octets[1] == pytest.approx(octets[0] + 14 * packets[0], rel=0.01)


@pytest.mark.corpus
def test_suricata_and_zeek_name_the_same_states(corpus):
    """Of TCP flows by the same ends: conn_state by Suricata's flags is Zeek's, but where Suricata saw no flags."""
    folder = corpus / "pairs/suricata/slips-test7"
    states = []
    for name in ("conn.log-79569.labeled", "eve.json"):
        found = {}
        for batch in read_inputs([the_source(folder / name)], IngestOptions(None), IngestReport()):
            tcp = np.flatnonzero(batch["protocol"] == 6)
            names = ("orig_lo", "resp_lo", "orig_port", "resp_port", "conn_state")
            for *ends, state in zip(*(batch[column][tcp].tolist() for column in names), strict=True):
                found.setdefault(tuple(ends), set()).add(CONN_STATES[state])
        states.append(found)
    assert states[0].keys() == states[1].keys()
    assert len(states[0]) == 138
    assert sum(states[0][ends] != states[1][ends] for ends in states[0]) == 3


def test_open_flows_pass_logs_by(tmp_path):
    """A call with logs alone leaves what captures left open as it is; the last call ends it, beside the logs."""
    capture = write(tmp_path / "1.pcap", [(0, question())])
    (tmp_path / "conn.log").write_text(tsv("conn", [conn(5, duration="1.0")]))
    log = find_sources([str(tmp_path / "conn.log")], IngestReport())
    open_flows, options = OpenFlows(), IngestOptions()
    assert list(read_inputs([capture], options, IngestReport(), None, open_flows)) == []
    state = open_flows.state
    assert [len(batch) for batch in read_inputs(log, options, IngestReport(), None, open_flows)] == [1]
    assert open_flows.state is state
    open_flows.last = True
    report = IngestReport()
    paths = [batch.inputs for batch in read_inputs(log, options, report, None, open_flows)]
    assert sorted(paths) == [(capture.path,), (log[0].path,)]
    assert (report.flows, open_flows.state) == (2, {})
