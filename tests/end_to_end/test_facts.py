"""Tests of facts on their way through the engine: those of every packet, though it looks at few."""

import pytest

from netad.core.timing import SECOND_NS
from netad.ingest.capture import IngestOptions, read_flows
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.facts.packets import PacketFacts
from netad.ingest.inputs import Source
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport
from tests.ingest.facts.messages import answer, client_hello, question, server_name, sized, tls_records
from tests.ingest.frames import TCP, ethernet, ip4, tcp, udp
from tests.ingest.pcap_file import START, write_pcap

HELLO = tls_records(client_hello((0x1301,), (server_name("tls.example"),)))
ANSWER = ip4(udp(answer("a.example", ("192.0.2.1",)), 53, 40000), src="192.0.2.7", dst="10.0.0.1")


def over_tcp(payload, dst_port=443, seq=1, flags="PA", src_port=40000):
    return ethernet(ip4(tcp(payload, src_port, dst_port, flags, seq), TCP))


FRAMES = [
    ethernet(ip4(udp(question("a.example"), 40000, 53))),
    ethernet(ANSWER),
    over_tcp(b"", flags="S", seq=0),
    over_tcp(HELLO[:60]),
    over_tcp(HELLO[60:], seq=61),
    ethernet(ip4(udp(b"\x08" + bytes(7) + ethernet(ip4(udp(question("b.example"), 40000, 53))), dst_port=4789))),
    over_tcp(b"GET / HTTP/1.1\r\nHost: http.example\r\n\r\n", 80),
    over_tcp(sized(question("c.example")), 53),
    over_tcp(bytes(100), 9999),
]


def rows_of(batches):
    """Return all facts as sets of rows by kind."""
    found = {kind: set() for kind in FactKind}
    for batch in batches:
        found[batch.kind] |= set(zip(*(column.tolist() for column in batch.columns.values()), strict=True))
    return {kind: rows for kind, rows in found.items() if rows}


def facts_of(source, **options):
    """Return what the engine finds in a capture, and how many packets it looked at for that."""
    batches = read_flows([source], IngestOptions(None, facts=True, **options), IngestReport())
    return rows_of(batch for batch in batches if isinstance(batch, FactBatch))


def facts_of_all(source, decap=True):
    """Return what every packet of a capture says."""
    facts = PacketFacts(decap)
    with source.open() as stream:
        for record in read_records(stream, source.path, IngestReport()):
            facts.add(record)
    return rows_of(facts.finish())


@pytest.mark.parametrize("decap", [True, False])
def test_every_kind(tmp_path, decap):
    """What the kernel reads, a ClientHello in two segments, and a question in a tunnel, which it hands over."""
    source = write_pcap(tmp_path / "a.pcap", enumerate(FRAMES))
    found = facts_of(source, decap=decap)
    assert found == facts_of_all(source, decap)
    assert {kind: len(rows) for kind, rows in found.items()} == {
        FactKind.DNS: 2 + decap, FactKind.ANSWER: 1, FactKind.TLS: 1, FactKind.HTTP: 1,
    }  # fmt: skip


def test_facts_outside_the_time_range(tmp_path):
    """Packets that do not count say nothing, handed over or not."""
    source = write_pcap(tmp_path / "a.pcap", enumerate(FRAMES))
    assert facts_of(source, until_ns=START * SECOND_NS) == {}
    assert set(facts_of(source, since_ns=(START + 6) * SECOND_NS)) == {FactKind.HTTP, FactKind.DNS}


def test_facts_come_before_the_flows_of_their_time(tmp_path):
    """Many packets: facts come while reading, and none after a flow that ended a minute later."""
    frames = [(number / 10, ethernet(ip4(udp(question("a.example"), number % 60000, 53)))) for number in range(30_000)]
    source = write_pcap(tmp_path / "a.pcap", frames)
    options = IngestOptions(None, facts=True, batch_flows=500)
    ended, said, order = 0, 0, []
    for batch in read_flows([source], options, IngestReport()):
        order.append(type(batch).__name__)
        if isinstance(batch, FactBatch):
            assert batch["time_ns"].min() > ended - 60 * SECOND_NS
            said += len(batch)
        else:
            ended = max(ended, int(batch["last_ns"].max()))
    assert said == 30_000
    assert order[0] == "FactBatch"
    assert order.count("FactBatch") > 3


def test_flows_are_the_same_with_facts(tmp_path):
    """Looking into payloads changes no flow."""
    source = write_pcap(tmp_path / "a.pcap", enumerate(FRAMES))
    (plain,) = read_flows([source], IngestOptions(None), IngestReport())
    found = list(read_flows([source], IngestOptions(None, facts=True), IngestReport()))
    assert found[-1]["history"].tolist() == plain["history"].tolist()
    assert [isinstance(batch, FactBatch) for batch in found] == [True] * (len(found) - 1) + [False]


@pytest.mark.corpus
def test_facts_of_real_traffic(corpus):
    """Every fact is one that looking at all packets finds too, and nearly all of those are found."""
    found, all_of_them = 0, 0
    for path in sorted((corpus / "captures").rglob("*.pcap")):
        ours, theirs = facts_of(Source(str(path))), facts_of_all(Source(str(path)))
        for kind, rows in ours.items():
            assert rows <= theirs[kind], (path.name, kind)
        found += sum(map(len, ours.values()))
        all_of_them += sum(map(len, theirs.values()))
    assert all_of_them > 500
    assert found >= 0.98 * all_of_them, (found, all_of_them)
