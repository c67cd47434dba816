"""Tests of netad.ingest.traffic."""

import itertools
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.timing import SECOND_NS
from netad.ingest.flows import FLOW_COLUMNS
from netad.ingest.traffic import Traffic
from tests.ingest.frames import datagram, segment

NAMES = [spec.name.removeprefix("orig_") for spec in FLOW_COLUMNS if spec.name.startswith("orig_")]
PACKETS = st.lists(
    st.builds(datagram, st.integers(0, 10**6).map(lambda ms: ms / 1000), length=st.integers(28, 65535),
              ttl=st.integers(0, 255)),
    max_size=20,
)  # fmt: skip


def summed(packets):
    traffic = Traffic()
    for packet in packets:
        traffic.add(packet)
    return traffic.columns("orig")


def test_columns_are_those_of_a_flow():
    """Every column of a direction, and none else."""
    columns = set(summed([]))
    assert columns | {"orig_hi", "orig_lo", "orig_port"} == {f"orig_{name}" for name in NAMES}


def test_without_packets():
    """A silent side has zeros, and no window."""
    columns = summed([])
    assert columns.pop("orig_window") == -1
    assert set(columns.values()) == {0}


@given(PACKETS.filter(lambda packets: len(packets) > 1))
def test_statistics(packets):
    """Means and population deviations are those of the standard library; a clock that runs back makes a gap of 0."""
    columns = summed(packets)
    lengths = [packet.length for packet in packets]
    highest, gaps = packets[0].time_ns, []
    for packet in packets[1:]:
        gaps.append(max(packet.time_ns - highest, 0))
        highest = max(highest, packet.time_ns)
    assert columns["orig_length_mean"] == pytest.approx(statistics.fmean(lengths))
    assert columns["orig_length_std"] == pytest.approx(statistics.pstdev(lengths), abs=1e-6)
    assert columns["orig_gap_mean_ns"] == pytest.approx(statistics.fmean(gaps))
    assert columns["orig_gap_std_ns"] == pytest.approx(statistics.pstdev(gaps), abs=1e-3)
    assert (columns["orig_length_min"], columns["orig_length_max"]) == (min(lengths), max(lengths))
    ttls = [packet.ttl for packet in packets]
    assert (columns["orig_ttl_min"], columns["orig_ttl_max"]) == (min(ttls), max(ttls))
    assert columns["orig_payload_bytes"] == sum(packet.payload_length for packet in packets)


def test_tcp_flags_and_window():
    """Flags are OR-ed and counted, the first window announced is kept."""
    columns = summed([segment(0, "S", window=500), segment(1, "A"), segment(2, "FPA")])
    assert columns["orig_tcp_flags"] == 0x1B
    counts = {name: columns[f"orig_{name}"] for name in ("fin", "syn", "rst", "psh", "ack", "urg")}
    assert counts == {"fin": 1, "syn": 1, "rst": 0, "psh": 1, "ack": 2, "urg": 0}
    assert columns["orig_window"] == 500


@given(PACKETS, st.lists(st.integers(0, 20), max_size=4))
def test_joined_parts_equal_the_whole(packets, cuts):
    """Cut anywhere, with empty parts too, nothing is lost or counted twice."""
    whole, previous = Traffic(), None
    bounds = [0, *sorted(cuts), len(packets)]
    for start, end in itertools.pairwise(bounds):
        part = Traffic(previous)
        for packet in packets[start:end]:
            part.add(packet)
        previous = part.last_ns
        whole.join(part)
    assert whole.columns("orig") == summed(packets)


def test_a_parts_gaps_are_its_own():
    """The silence before a part belongs to the whole, not to the part."""
    part = Traffic(previous_ns=0)
    part.add(datagram(100))
    part.add(datagram(101))
    assert part.columns("orig")["orig_gap_mean_ns"] == SECOND_NS
