from dataclasses import replace

import pytest

from netad.core.addresses import parse_address
from netad.detectors.anomaly import AlertCount, Anomaly, Severity
from netad.evidence import SAMPLE
from netad.fact_evidence import add_facts
from netad.ingest.facts.batch import FACT_COLUMNS, FactBatch, FactKind

START, END = 1_000, 2_000
SOURCE, PEER = "10.0.0.5", "192.0.2.9"


def anomaly(source=SOURCE):
    return Anomaly(
        source=source, inside=True, window_start_ns=START, window_end_ns=END, window_length="1h", score=0.9,
        threshold=0.7, tail=0.01, severity=Severity.HIGH, detector="fusion", detector_scores={}, model_name="m",
        model_version="1", reasons=(), profile=(),
    )  # fmt: skip


def fact(kind, orig=SOURCE, resp=PEER, time_ns=START, **said):
    row = {spec.name: "" if spec.dtype == "object" else 0 for spec in FACT_COLUMNS[kind]} | {"time_ns": time_ns}
    row["orig_hi"], row["orig_lo"] = parse_address(orig)
    row["resp_hi"], row["resp_lo"] = parse_address(resp)
    return row | said


def alert(signature="Scan", severity=2, tool="suricata", **where):
    return fact(FactKind.ALERT, signature=signature, severity=severity, tool=tool, **where)


def query(name, orig=SOURCE, **more):
    return fact(FactKind.DNS, orig=orig, query=name, **more)


def told(anomalies, *batches, size=None):
    """Return the evidence when the facts come in the given (kind, rows), cut into batches of a size."""
    cut = [FactBatch.from_rows(kind, rows[at : at + (size or len(rows))])
           for kind, rows in batches for at in range(0, len(rows), size or len(rows))]  # fmt: skip
    found = add_facts(anomalies, lambda kinds: [batch for batch in cut if batch.kind in kinds])
    return [one.evidence for one in found]


def test_alerts_are_counted_by_signature_with_the_highest_severity():
    """As originator and as responder, in the window only, the severest first, those without a severity last."""
    rows = [alert(severity=3), alert(severity=1), alert(orig=PEER, resp=SOURCE), alert(time_ns=END),
            alert(time_ns=START - 1), alert("Weird", 0, "zeek-weird"), alert("Weird", 0, "zeek-weird"),
            alert("Worm", 1), alert(orig=PEER, resp=PEER), alert("Loop", 2, resp=SOURCE)]  # fmt: skip
    (evidence,) = told([anomaly()], (FactKind.ALERT, rows))
    assert evidence.alerts == (
        AlertCount("Scan", 3, 1, "suricata"),
        AlertCount("Worm", 1, 1, "suricata"),
        AlertCount("Loop", 1, 2, "suricata"),
        AlertCount("Weird", 2, 0, "zeek-weird"),
    )
    assert evidence.alert_count == 7


def test_names_are_what_the_source_named_most_often_first():
    """Registered domains of look-ups, server names, hosts, clients; empty ones and those of others are left out."""
    dns = [query("www.example.net"), query("a.example.org"), query("b.example.org"), query("printer"),
           query("x.example.com", orig=PEER)]  # fmt: skip
    tls = [fact(FactKind.TLS, server_name="login.example.net", ja4="t13d"), fact(FactKind.TLS)]
    http = [fact(FactKind.HTTP, host="mirror.example.org", user_agent="curl")]
    (evidence,) = told([anomaly()], (FactKind.DNS, dns), (FactKind.TLS, tls), (FactKind.HTTP, http))
    assert evidence.domains == ("example.org", "example.net")
    assert (evidence.server_names, evidence.ja4) == (("login.example.net",), ("t13d",))
    assert (evidence.http_hosts, evidence.user_agents) == (("mirror.example.org",), ("curl",))


def test_a_name_that_nobody_else_named_is_told_where_enough_others_named_something():
    """Among two sources nothing is rare."""
    rows = [query("www.common.example.net"), query("odd.example.org"), query("common.example.net", orig="10.0.0.6")]
    (few,) = told([anomaly()], (FactKind.DNS, rows))
    (enough,) = told([anomaly()], (FactKind.DNS, [*rows, query("else.example.com", orig="10.0.0.7")]))
    assert few.rare_names == ()
    assert enough.rare_names == ("example.org",)


@pytest.mark.parametrize("size", [1, 7, None])
def test_lists_are_bounded_and_do_not_depend_on_the_batches(size):
    """Twenty of each, ties in order of the name; all of them are counted."""
    rows = [query(f"d{number}.example") for number in range(100)] + [query("d99.example")]
    alerts = [alert(f"s{number:02}") for number in range(50)]
    (evidence,) = told([anomaly()], (FactKind.DNS, rows), (FactKind.ALERT, alerts), size=size)
    assert len(evidence.domains) == len(evidence.alerts) == SAMPLE
    assert evidence.domains[:3] == ("d99.example", "d0.example", "d1.example")
    assert evidence.alerts[0].signature == "s00"
    assert evidence.alert_count == 50


def test_every_window_has_its_own_and_flows_stay():
    """Two anomalies of one source share nothing but the source; what was known of flows is kept."""
    first = anomaly()
    first = replace(first, evidence=replace(first.evidence, flow_count=5))
    later = replace(anomaly(), window_start_ns=END, window_end_ns=END + 1000)
    found = told([first, later, anomaly(PEER)], (FactKind.DNS, [query("a.example", time_ns=END)]))
    assert [evidence.domains for evidence in found] == [(), ("a.example",), ()]
    assert found[0].flow_count == 5


def test_without_anomalies_nothing_is_read():
    """No anomaly, no facts asked for."""
    assert add_facts([], pytest.fail) == []


def test_logs_without_ja4_are_fine():
    """A column that no log carries is empty."""
    batch = FactBatch.from_rows(FactKind.TLS, [fact(FactKind.TLS, server_name="a.example")], ("ja3", "ja4"))
    (found,) = add_facts([anomaly()], lambda kinds: [batch] if FactKind.TLS in kinds else [])
    assert (found.evidence.server_names, found.evidence.ja4) == (("a.example",), ())
