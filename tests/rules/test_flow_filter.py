import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import format_address
from netad.core.problems import Problems
from netad.core.timing import iso
from netad.core.yaml_nodes import read_document
from netad.ingest.flows import SLICE, WHOLE, FlowBatch
from netad.rules.conditions import MatchReader
from netad.rules.flow_filter import FlowFilter
from netad.rules.lists import Lists
from netad.rules.matching import Compiler
from netad.rules.rule import Location, Rule
from netad.rules.view import EventView

PROTOCOLS = {6: "tcp", 17: "udp"}


def batch(rows):
    """Flows from (source's last byte, destination's, port, protocol, bytes, part)."""
    columns = {
        "orig_hi": np.zeros(len(rows), np.uint64), "resp_hi": np.zeros(len(rows), np.uint64),
        "orig_lo": np.array([0xFFFF << 32 | 10 << 24 | row[0] for row in rows], np.uint64),
        "resp_lo": np.array([0xFFFF << 32 | 10 << 24 | row[1] for row in rows], np.uint64),
        "orig_port": np.full(len(rows), 1024, np.uint16), "resp_port": np.array([row[2] for row in rows], np.uint16),
        "protocol": np.array([row[3] for row in rows], np.uint8),
        "orig_ip_bytes": np.array([row[4] for row in rows], np.int64),
        "part": np.array([row[5] for row in rows], np.uint8),
        "first_ns": np.arange(len(rows), dtype=np.int64) * 3_600 * 10**9,
        "last_ns": np.arange(len(rows), dtype=np.int64) * 3_600 * 10**9 + 10**9,
    }  # fmt: skip
    return FlowBatch(columns)


def flow_rule(text, **more):
    problems = Problems("a.yml")
    match = MatchReader(Lists(), problems, "flows").read(read_document(text.encode(), problems), "match")
    assert not problems.lines(), problems.lines()
    return Rule("r", "c", "o", match, Location("a.yml", 1, 1), applies_to="flows", action="drop", **more)


conditions = st.sampled_from(
    ["source.ip: 10.0.0.1", "source.ip|cidr: 10.0.0.0/31", "either.ip: 10.0.0.2", "either.ip|neq: 10.0.0.2",
     "destination.port: [53, 80]", "destination.port|gt: 60", "network.transport: UDP", "network.transport|cased: UDP",
     "network.transport: 'u?p'", "source.bytes|lte: 1", "network.protocol: dns", "network.protocol|exists: false",
     "destination.bytes|lt: 5", "network.protocol|neq: dns", "either.ip|exists: true", "network.transport|re: '^t'"]
)  # fmt: skip
matches = st.one_of(
    conditions,
    st.lists(conditions, min_size=2, max_size=3).map(lambda each: "[{" + "}, {".join(each) + "}]"),
    st.lists(conditions, min_size=2, max_size=3).map(lambda each: "all: [{" + "}, {".join(each) + "}]"),
    conditions.map(lambda each: f"not: {{{each}}}"),
)
rows = st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([53, 80]), st.sampled_from([6, 17, 1]),
                 st.integers(0, 3), st.sampled_from([WHOLE, SLICE, WHOLE | SLICE]))  # fmt: skip


@given(matches, st.lists(rows, max_size=8))
def test_columns_are_asked_as_single_flows_would_be(text, found):
    """The same flows as one by one."""
    rule = flow_rule(text)
    flows = batch(found)
    predicate = Compiler().predicate(rule.condition)
    expected = []
    for row in found:
        event = {"source": {"ip": f"10.0.0.{row[0]}", "bytes": row[4]}, "destination": {"ip": f"10.0.0.{row[1]}"}}
        if row[3] in PROTOCOLS:
            event["destination"]["port"] = row[2]
        event["network"] = {"transport": PROTOCOLS.get(row[3], "icmp")}
        expected.append(predicate(EventView(event)))
    keep_out = FlowFilter([rule])
    assert keep_out.mask(flows).tolist() == expected
    assert keep_out.kept_out == sum(fits and bool(row[5] & WHOLE) for fits, row in zip(expected, found, strict=True))


def test_what_is_kept_out_is_counted_by_rule_and_told():
    """Whole flows count, their slices do not; a flow that two rules name counts once in the sum."""
    one = flow_rule("source.ip: 10.0.0.1")
    keep_out = FlowFilter([one, flow_rule("destination.port: 53")])
    flows = batch([(1, 2, 53, 17, 1, WHOLE | SLICE), (1, 2, 80, 6, 1, WHOLE), (1, 2, 80, 6, 1, SLICE),
                   (3, 2, 80, 6, 1, WHOLE | SLICE)])  # fmt: skip
    left = keep_out.without(flows)
    assert format_address(int(left["orig_hi"][0]), int(left["orig_lo"][0])) == "10.0.0.3"
    assert (len(left), keep_out.kept_out) == (1, 2)
    assert keep_out.told() == "2 flows kept out of profiles by rules (r 3)"
    assert keep_out.without(left) is left
    assert FlowFilter([]).without(flows) is flows
    assert FlowFilter([one]).told() == "0 flows kept out of profiles by rules"


def test_a_schedule_is_about_the_time_of_the_flow(load, now):
    """Both its ends lie in the window: here hour 1 of 1970, a Thursday."""
    rules = load("rules: [{id: r, comment: c, created_by: o, permanent: true, applies_to: flows, match_all: true, "
                 "schedule: {tz: UTC, windows: [thu 01:00-02:00]}}]")  # fmt: skip
    flows = batch([(1, 2, 53, 17, 1, WHOLE)] * 3)
    assert iso(int(flows["first_ns"][1])) == "1970-01-01T01:00:00.000Z"
    assert rules.flow_filter(now).mask(flows).tolist() == [False, True, False]


@pytest.mark.parametrize(("observer", "expected"), [("sensor-1", True), ("sensor-2", False)])
def test_a_scope_asks_who_sees(load, now, observer, expected):
    """The observer and the namespace of the run; rules that are not in force keep nothing out."""
    rules = load("rules: [{id: r, comment: c, created_by: o, permanent: true, applies_to: flows, "
                 "match: {destination.port: 53}, scope: {observers: 'sensor-1', namespaces: lab}},"
                 "{id: s, comment: c, created_by: o, expires: 2026-01-01, applies_to: flows, match_all: true}]"
                 )  # fmt: skip
    keep_out = rules.flow_filter(now, observer, "lab")
    assert keep_out.mask(batch([(1, 2, 53, 17, 1, WHOLE)])).tolist() == [expected]
