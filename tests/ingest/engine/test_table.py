"""Tests of netad.ingest.engine.table: the flow table in Python, netad.ingest.flow_table, is the judge."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import parse_address
from netad.core.timing import SECOND_NS
from netad.ingest.conn_state import Timeouts
from netad.ingest.decode import TCP, UDP, Packet, decode
from netad.ingest.engine.layout import CLOCK_RESTARTED, TAKEN
from netad.ingest.engine.table import FlowStore, take
from netad.ingest.flow_table import DEFAULT_LATENESS_NS, FlowTable
from netad.ingest.icmp_ports import icmp_ports
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport
from tests.ingest.engine.packet_rows import (
    assert_same_records,
    engine_records,
    packet_row,
    reference_records,
    small_store,
)
from tests.ingest.frames import CLIENT, SERVER, datagram, segment

START = 1_600_000_000 * SECOND_NS
ADDRESSES = [
    parse_address(text) for text in ("10.0.0.1", "192.0.2.7", "255.255.255.255", "2001:db8::1", "ff02::1", "fe80::1")
]
PORTS = (53, 80, 443, 5353, 40000, 40001)
# Where sequence numbers wrap, and jumps that are too large to believe.
SEQUENCES = (0, 1, 2, 100, 101, 110, 1 << 20, (1 << 21) + 5, (1 << 31) - 1, (1 << 31) + 7, (1 << 32) - 2, (1 << 32) - 1)
STEPS = (0, 0, 1, 1000, SECOND_NS // 3, SECOND_NS, 3 * SECOND_NS, 5 * SECOND_NS, 8_999_999_999, 31 * SECOND_NS,
         60 * SECOND_NS, 301 * SECOND_NS, 3000 * SECOND_NS,
         -1, -SECOND_NS // 2, -59 * SECOND_NS, -400 * SECOND_NS)  # fmt: skip
TCP_FLAGS = (None, 0x02, 0x12, 0x10, 0x18, 0x11, 0x01, 0x04, 0x14, 0x00, 0x29, 0x06, 0x03, 0x07, 0xFF, 0xC2)


@st.composite
def tcp_packets(draw, ends):
    """Segments of any flags and order between a few ends."""
    flags = draw(st.sampled_from(TCP_FLAGS))
    there = flags is not None
    return Packet(0, ends[0], ends[1], TCP, ends[2], ends[3], draw(st.sampled_from((40, 52, 1500, 65535))),
                  draw(st.sampled_from((0, 0, 1, 10, 1460))), draw(st.integers(0, 255)), tcp_flags=flags,
                  tcp_window=draw(st.sampled_from((0, 0, 1, 65535, -1))) if there else -1,
                  seq=draw(st.sampled_from(SEQUENCES)) if there else -1,
                  ack=draw(st.sampled_from(SEQUENCES)) if there else -1)  # fmt: skip


@st.composite
def packets(draw):
    """A packet of any protocol, its time a step from the one before."""
    few = draw(st.booleans())
    addresses = ADDRESSES[:2] if few else ADDRESSES
    ends = (
        draw(st.sampled_from(addresses)),
        draw(st.sampled_from(addresses)),
        draw(st.sampled_from(PORTS[-3:-1] if few else PORTS)),
        draw(st.sampled_from(PORTS[-3:-1] if few else PORTS)),
    )
    protocol = draw(st.sampled_from((TCP, TCP, TCP, UDP, UDP, 1, 58, 47)))
    if protocol == TCP:
        packet = draw(tcp_packets(ends))
    elif protocol in (1, 58):
        kind = draw(st.sampled_from((0, 3, 8, 11, 13, 128, 129, 135, 136, 1)))
        packet = Packet(0, *ends[:2], protocol, *icmp_ports(protocol, kind, draw(st.integers(0, 2))), 84, 56, 64)
    else:
        own = ends[2:] if protocol == UDP else (0, 0)
        packet = Packet(0, *ends[:2], protocol, *own, draw(st.integers(28, 1500)), draw(st.integers(0, 1400)), 64)
    vlan, tunnel = draw(st.sampled_from(((0, 0), (0, 0), (7, 0), (4095, 6))))
    return replace(packet, vlan=vlan, tunnel=tunnel)


@st.composite
def traffic(draw):
    """Packets with their times and inputs, in the order of a capture."""
    time_ns, result = START, []
    for packet, step, index in draw(
        st.lists(st.tuples(packets(), st.sampled_from(STEPS), st.integers(0, 1)), min_size=1, max_size=60)
    ):
        time_ns = max(time_ns + step, 0)
        result.append((replace(packet, time_ns=time_ns), index))
    return result


OPTIONS = st.fixed_dictionaries(
    {
        "window_ns": st.sampled_from((None, None, 60 * SECOND_NS, 3600 * SECOND_NS, 1_500_000_000)),
        "max_flows": st.sampled_from((1_000_000, 1_000_000, 3, 1)),
        "lateness_ns": st.sampled_from((DEFAULT_LATENESS_NS, 0, 2_700_000_000)),
    }
)


def both(arrivals, store=None, **options):
    """Return a FlowStore and a FlowTable after the same packets, having compared their records."""
    reference = FlowTable(**options)
    options.setdefault("lateness_ns", DEFAULT_LATENESS_NS)
    options.setdefault("max_flows", 1_000_000)
    options.setdefault("window_ns", None)
    engine = store or FlowStore(timeouts=options.pop("timeouts", None) or Timeouts(), **options)
    assert_same_records(engine_records(arrivals, engine), reference_records(arrivals, reference))
    assert (len(engine), engine.evicted) == (0, reference.evicted)
    return engine


@given(traffic(), OPTIONS)
def test_any_traffic_makes_the_reference_s_records(arrivals, options):
    """Whatever arrives in whatever order, windows, evictions and late packets included."""
    both(arrivals, **options)


@given(traffic(), OPTIONS)
def test_growing_changes_nothing(arrivals, options):
    """A table that has to ask for relief at every turn makes the same records."""
    both(arrivals, store=small_store(**options), **options)


def sessions(seed, count, spread_s, flows=400):
    """Packets of many connections at once with lively gaps, some far out of order: (packet, input) pairs."""
    random = np.random.default_rng(seed)
    arrivals, now = [], START
    sent = random.integers(0, 1 << 32, (flows, 2))
    for _ in range(count):
        now += int(random.exponential(spread_s * SECOND_NS / count))
        which = int(random.zipf(1.3)) % flows
        back = bool(random.random() < 0.4)
        time_ns = now - (int(random.exponential(SECOND_NS)) if random.random() < 0.1 else 0)
        port = 40000 + which
        if which % 4 == 0:
            ends = (SERVER, CLIENT, 53 + which % 8, port) if back else (CLIENT, SERVER, port, 53 + which % 8)
            packet = datagram(0, *ends, length=int(random.integers(28, 1500)))
        else:
            flags = str(random.choice(["S", "SA", "A", "PA", "FA", "RA", "R", "A", "A", "PA"]))
            size = int(random.integers(0, 1460)) if "P" in flags else 0
            seq, ack = int(sent[which, int(back)]), int(sent[which, int(not back)])
            packet = segment(0, flags, seq, ack if "A" in flags else 0, size, back, port, 80 + which % 3)
            sent[which, int(back)] += size + ("S" in flags) + ("F" in flags)
        arrivals.append((replace(packet, time_ns=time_ns), which % 3))
    return arrivals


@pytest.mark.parametrize("max_flows", [1_000_000, 50])
@pytest.mark.parametrize("window_ns", [None, 60 * SECOND_NS])
def test_sessions(window_ns, max_flows):
    """Hundreds of connections over an hour: retransmissions, reuse of ports, gaps from nanoseconds to minutes."""
    both(sessions(1, 3000, 3600), window_ns=window_ns, max_flows=max_flows)
    both(sessions(2, 3000, 60), window_ns=window_ns, max_flows=max_flows)


def test_more_flows_than_rows():
    """A flood makes the table grow, and above max_flows the least recently active go, one by one."""
    flood = [
        (segment(index / 10_000, "S", index, port=index % 60_000, server_port=80 + index // 60_000), 0)
        for index in range(40_000)
    ]
    both(flood)
    engine = both(flood, max_flows=9000)
    assert engine.evicted == 31_000


def test_the_clock_starts_over():
    """A thousand packets from long before the clock end every flow; fewer, or nearer ones, end none."""
    late = [(datagram(1000), 0), *[(datagram(10 + index / 1e6), 0) for index in range(1500)]]
    both(late, window_ns=60 * SECOND_NS)
    many = [(datagram(1000, src_port=40000 + index), 0) for index in range(20)] + late[1:]
    both(many, store=small_store(window_ns=60 * SECOND_NS), window_ns=60 * SECOND_NS)
    near = [(datagram(1000), 0), *[(datagram(950 + index / 1e6), 0) for index in range(1500)]]
    both(near)
    store = FlowStore(None, Timeouts(), 10, 0)
    codes = [take(packet_row(packet), store.arrays) for packet, _ in late[:1001]]
    assert codes == [TAKEN] * 1000 + [CLOCK_RESTARTED]
    row = packet_row(late[1000][0])
    (ended,) = store.relieve(CLOCK_RESTARTED, row)
    assert (len(ended["part"]), len(store), take(row, store.arrays), len(store)) == (1, 0, TAKEN, 1)


def test_gaps_of_any_length_are_exact():
    """Sums of squared gaps do not lose nanoseconds to years, nor the other way round."""
    hours = Timeouts(udp_inactivity_ns=1 << 59)
    times = np.cumsum([0, 1, 2**31 - 1, 2**31, 2**31 + 1, 2**40 + 12345, 2**47 + 1, 2**55 + 7, 3, 2**31 * 3])
    arrivals = [(replace(datagram(0), time_ns=int(time)), 0) for time in times]
    both(arrivals, timeouts=hours)
    both(arrivals, timeouts=hours, window_ns=2**32, lateness_ns=0)
    steady = [(replace(datagram(0), time_ns=START + index * SECOND_NS + index % 7 // 6), 0) for index in range(2000)]
    both(steady)
    both(steady, window_ns=60 * SECOND_NS)


def test_an_unknown_code_is_refused():
    """Relief is given for codes of `take` only."""
    with pytest.raises(ValueError, match="no code"):
        FlowStore(None, Timeouts(), 10, 0).relieve(TAKEN, packet_row(datagram(0)))


def captures(corpus):
    """Yield the packets of every capture in the corpus, capture by capture."""
    for folder in ("captures", "pairs", "labelled"):
        for path in sorted((corpus / folder).rglob("*")):
            if path.suffix in {".pcap", ".pcapng", ".cap"}:
                with path.open("rb") as stream:
                    records = read_records(stream, str(path), IngestReport())
                    found = [packet for packet in map(decode, records) if isinstance(packet, Packet)]
                yield path, found


@pytest.mark.corpus
def test_real_captures_make_the_reference_s_records(corpus):
    """Every packet of the corpus, with and without windows."""
    seen = 0
    for path, found in captures(corpus):
        arrivals = [(packet, 0) for packet in found]
        if arrivals:
            seen += 1
            for window_ns in (None, 300 * SECOND_NS):
                try:
                    both(arrivals, window_ns=window_ns)
                except AssertionError as error:
                    raise AssertionError(f"{path}, window {window_ns}") from error
    assert seen > 100
