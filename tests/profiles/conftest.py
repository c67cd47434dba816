"""What the tests of profiles share: flow records, batches of them, and the profiles of one window."""

import statistics
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
import pytest
from hypothesis import strategies as st

from netad.core.addresses import Networks, parse_address
from netad.ingest.facts.batch import FACT_COLUMNS, FactBatch
from netad.ingest.flows import CONN_STATES, FLOW_COLUMNS, SLICE, WHOLE, FlowBatch
from netad.profiles.batch import ProfileBatch
from netad.profiles.windows import WindowAggregator

Record = dict[str, Any]

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


def _direction(prefix: str, lengths: list[int], ttls: list[int], header: int) -> Record:
    mean = statistics.fmean(lengths) if lengths else 0.0
    return {
        f"{prefix}_packets": len(lengths),
        f"{prefix}_ip_bytes": sum(lengths),
        f"{prefix}_payload_bytes": sum(max(length - header, 0) for length in lengths),
        f"{prefix}_length_min": min(lengths, default=0),
        f"{prefix}_length_max": max(lengths, default=0),
        f"{prefix}_length_mean": mean,
        f"{prefix}_length_std": statistics.pstdev(lengths) if lengths else 0.0,
        f"{prefix}_ttl_min": min(ttls, default=0) if lengths else 0,
        f"{prefix}_ttl_max": max(ttls, default=0) if lengths else 0,
    }


def build(
    source: str = "10.0.0.1",
    destination: str = "192.0.2.1",
    start: float = 0.0,
    duration: float = 1.0,
    lengths: list[int] | None = None,
    answers: list[int] | None = None,
    ttls: list[int] | None = None,
    state: str = "SF",
    protocol: int = 6,
    **columns: Any,
) -> Record:
    """A flow record in words: addresses as text, times in seconds from START, packet lengths of either direction."""
    first = START + round(start * SECOND)
    record: Record = {spec.name: b"" if spec.name == "history" else 0 for spec in FLOW_COLUMNS}
    record |= {"first_ns": first, "last_ns": first + round(duration * SECOND), "protocol": protocol}
    record["orig_hi"], record["orig_lo"] = parse_address(source)
    record["resp_hi"], record["resp_lo"] = parse_address(destination)
    record |= {"orig_port": 40000, "resp_port": 443, "conn_state": CONN_STATES.index(state), "part": WHOLE | SLICE}
    record |= _direction("orig", [60] if lengths is None else lengths, [64] if ttls is None else ttls, 40)
    record |= _direction("resp", [] if answers is None else answers, [128], 40)
    record |= {"orig_window": 65535 if protocol == 6 else -1, "resp_window": -1}
    return record | columns


def batch_of(records: Iterable[Record], without: Iterable[str] = ()) -> FlowBatch:
    """The batch of records, as of an input that does not carry the columns `without`."""
    batch = FlowBatch.from_records(records, ("capture.pcap",))
    return FlowBatch({name: column for name, column in batch.columns.items() if name not in without}, batch.inputs)


@st.composite
def _records(draw: st.DrawFn, span_s: float = 50.0) -> Record:
    lengths = draw(st.lists(st.integers(20, 1500), max_size=4))
    return build(
        source=draw(st.sampled_from(["10.0.0.1", "10.0.0.2", "198.51.100.7", "2001:db8::1", "fe80::1"])),
        destination=draw(
            st.sampled_from(["10.0.0.2", "192.0.2.1", "192.0.2.2", "224.0.0.251", "2001:db8::9", "2001:db8:1::9"])
        ),
        # Few distinct starts, so that flows often start together.
        start=draw(st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, span_s)),
        duration=draw(st.floats(0, 10)),
        lengths=lengths,
        answers=draw(st.lists(st.integers(20, 1500), max_size=3)),
        ttls=draw(st.lists(st.integers(1, 255), min_size=1, max_size=2)),
        state=draw(st.sampled_from(CONN_STATES)),
        protocol=(protocol := draw(st.sampled_from([6, 6, 6, 17, 1, 58, 47]))),
        orig_port=draw(st.sampled_from([8, 40000, 40001, 40002])),
        resp_port=draw(st.sampled_from([0, 22, 53, 80, 443, 445, 3389, 8080])),
        orig_window=draw(st.sampled_from([-1, 0, 1024, 65535])) if protocol == 6 else -1,
        vlan=draw(st.integers(0, 3)),
        **{
            f"orig_{flag}": draw(st.integers(0, len(lengths))) if protocol == 6 else 0 for flag in ("syn", "ack", "fin")
        },
    )


@pytest.fixture(scope="session")
def flow() -> Callable[..., Record]:
    """Builds one flow record: see `build`."""
    return build


@pytest.fixture(scope="session")
def make_batch() -> Callable[..., FlowBatch]:
    """Builds a batch from records: see `batch_of`."""
    return batch_of


@pytest.fixture(scope="session")
def flow_lists() -> Callable[[float], st.SearchStrategy[list[Record]]]:
    """A strategy for lists of flow records that start within so many seconds."""
    return lambda span_s=50.0: st.lists(_records(span_s), min_size=1, max_size=25)


@pytest.fixture(scope="session")
def inside() -> Networks:
    """The inside networks of these tests."""
    return Networks.parse(("10.0.0.0/8", "2001:db8::/48"))


@pytest.fixture(scope="session")
def profile(inside: Networks) -> Callable[..., pd.DataFrame]:
    """Builds the profiles of records in one window."""

    def of(records: Iterable[Record], without: Iterable[str] = ()) -> pd.DataFrame:
        windows = WindowAggregator(None, inside)
        assert windows.add(batch_of(records, without)) == []
        (closed,) = windows.finish()
        return closed.frame

    return of


@pytest.fixture(scope="session")
def fact() -> Callable[..., Record]:
    """Builds one fact: a source as text, seconds from START, and columns of its kind."""

    def of(source: str = "10.0.0.1", time: float = 0.5, **columns: Any) -> Record:
        high, low = parse_address(source)
        defaults = {spec.name: "" if spec.dtype == "object" else 0 for specs in FACT_COLUMNS.values() for spec in specs}
        return defaults | {"time_ns": START + round(time * SECOND), "orig_hi": high, "orig_lo": low} | columns

    return of


@pytest.fixture(scope="session")
def closed(inside: Networks) -> Callable[..., ProfileBatch]:
    """Builds the ProfileBatch of flow records and fact batches in one window."""

    def of(records: Iterable[Record], *facts: FactBatch, without: Iterable[str] = ()) -> ProfileBatch:
        windows = WindowAggregator(None, inside)
        for batch in (*facts, batch_of(records, without)):
            assert windows.add(batch) == []
        (one,) = windows.finish()
        return one

    return of
