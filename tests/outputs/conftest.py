"""Synthetic anomalies, flows and their events, shared by the tests of the outputs."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from netad.core.addresses import Networks, parse_address
from netad.core.errors import ExitCode
from netad.core.timing import SECOND_NS, parse_time
from netad.detectors.anomaly import AlertCount, Anomaly, Evidence, Reason, Severity
from netad.detectors.model import Model
from netad.detectors.scored import ScoredProfiles
from netad.ingest.flows import CONN_STATES, FLOW_COLUMNS, SLICE, TUNNELS, WHOLE, FlowBatch
from netad.outputs.base import Delivery, Event, RunSummary
from netad.outputs.events import Origin, anomaly_event, flow_events
from netad.outputs.incidents import join_incidents
from netad.outputs.ledger import FILE, Ledger
from netad.outputs.profile_event import profile_events
from netad.outputs.run_event import Ending, run_event
from netad.outputs.sending import RetryPolicy
from netad.outputs.spool import Spool
from netad.profiles.features import FEATURES
from netad.profiles.frame import KEY_DTYPES

CREATED = "2026-01-12T08:00:00.000Z"
HOUR_NS = 3600 * SECOND_NS
START_NS = parse_time("2026-01-11T06:00:00Z")
INSIDE = Networks.parse(["10.0.0.0/8", "fd00::/8"])

_PROFILE = (
    Reason("unique_destinations", "unique destinations", "addresses", 3.0, 6.0, 0.25, 0.0),
    Reason("unique_source_ports", "unique source ports", "ports", 812.0, 40.0, 1.0, 0.0),
    Reason("unique_destination_ports", "unique destination ports", "ports", 812.0, 6.0, 1.0, 0.61),
    Reason("packet_length_mean", "average packet length", "bytes", 44.0, 512.75, 0.002, 0.1),
    Reason("packet_length_max", "maximum packet length", "bytes", 60.0, 1500.0, 0.0, 0.0),
    Reason("total_packets", "total packets", "packets", 1624.0, 2100.0, 0.4, 0.0),
    Reason("port_ratio", "port ratio", "", 1.0, 6.6667, 0.1, 0.0),
    Reason("packets_per_destination", "packets per destination", "packets", 541.3333, 350.0, 0.8, 0.0),
)
_REASONS = (
    _PROFILE[2],
    Reason("failed_share", "failed connection share", "share", 0.97, 0.04, 0.999, 0.22),
    _PROFILE[3],
    Reason("flow_gap_mean", "average time between flows", "s", 4.43, float("nan"), 0.1, 0.05),
)


@pytest.fixture
def origin() -> Origin:
    """A sensor with a label and a tag."""
    return Origin("sensor-1", "default", "run-1", "0.1.0", "agent-1", {"site": "hq"}, ("netad", "office"))


@pytest.fixture
def inside() -> Networks:
    """The inside networks of the synthetic site."""
    return INSIDE


@pytest.fixture
def anomaly() -> Anomaly:
    """A port scan of one inside host in one hour."""
    return Anomaly(
        source="10.4.2.2",
        inside=True,
        window_start_ns=START_NS,
        window_end_ns=START_NS + HOUR_NS,
        window_length="1h",
        score=0.9987,
        threshold=0.999 * 0.99,
        tail=0.0004,
        severity=Severity.HIGH,
        detector="isolation_forest",
        detector_scores={"isolation_forest": 0.9987},
        model_name="office",
        model_version="2026.01.10",
        reasons=_REASONS,
        profile=_PROFILE,
        totals={"packets": 842, "bytes": 48120, "bytes_in": 30200, "flows": 812},
        evidence=Evidence(
            flow_count=812,
            flow_ids=("019bab8f5f2a-5f1c0b6a9d3e4c77a1b2",),
            peers=("10.4.9.7", "10.4.9.8", "203.0.113.9"),
            peer_count=3,
            ports=(22, 80, 443),
            transports=("tcp",),
            alerts=(
                AlertCount("ET SCAN Potential SSH Scan OUTBOUND", 40, 2, "suricata"),
                AlertCount("Scan::Port_Scan", 1, 0, "zeek-notice"),
            ),
            alert_count=41,
            domains=("example.net", "example.org"),
            server_names=("login.example.net",),
            http_hosts=("mirror.example.org",),
            user_agents=("curl/8.5.0",),
            ja4=("t13d1516h2_8daaf6152771_e5627efa2ab1",),
            rare_names=("example.net",),
        ),
        baseline_profiles=2400,
    )


@pytest.fixture
def anomaly_events(anomaly: Anomaly, origin: Origin) -> list[Event]:
    """Two windows of one inside source, another source in IPv6, and an outside one: four ids on two days."""
    later = replace(anomaly, window_start_ns=START_NS + HOUR_NS, window_end_ns=START_NS + 2 * HOUR_NS, score=0.99)
    other = replace(anomaly, source="fd00::5", score=0.995, window_end_ns=START_NS + 24 * HOUR_NS, window_length="1d")
    inbound = replace(anomaly.evidence, direction="inbound")
    outside = replace(anomaly, source="203.0.113.77", inside=False, severity=Severity.LOW, evidence=inbound)
    events = [anomaly_event(item, origin, CREATED) for item in (later, anomaly, other, outside)]
    join_incidents(events)
    return events


@pytest.fixture
def make_flow() -> Callable[..., dict[str, Any]]:
    """Return a maker of flow records: every column zero but for a TCP flow's endpoints and what is given."""

    def make(orig: str, resp: str, **fields: Any) -> dict[str, Any]:
        record: dict[str, Any] = {spec.name: b"" if spec.dtype.startswith("S") else 0 for spec in FLOW_COLUMNS}
        record["orig_hi"], record["orig_lo"] = parse_address(orig)
        record["resp_hi"], record["resp_lo"] = parse_address(resp)
        record.update(first_ns=START_NS, last_ns=START_NS, protocol=6, part=WHOLE | SLICE)
        if "state" in fields:
            record["conn_state"] = CONN_STATES.index(fields.pop("state"))
        return record | fields

    return make


