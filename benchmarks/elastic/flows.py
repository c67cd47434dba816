"""Flows as a capture of an office would give them, by seed, in any number and without a capture."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np

from netad.core.addresses import Networks
from netad.core.timing import now_iso
from netad.ingest.flows import CONN_STATES, FLOW_COLUMNS, SLICE, WHOLE, FlowBatch
from netad.outputs.base import Event
from netad.outputs.events import Origin, flow_events

BLOCK: Final = 20_000
_START_NS: Final = 1_768_111_200_000_000_000
_GAP_NS: Final = 2_000_000
_INSIDE: Final = Networks.parse(["10.0.0.0/8"])
_MAPPED: Final = 0xFFFF << 32  # the low half of an IPv4 address in IPv6's form


def shipped(namespace: str, first: int, end: int) -> Iterator[list[Event]]:
    """Yield the events of the flows `first` to `end` in thousands; a number stands for the same flow in every call."""
    origin = Origin("benchmark", namespace, "run", "0", "agent", {"site": "hq"}, ("netad",))
    created = now_iso()
    for block in range(first // BLOCK, -(-end // BLOCK)):
        start = block * BLOCK
        flows = _block(block).select(np.arange(max(first - start, 0), min(end - start, BLOCK)))
        events = flow_events(flows, origin, created, _INSIDE)
        while part := list(islice(events, 1000)):
            yield part


def _block(block: int) -> FlowBatch:
    """Return flows of TCP and UDP between two thousand inside hosts and a thousand outside."""
    number = np.arange(block * BLOCK, (block + 1) * BLOCK, dtype=np.int64)
    rng = np.random.default_rng(block)
    columns = {spec.name: np.zeros(BLOCK, dtype=spec.dtype) for spec in FLOW_COLUMNS}
    columns["first_ns"] = _START_NS + number * _GAP_NS
    columns["last_ns"] = columns["first_ns"] + rng.integers(0, 60_000_000_000, BLOCK)
    columns["orig_lo"] = (_MAPPED | 10 << 24 | rng.integers(1, 2000, BLOCK)).astype(columns["orig_lo"].dtype)
    columns["resp_lo"] = (_MAPPED | 93 << 24 | rng.integers(1, 1000, BLOCK)).astype(columns["resp_lo"].dtype)
    columns["orig_port"] = rng.integers(1024, 65_536, BLOCK).astype(columns["orig_port"].dtype)
    columns["resp_port"] = rng.choice([53, 80, 443, 22], BLOCK).astype(columns["resp_port"].dtype)
    columns["protocol"] = rng.choice([6, 17], BLOCK).astype(columns["protocol"].dtype)
    columns["conn_state"][:] = CONN_STATES.index("SF")
    columns["history"][:] = b"ShADadFf"
    columns["part"][:] = WHOLE | SLICE
    for side in ("orig", "resp"):
        columns[f"{side}_packets"] = rng.integers(1, 100, BLOCK).astype(columns[f"{side}_packets"].dtype)
        columns[f"{side}_ip_bytes"] = rng.integers(40, 150_000, BLOCK).astype(columns[f"{side}_ip_bytes"].dtype)
    return FlowBatch(columns, ("office.pcap",))
