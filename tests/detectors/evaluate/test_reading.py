import json

import numpy as np
import pytest

from netad.core.addresses import PRIVATE_NETWORKS, Networks
from netad.core.errors import InputError
from netad.detectors.evaluate.reading import read_recordings
from netad.detectors.evaluate.recording import BENIGN, MALICIOUS
from netad.detectors.evaluate.suite import Labels, Suite, SuiteInput, load_suite
from netad.ingest.report import IngestReport

HOUR = 3600 * 10**9

ENDS = {"id.orig_h": "10.0.0.1", "id.orig_p": 40000, "id.resp_h": "192.0.2.1", "id.resp_p": 53, "proto": "udp"}
BYTES = {"orig_bytes": 40, "resp_bytes": 80, "orig_pkts": 1, "orig_ip_bytes": 68, "resp_pkts": 1, "resp_ip_bytes": 108}
LOOK_UP = {"ts": 1700000000.0, "uid": "C1", **ENDS, "conn_state": "SF", **BYTES, "label": "Malicious"}
ANOTHER = {**LOOK_UP, "ts": 1700000001.0, "id.orig_p": 40001, "label": "Benign"}
QUERY = {"ts": 1700000000.0, "uid": "C1", **ENDS, "query": "evil.test", "qtype": 1, "rcode": 0, "trans_id": 7}


def suite(*paths):
    """A suite of one labelled recording."""
    item = SuiteInput("a", paths, Networks.parse(PRIVATE_NETWORKS), Labels(column=True))
    return Suite("s", "1h", HOUR, ("recorded",), (0,), (item,))


def test_labels_and_facts_come_from_the_logs(tmp_path):
    """The label column decides; a look-up is as true as its flow."""
    for name, rows in (("conn.log.labeled", (LOOK_UP, ANOTHER)), ("dns.log.labeled", (QUERY,))):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = IngestReport()
    (recording,) = read_recordings(suite(tmp_path / "conn.log.labeled", tmp_path / "dns.log.labeled"), report)
    assert not report.problems
    flows, facts = (
        np.concatenate([part.truth for part in recording.parts if part.is_flows == which]) for which in (True, False)
    )
    assert sorted(flows.tolist()) == [BENIGN, MALICIOUS]
    assert facts.tolist() == [MALICIOUS]


def test_an_input_without_a_flow_is_named(tmp_path):
    """The scenario, and why nothing could be read of it."""
    path = tmp_path / "junk.log"
    path.write_text("nothing of use\n")
    with pytest.raises(InputError, match=r"the scenario 'a' holds no flow .*junk\.log"):
        read_recordings(suite(path), IngestReport())


@pytest.mark.corpus
def test_the_development_suites_are_read(corpus):
    """Every recording has samples; no input has a problem."""
    for name in ("dev", "captures"):
        report = IngestReport()
        recordings = read_recordings(load_suite(corpus.parent / "evaluation" / f"{name}.yaml"), report)
        assert not report.problems
        assert all(len(one.samples) for one in recordings)
