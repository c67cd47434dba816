"""What the tests of evaluation share: labelled flows in words, and recordings of a small office with a scanner."""

import numpy as np
import pytest

from netad.core.addresses import PRIVATE_NETWORKS, Networks, parse_address
from netad.detectors.evaluate.recording import record
from netad.detectors.evaluate.suite import Labels, Suite, SuiteInput
from netad.detectors.verdicts import NO_VERDICTS
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import CONN_STATES, DTYPES, LOG_DTYPES, SLICE, WHOLE, FlowBatch

HOUR = 3600 * 10**9
START = 472_016 * HOUR

_LOGGED = (
    "first_ns", "last_ns", "orig_port", "resp_port", "protocol", "tunnel", "orig_packets", "resp_packets",
    "orig_ip_bytes", "resp_ip_bytes", "orig_payload_bytes", "resp_payload_bytes", "conn_state", "part",
)  # fmt: skip


def _flow(source, hour, label="benign", destination="192.0.2.1", at_s=60.0, **columns):
    first = START + hour * HOUR + round(at_s * 1e9)
    row = dict.fromkeys(_LOGGED, 1) | {
        "first_ns": first, "last_ns": first + 10**9, "orig_port": 40000, "resp_port": 443, "protocol": 6, "tunnel": 0,
        "orig_packets": 4, "resp_packets": 5, "orig_ip_bytes": 400, "resp_ip_bytes": 900, "orig_payload_bytes": 240,
        "resp_payload_bytes": 700, "conn_state": CONN_STATES.index("SF"), "part": WHOLE | SLICE, "label": label,
    }  # fmt: skip
    row["orig_hi"], row["orig_lo"] = parse_address(source)
    row["resp_hi"], row["resp_lo"] = parse_address(destination)
    return row | columns


def _flows(rows):
    dtypes = {**DTYPES, **LOG_DTYPES}
    return FlowBatch({name: np.array([row[name] for row in rows], dtypes[name]) for name in rows[0]}, ("conn.log",))


def _facts(rows):
    """DNS look-ups from (source, hour, query, label) rows."""
    facts = []
    for source, hour, query, _ in rows:
        high, low = parse_address(source)
        facts.append({
            "time_ns": START + hour * HOUR + 10**9, "orig_hi": high, "orig_lo": low, "resp_hi": 0,
            "resp_lo": 0xFFFF_0000_0001, "orig_port": 5000, "resp_port": 53, "protocol": 17, "query": query,
            "query_type": 1, "rcode": 0, "query_bytes": 40, "answer_bytes": 80,
        })  # fmt: skip
    batch = FactBatch.from_rows(FactKind.DNS, facts)
    labels = np.array([row[3] for row in rows], dtype=object)
    return FactBatch(FactKind.DNS, {**batch.columns, "label": labels})


def _recorded(scenario, batches, labels=None, inside=PRIVATE_NETWORKS, paths=(), verdicts=NO_VERDICTS):
    item = SuiteInput(scenario, tuple(paths), Networks.parse(inside), labels or Labels(column=True))
    return record(item, batches, HOUR, verdicts)


def _browsing(source, hours, seed):
    draw = np.random.default_rng(seed)
    return [
        _flow(source, hour, destination=f"192.0.2.{draw.integers(1, 9)}", at_s=float(draw.uniform(0, 3000)),
              orig_packets=int(draw.integers(3, 30)), orig_ip_bytes=int(draw.integers(200, 9000)))
        for hour in range(hours)
        for _ in range(int(draw.integers(5, 12)))
    ]  # fmt: skip


@pytest.fixture(scope="session")
def flow():
    """One labelled flow in words: source, hour, label; returns a row."""
    return _flow


@pytest.fixture(scope="session")
def flows():
    """The FlowBatch of rows."""
    return _flows


@pytest.fixture(scope="session")
def lookups():
    """Labelled DNS facts from (source, hour, query, label) rows."""
    return _facts


@pytest.fixture(scope="session")
def recorded():
    """A recording from its scenario and batches."""
    return _recorded


@pytest.fixture(scope="session")
def office():
    """Recordings of two offices of three quiet hosts each, and of a scanner; nobody may change them."""
    rooms = []
    for room, name in enumerate(("north", "south")):
        rows = [row for host in (1, 2, 3) for row in _browsing(f"10.{room}.0.{host}", 10, 10 * room + host)]
        rooms.append(_recorded(name, [_flows(rows)]))
    scan = [
        _flow("10.9.0.1", hour, "malicious", f"198.51.100.{target}", at_s=10.0 * target, resp_port=445, resp_packets=0,
              resp_ip_bytes=0, resp_payload_bytes=0, orig_payload_bytes=0, conn_state=CONN_STATES.index("S0"))
        for hour in range(2)
        for target in range(1, 41)
    ]  # fmt: skip
    return [*rooms, _recorded("scan", [_flows(scan)])]


@pytest.fixture(scope="session")
def suite():
    """The suite of `office`."""
    splits = ("transplant", "recorded", "hosts", "contaminated")
    return Suite("office", "1h", HOUR, splits, (0, 1), ())
