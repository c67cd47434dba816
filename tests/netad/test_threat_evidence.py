import numpy as np
import pytest

from netad.core.addresses import parse_address
from netad.detectors.anomaly import Anomaly, Severity
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import FlowBatch
from netad.outputs.enrich.threat_lists import Hit, ThreatLists
from netad.threat_evidence import threat_hits

JA3, JA4 = "e7d705a3286e19ea42f587b344ee6865", "t13d1516h2_8daaf6152771_02713d6af862"


def anomaly(source, start=0, end=1000):
    return Anomaly(
        source=source, inside=True, window_start_ns=start, window_end_ns=end, window_length="1h", score=1.0,
        threshold=0.5, tail=0.0, severity=Severity.HIGH, detector="d", detector_scores={}, model_name="m",
        model_version="1", reasons=(), profile=(),
    )  # fmt: skip


def ends(rows):
    columns = {}
    for name, place in (("orig", 0), ("resp", 1)):
        pairs = np.array([parse_address(row[place]) for row in rows], dtype=np.uint64).reshape(-1, 2)
        columns |= {f"{name}_hi": pairs[:, 0], f"{name}_lo": pairs[:, 1]}
    return columns


def flows(*rows):
    """Flows from (originator, responder, time)."""
    times = np.array([row[2] for row in rows], dtype=np.int64)
    return FlowBatch({**ends(rows), "first_ns": times, "last_ns": times, "part": np.full(len(rows), 3, np.uint8)})


def facts(kind, rows, **columns):
    """Facts of (originator, responder, time) rows."""
    texts = {name: np.array(values, dtype=object) for name, values in columns.items()}
    times = np.array([row[2] for row in rows], dtype=np.int64)
    return FactBatch(kind, {**ends(rows), "time_ns": times, **texts})


@pytest.fixture
def lists(tmp_path):
    """A list with everything that is looked up."""
    (tmp_path / "feed.txt").write_text(f"198.51.100.0/24\nbad.example\n{JA3}\n{JA4}\n203.0.113.66\n")
    return ThreatLists.load([str(tmp_path / "feed.txt")])


def test_all_that_a_flagged_source_did_is_looked_up(lists):
    """Addresses it reached, names of every protocol, fingerprints; of that source and window only."""
    row = ("10.0.0.1", "192.0.2.1", 5)
    said = [
        facts(FactKind.DNS, [row, row], query=["www.bad.example", "good.example"]),
        facts(FactKind.TLS, [row], server_name=[""], ja3=[JA3], ja4=[JA4]),
        facts(FactKind.HTTP, [("10.0.0.2", "192.0.2.1", 5)], host=["bad.example"]),
    ]
    batches = [
        flows(("10.0.0.1", "198.51.100.7", 10), ("10.0.0.1", "192.0.2.9", 20), ("10.0.0.1", "198.51.100.8", 2000)),
        flows(("10.0.0.3", "198.51.100.9", 10), ("10.0.0.1", "198.51.100.7", 30)),
    ]
    found = threat_hits([anomaly("10.0.0.1"), anomaly("10.0.0.2")], batches, lambda _: said, lists)
    assert found == [
        [
            Hit("feed", "address", "198.51.100.0/24", "198.51.100.7"),
            Hit("feed", "domain", "bad.example", "www.bad.example"),
            Hit("feed", "ja3", JA3, JA3),
            Hit("feed", "ja4", JA4, JA4),
        ],
        [Hit("feed", "domain", "bad.example", "bad.example")],
    ]


def test_the_source_itself_may_be_listed(lists):
    """An outside source that scans."""
    assert threat_hits([anomaly("203.0.113.66")], [], lambda _: [], lists) == [
        [Hit("feed", "address", "203.0.113.66", "203.0.113.66")]
    ]


def test_without_anomalies_nothing_is_looked_at(lists):
    """Not even the flows."""
    assert threat_hits([], iter(()), lambda _: 1 / 0, lists) == []
