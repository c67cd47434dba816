"""What the tests of behaviours share: flows and look-ups in words, batches of profiles, a behaviour at work."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from netad.core.addresses import Networks, parse_address
from netad.detectors.behaviour.base import Finding
from netad.detectors.behaviour.behaviours import BEHAVIOURS
from netad.detectors.behaviour.parameters import read_block
from netad.detectors.behaviour.sight import Sight
from netad.ingest.facts.batch import FACT_COLUMNS, FactBatch, FactKind
from netad.ingest.flows import CONN_STATES, FLOW_COLUMNS, SLICE, WHOLE, FlowBatch
from netad.profiles.batch import ProfileBatch
from netad.profiles.windows import WindowAggregator

Record = dict[str, Any]

START = 1_699_999_200_000_000_000  # on the hour
SECOND = 1_000_000_000
HOUR = 3600 * SECOND
INSIDE = Networks.parse(("10.0.0.0/8", "2001:db8::/48"))
_ports = itertools.cycle(range(32_768, 61_000))


def build(
    target: str = "192.0.2.1",
    port: int = 443,
    at: float = 0.0,
    *,
    source: str = "10.0.0.1",
    lasts: float = 1.0,
    out: int = 200,
    back: int = 300,
    state: str = "SF",
    protocol: int = 6,
    sent: int | None = None,
    got: int | None = None,
    own_port: int | None = None,
) -> Record:
    """A flow: `at` and `lasts` in seconds from START, payload `out` and `back`, packets `sent` and `got`."""
    first = START + round(at * SECOND)
    sent = 2 + out // 1400 if sent is None else sent
    got = (2 + back // 1400 if state != "S0" else 0) if got is None else got
    record: Record = {spec.name: b"" if spec.name == "history" else 0 for spec in FLOW_COLUMNS}
    record |= {"first_ns": first, "last_ns": first + round(lasts * SECOND), "protocol": protocol, "resp_port": port}
    record["orig_hi"], record["orig_lo"] = parse_address(source)
    record["resp_hi"], record["resp_lo"] = parse_address(target)
    record |= {"orig_port": next(_ports) if own_port is None else own_port, "part": WHOLE | SLICE}
    record |= {"orig_packets": sent, "orig_payload_bytes": out, "orig_ip_bytes": out + 40 * sent}
    record |= {"resp_packets": got, "resp_payload_bytes": back, "resp_ip_bytes": back + 40 * got}
    return record | {"conn_state": CONN_STATES.index(state), "orig_window": 65_535, "resp_window": -1}


def attempt(target: str, port: int, at: float, **more: Any) -> Record:
    """A TCP attempt that nobody answered."""
    return build(target, port, at, **({"out": 0, "back": 0, "state": "S0", "sent": 1, "lasts": 0.0} | more))


def batches(
    flows: Iterable[Record], facts: Iterable[FactBatch] = (), without: Iterable[str] = ()
) -> list[ProfileBatch]:
    """The profiles of hourly windows, as of an input that does not carry the columns `without`."""
    facts = list(facts)
    windows = WindowAggregator(HOUR, INSIDE, facts={batch.kind for batch in facts})
    flows = sorted(flows, key=lambda record: record["last_ns"])
    batch = FlowBatch.from_records(flows, ("capture.pcap",))
    left_out = set(without)
    batch = FlowBatch({name: column for name, column in batch.columns.items() if name not in left_out}, batch.inputs)
    result = [closed for told in facts for closed in windows.add(told)]
    return [*result, *windows.add(batch), *windows.finish()]


def told(kind: FactKind, rows: list[Record], without: Iterable[str] = ()) -> FactBatch:
    """Facts from mappings; `at` is seconds from START, `source` and `target` are addresses, the rest columns."""
    full = []
    for row in rows:
        fact: Record = {spec.name: "" if spec.dtype == "object" else 0 for spec in FACT_COLUMNS[kind]}
        words = {"source": "10.0.0.1", "target": "10.0.0.53", "resp_port": 53, "protocol": 17, **row}
        fact["time_ns"] = START + round(words.pop("at") * SECOND)
        fact["orig_hi"], fact["orig_lo"] = parse_address(words.pop("source"))
        fact["resp_hi"], fact["resp_lo"] = parse_address(words.pop("target"))
        full.append(fact | words)
    return FactBatch.from_rows(kind, full, without)


@pytest.fixture(scope="session")
def flow() -> Callable[..., Record]:
    """Builds one flow: see `build`."""
    return build


@pytest.fixture(scope="session")
def failed() -> Callable[..., Record]:
    """Builds one unanswered attempt: see `attempt`."""
    return attempt


@pytest.fixture(scope="session")
def make_batches() -> Callable[..., list[ProfileBatch]]:
    """Builds the profiles of hourly windows: see `batches`."""
    return batches


@pytest.fixture(scope="session")
def make_facts() -> Callable[..., FactBatch]:
    """Builds facts: see `told`."""
    return told


@pytest.fixture(scope="session")
def inside() -> Networks:
    """The inside networks of these tests."""
    return INSIDE


@pytest.fixture(scope="session")
def sights(inside: Networks) -> Callable[..., list[Sight]]:
    """Builds the windows of some flows and facts."""

    def build_sights(flows: Iterable[Record], facts: Iterable[FactBatch] = (), **more: Any) -> list[Sight]:
        return [sight for batch in batches(flows, facts, **more) for sight in Sight.of(batch, inside)]

    return build_sights


@pytest.fixture(scope="session")
def watch(inside: Networks) -> Callable[..., list[Finding]]:
    """Lets one behaviour, with some parameters, see flows and facts; returns its findings."""

    def see(
        name: str, flows: Iterable[Record], facts: Iterable[FactBatch] = (), without: Iterable[str] = (), **given: Any
    ) -> list[Finding]:
        kind = BEHAVIOURS.load(name)
        behaviour = kind(read_block(name, kind.parameters, given), inside)
        return [
            finding
            for batch in batches(flows, facts, without)
            for sight in Sight.of(batch, inside)
            for finding in behaviour.observe(sight)
        ]

    return see
