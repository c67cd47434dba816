"""Tests of netad.ingest.facts.packets."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import format_address
from netad.ingest.facts.batch import FACT_COLUMNS, FactKind
from netad.ingest.facts.packets import PacketFacts
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport
from tests.ingest.facts.messages import answer, client_hello, question, server_name, sized, tls_records
from tests.ingest.frames import TCP, ethernet, ip4, record, tcp, udp

HELLO = tls_records(client_hello((0x1301,), (server_name("a.example"),)))
REQUEST = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"


def over_tcp(payload, src_port=40000, dst_port=443, seq=1):
    return ethernet(ip4(tcp(payload, src_port, dst_port, "PA", seq), TCP))


def facts_of(frames, decap=True):
    facts = PacketFacts(decap)
    for time_ns, frame in enumerate(frames):
        facts.add(record(frame, time_ns=time_ns))
    return {batch.kind: batch for batch in facts.finish()}


def facts_in(path):
    facts = PacketFacts()
    with path.open("rb") as stream:
        for each in read_records(stream, str(path), IngestReport()):
            facts.add(each)
    return {batch.kind: batch for batch in facts.finish()}


def sources(batch):
    return [format_address(*ends) for ends in zip(batch["orig_hi"].tolist(), batch["orig_lo"].tolist(), strict=True)]


def test_every_kind():
    """DNS over UDP and TCP, a ClientHello and a request, among packets that say nothing."""
    found = facts_of(
        [
            ethernet(ip4(udp(question("a.example"), 40000, 53))),
            ethernet(ip4(udp(answer("a.example", ("192.0.2.1",)), 53, 40000), src="192.0.2.7", dst="10.0.0.1")),
            over_tcp(sized(question("b.example")), dst_port=53),
            over_tcp(HELLO),
            over_tcp(REQUEST, dst_port=8080),
            over_tcp(b"SSH-2.0-OpenSSH_9.6\r\n", dst_port=22),
            ethernet(ip4(udp(b"\0" * 40, 40000, 123))),
            ethernet(ip4(b"\x08\0\0\0\0\0\0\0", 1)),
            b"\0" * 9,
        ]
    )
    assert {kind: len(batch) for kind, batch in found.items()} == {
        FactKind.DNS: 2, FactKind.ANSWER: 1, FactKind.TLS: 1, FactKind.HTTP: 1}  # fmt: skip
    assert found[FactKind.DNS]["rcode"].tolist() == [0, -1]
    assert found[FactKind.TLS]["resp_port"].tolist() == [443]


def test_what_is_drained_is_not_given_again():
    """Facts come once, complete ones at once and open ones at the end."""
    facts = PacketFacts(True)
    facts.add(record(over_tcp(HELLO)))
    facts.add(record(ethernet(ip4(udp(question("a.example"), 40000, 53)))))
    assert [batch.kind for batch in facts.drain()] == [FactKind.TLS]
    assert facts.drain() == []
    assert [batch.kind for batch in facts.finish()] == [FactKind.DNS]
    assert facts.finish() == []


def test_an_answer_goes_with_a_question_drained_around():
    """Draining between the two halves changes nothing."""
    facts = PacketFacts(True)
    facts.add(record(ethernet(ip4(udp(question("a.example"), 40000, 53)))))
    assert facts.drain() == []
    facts.add(record(ethernet(ip4(udp(answer("a.example"), 53, 40000), src="192.0.2.7", dst="10.0.0.1"))))
    (batch,) = facts.drain()
    assert batch["rcode"].tolist() == [0]


def test_tunnels_are_opened_if_asked():
    """With `decap` the inner packet speaks, without it the tunnel says nothing."""
    inner = ip4(udp(question("a.example"), 40000, 53), src="10.9.9.9")
    frame = ethernet(ip4(inner, 4))
    assert sources(facts_of([frame])[FactKind.DNS]) == ["10.9.9.9"]
    assert facts_of([frame], decap=False) == {}


PAYLOADS = (question("a.example"), answer("a.example", ("192.0.2.1",)), sized(question("a.example")), HELLO, REQUEST)


@given(st.lists(st.tuples(st.sampled_from(PAYLOADS), st.integers(0, 400), st.binary(max_size=9), st.booleans(),
                          st.sampled_from((53, 443, 5353, 5355)), st.integers(0, 2**32 - 1)), max_size=8))  # fmt: skip
def test_damaged_payloads(packets):
    """Whatever is wrong in a payload, nothing is raised and facts have the columns of the contract."""
    facts = PacketFacts(True)
    for payload, place, octets, is_tcp, port, seq in packets:
        damaged = payload[:place] + octets + payload[place + len(octets) :]
        carried = tcp(damaged, 40000, port, "PA", seq) if is_tcp else udp(damaged, 40000, port)
        facts.add(record(ethernet(ip4(carried, TCP if is_tcp else 17))))
    for batch in facts.finish():
        assert list(batch.columns) == [spec.name for spec in FACT_COLUMNS[batch.kind]]


@given(st.binary(max_size=200), st.sampled_from((0, 1, 101, 105, 113, 276)))
def test_any_record(data, link_type):
    """Any bytes of any link type."""
    facts = PacketFacts(True)
    facts.add(record(data, link_type))
    facts.finish()


def zeek_log(path):
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


@pytest.mark.corpus
@pytest.mark.parametrize("host", ["SCRANTON", "UTICA-C"])
def test_dns_facts_equal_zeeks(corpus, host):
    """Look-ups, types, codes and answered addresses are those of the dns.log that Zeek wrote for the same packets.

    Zeek's log leaves the code out where no answer came, as for the second of two equal questions.
    """
    folder = corpus / "pairs/zeek-otrf-apt29-day2" / host
    facts = facts_in(folder / f"{host}.cap")
    dns = facts[FactKind.DNS]
    told = Counter(zip(sources(dns), dns["query"].tolist(), dns["query_type"].tolist(), dns["rcode"].tolist(),
                       (dns["time_ns"] // 1000).tolist(), strict=True))  # fmt: skip
    log = zeek_log(folder / f"{host}_dns.log")
    assert told == Counter((line["id_orig_h"], line["query"], line["qtype"], line.get("rcode", -1),
                            round(line["ts"] * 1e6)) for line in log)  # fmt: skip
    given = facts[FactKind.ANSWER]
    addresses = Counter(zip(given["query"].tolist(), (format_address(high, low) for high, low in zip(
        given["address_hi"].tolist(), given["address_lo"].tolist(), strict=True)), strict=True))  # fmt: skip
    assert addresses == Counter((line["query"], each) for line in log for each in line.get("answers", ())
                                if each.replace(".", "").isdecimal())  # fmt: skip


@pytest.mark.corpus
def test_ja3_equals_zeeks(corpus):
    """Every ClientHello that Zeek's ssl.log has, with the JA3 that its ja3 package computed."""
    folder = corpus / "pairs/zeek-otrf-apt29-day2/UTICA-C"
    tls = facts_in(folder / "UTICA-C.cap")[FactKind.TLS]
    told = Counter(zip(tls["orig_port"].tolist(), tls["server_name"].tolist(), tls["ja3"].tolist(), strict=True))
    assert told == Counter((line["id_orig_p"], line.get("server_name", ""), line["ja3"])
                           for line in zeek_log(folder / "UTICA-C_ssl.log"))  # fmt: skip