@pytest.fixture
def flows(make_flow: Callable[..., dict[str, Any]]) -> FlowBatch:
    """Whole flows of every kind the events tell apart, and a slice that is no event."""
    counts = {"orig_packets": 5, "orig_ip_bytes": 700, "resp_packets": 4, "resp_ip_bytes": 3000}
    return FlowBatch.from_records(
        [
            make_flow("10.4.2.2", "198.51.100.80", orig_port=50000, resp_port=443, last_ns=START_NS + 1_500_000_123,
                      state="SF", history=b"ShADadFf", **counts),
            make_flow("10.4.2.2", "10.4.9.7", orig_port=50001, resp_port=22, first_ns=START_NS + 1,
                      last_ns=START_NS + 1, state="REJ", history=b"Sr", orig_packets=1, orig_ip_bytes=40, vlan=10),
            make_flow("203.0.113.77", "10.4.2.2", orig_port=4000, resp_port=3389, state="S0", orig_packets=1,
                      orig_ip_bytes=40, input=1),
            make_flow("fd00::5", "2001:db8::1", protocol=17, orig_port=40000, resp_port=53, state="S1",
                      tunnel=TUNNELS.index("vxlan"), **counts),
            make_flow("192.0.2.1", "198.51.100.1", protocol=1, orig_port=8, resp_port=0, state="OTH", **counts),
            make_flow("192.0.2.1", "198.51.100.1", protocol=1, orig_port=3, resp_port=13, state="OTH", **counts),
            make_flow("10.4.2.2", "10.4.9.7", protocol=47, state="OTH", **counts),
            make_flow("10.4.2.2", "10.4.9.7", protocol=253, state="OTH", first_ns=START_NS + 86400 * SECOND_NS,
                      last_ns=START_NS + 86400 * SECOND_NS, **counts),
            make_flow("10.4.2.2", "10.4.9.9", orig_port=50002, resp_port=22, part=SLICE),
        ],
        inputs=("captures/office.pcap", "-"),
    )  # fmt: skip


@pytest.fixture
def events_of_flows(flows: FlowBatch, origin: Origin) -> list[Event]:
    """The events of `flows`."""
    return list(flow_events(flows, origin, CREATED, INSIDE))


@pytest.fixture
def events_of_logs(logged: FlowBatch, origin: Origin) -> list[Event]:
    """The events of `logged`."""
    return list(flow_events(logged, origin, CREATED, INSIDE))


@pytest.fixture
def logged(make_flow: Callable[..., dict[str, Any]]) -> FlowBatch:
    """Two flows as a log tells of them that counts frames: without packets' lengths, IP bytes, history or state."""
    rows = [make_flow("10.4.2.2", "198.51.100.80", orig_port=50000, resp_port=443, last_ns=START_NS + SECOND_NS),
            make_flow("10.4.2.2", "198.51.100.80", orig_port=50001, resp_port=80)]  # fmt: skip
    whole = FlowBatch.from_records(rows, inputs=("eve.json",))
    carried = ("first_ns", "last_ns", "orig_hi", "orig_lo", "resp_hi", "resp_lo", "orig_port", "resp_port", "protocol",
               "input", "part", "orig_packets", "resp_packets")  # fmt: skip
    columns = {name: whole[name] for name in carried}
    columns["service"] = np.array(["TLS", ""], dtype=object)
    columns["orig_frame_bytes"], columns["resp_frame_bytes"] = np.array([900, 60]), np.array([4000, 0])
    return FlowBatch(columns, whole.inputs)


@pytest.fixture
def summary() -> RunSummary:
    """What a run with findings says of itself."""
    return RunSummary(
        files=2,
        bytes=1_234_567,
        packets=12_345,
        flows=900,
        first_ns=START_NS,
        last_ns=START_NS + 3 * HOUR_NS,
        profiles=120,
        sources=40,
        windows=3,
        window_length="1h",
        anomalies=4,
        skipped={"arp": 12, "not_ip": 3},
        baseline="model office 2026.01.10, trained on 2,400 profiles",
        threshold=0.989,
        budget=0.001,
        deliveries=["ndjson: 4 delivered (out.ndjson)"],
    )


@pytest.fixture
def make_spool(tmp_path: Path) -> Callable[..., Spool]:
    """Return a maker of spools in one folder, as the runs of one user have them."""
    return lambda target, **options: Spool(tmp_path / "spool", target, **options)


@pytest.fixture
def make_ledger(tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Return a maker of ledgers in one file, as the runs of one user have them."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(contextlib.closing(Ledger(tmp_path / FILE, **options)))


@dataclass
class Pauses:
    """A clock that only moves when someone sleeps, and what was slept."""

    slept: list[float] = field(default_factory=list)

    def policy(self, **options: Any) -> RetryPolicy:
        """A retry policy on this clock, without chance, that tries three times again unless told otherwise."""
        options = {"retries": 3, **options}
        return RetryPolicy(clock=lambda: sum(self.slept), sleep=self.slept.append, chance=lambda: 1.0, **options)


@pytest.fixture
def pauses() -> Pauses:
    """Time for the retries."""
    return Pauses()


@pytest.fixture(scope="session")
def scored() -> ScoredProfiles:
    """Forty quiet hours of ten inside hosts as their own baseline, then one of an IPv6 host that is loud and scans."""
    draw = np.random.default_rng(7)
    host, hour = np.arange(41) % 10, np.arange(41) // 10
    frame = pd.DataFrame(
        {
            "source": [f"10.0.0.{number + 1}" for number in host[:-1]] + ["fd00::5"],
            "source_hi": np.zeros(41),
            "source_lo": (0xFFFF << 32) + (10 << 24) + host + 1 + 100 * (np.arange(41) == 40),
            "window_start_ns": START_NS + hour * HOUR_NS,
            "window_end_ns": START_NS + (hour + 1) * HOUR_NS,
            "inside": True,
            "window_digest": ["", *["ab12"] * 3, *[""] * 37],
            "known_source": True,
        }
    ).astype(KEY_DTYPES)
    values = {feature.name: np.round(np.exp(3 + draw.normal(0, 0.3, 41))) for feature in FEATURES}
    values |= {feature.name: draw.beta(2, 8, 41) for feature in FEATURES if feature.unit == "share"}
    columns = pd.DataFrame(values)
    columns.loc[40, [one.name for one in FEATURES if one.suspicious == "high" and one.unit != "share"]] = 9_256_780.0
    columns.loc[0, "dns_queries"] = np.nan
    columns["behaviour.scan"] = [0.0] * 40 + [6.0]
    frame = pd.concat([frame, columns], axis=1)
    model = Model.train(frame[:40], detectors=["isolation_forest", "behaviour"], name="office", window="1h",
                        created=CREATED)  # fmt: skip
    return ScoredProfiles(frame, model.score(frame), model, 0.9)


@pytest.fixture
def events_of_profiles(scored: ScoredProfiles, origin: Origin) -> list[Event]:
    """The events of `scored`."""
    return list(profile_events(scored, origin, CREATED))


@pytest.fixture
def events_of_runs(summary: RunSummary, origin: Origin) -> list[Event]:
    """A run that did everything an event can tell of, and one that was interrupted before it found anything."""
    full = replace(
        summary,
        logs=1,
        records=40,
        kinds=["capture", "zeek-tsv"],
        problems=["captures/cut.pcap: the last packet is cut"],
        notes=["the baseline holds only 32 profiles"],
        severities={"high": 3, "low": 1},
        suppressed=2,
        dropped=1,
        suppressed_by_rule={"scanner": 2},
        dropped_by_rule={"printer": 1},
        seconds={"read": 1.25, "profile": 0.5, "score": 0.75, "deliver": 0.125},
        model=("office", "2026.01.10"),
    )
    done = Delivery(delivered=9_256_780, duplicates=2, spooled=1, dead=1, drained=5, waiting_files=2, waiting_bytes=900)
    ending = Ending(START_NS, START_NS + HOUR_NS, ExitCode.OUTPUT, [("elastic", done), ("parquet", Delivery(3))])
    stopped = Ending(START_NS, START_NS, ExitCode.INTERRUPTED, [])
    return [run_event(full, ending, origin), run_event(RunSummary(), stopped, replace(origin, run_id="run-2"))]