@pytest.mark.corpus
def test_ja4_equals_the_specifications(corpus):
    """Server names and JA4 published with the specification's own capture (python/test/testdata/ssh2.pcapng.json)."""
    tls = facts_in(corpus / "captures/normal/ja4/ssh2.pcapng")[FactKind.TLS]
    assert sorted(zip(tls["orig_port"].tolist(), tls["server_name"].tolist(), tls["ja4"].tolist(), strict=True)) == [
        (57368, "updates.opendns.com", "t12d190800_d83cc789557e_7af1ed941c26"),
        (57371, "mcs2-cloudstation-eu-west-1.prod.hydra.sophos.com", "t12d1909h2_d83cc789557e_7af1ed941c26"),
        (57374, "self.events.data.microsoft.com", "t12d190800_d83cc789557e_7af1ed941c26"),
        (57375, "www.bing.com", "t13d1516h2_8daaf6152771_e5627efa2ab1"),
        (57376, "4.sophosxl.net", "t12d1909h2_d83cc789557e_7af1ed941c26"),
    ]


def test_facts_go_on_from_a_state():
    """A look-up and a ClientHello, both begun before and ended after another one took over, are one fact each."""
    before, after = PacketFacts(), PacketFacts()
    before.add(record(ethernet(ip4(udp(question("a.example"), 40000, 53)))))
    before.add(record(over_tcp(HELLO[:40])))
    assert before.drain() == []
    after.resume(before.carry())
    told = answer("a.example", ("192.0.2.1",))
    after.add(record(ethernet(ip4(udp(told, 53, 40000), src="192.0.2.7", dst="10.0.0.1"))))
    after.add(record(over_tcp(HELLO[40:], seq=41)))
    assert {batch.kind: len(batch) for batch in after.drain()} == {
        FactKind.DNS: 1,
        FactKind.ANSWER: 1,
        FactKind.TLS: 1,
    }
