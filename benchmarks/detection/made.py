"""Flows of an office made by seed: hosts with places of their own, a few busy ones, now and then something new."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.flows import CONN_STATES, FLOW_COLUMNS, NO_WINDOW, SLICE, WHOLE, FlowBatch

HOUR_NS: Final = 3600 * 10**9
BLOCK: Final = 65_536
_START_NS: Final = 490_000 * HOUR_NS
_MAPPED: Final = 0xFFFF << 32  # the low half of an IPv4 address in IPv6's form
_PLACES, _OWN_PLACES = 20_000, 30
_PORTS: Final = np.array([443, 53, 80, 123, 445, 22, 993, 8080, 389, 3389])
_PORT_SHARES: Final = np.array([0.46, 0.28, 0.09, 0.04, 0.04, 0.02, 0.03, 0.02, 0.01, 0.01])
_UDP_PORTS: Final = (53, 123)
_STATES: Final = ("SF", "S0", "REJ", "RSTO", "RSTR", "S1", "OTH")
_STATE_SHARES: Final = (0.86, 0.05, 0.02, 0.03, 0.02, 0.01, 0.01)
_SYN, _ACK, _FIN, _PSH = 2, 16, 1, 8

_Ints = NDArray[np.int64]


def office_flows(flows: int, hosts: int, hours: int, seed: int, start_hour: int = 0) -> Iterator[FlowBatch]:
    """Yield about so many flows of `hosts` sources, in the order in which they ended, hour after hour.

    Every host opens a flow in every hour, and of the rest more the busier it is. The habits of a host are the same for
    every seed, so that flows of one seed are the past of another's.
    """
    weights = np.random.default_rng(1).lognormal(0.0, 1.0, hosts)
    for hour in range(hours):
        draw = np.random.default_rng((seed, hour))
        count = max(flows // hours - hosts, 0)
        who = np.concatenate((np.arange(hosts), draw.choice(hosts, count, p=weights / weights.sum())))
        columns = _columns(who, _START_NS + (start_hour + hour) * HOUR_NS, draw)
        order = np.argsort(columns["last_ns"], kind="stable")
        for first in range(0, len(order), BLOCK):
            rows = order[first : first + BLOCK]
            yield FlowBatch({name: column[rows] for name, column in columns.items()}, ("office",))


def _columns(who: _Ints, hour_ns: int, draw: np.random.Generator) -> dict[str, NDArray[Any]]:
    count = len(who)
    port = draw.choice(_PORTS, count, p=_PORT_SHARES)
    port[draw.random(count) < 0.003] = draw.integers(1, 65_536)
    udp = np.isin(port, _UDP_PORTS)
    state = draw.choice(_STATES, count, p=_STATE_SHARES)
    state = np.where(udp & (state != "S0"), "SF", state)
    codes = np.array([CONN_STATES.index(one) for one in _STATES])
    answered = ~np.isin(state, ("S0", "REJ"))
    sent = np.where(answered, 3 + draw.geometric(0.08, count), 1)
    got = np.where(answered, 2 + draw.geometric(0.05, count), (state == "REJ").astype(np.int64))
    first = hour_ns + draw.integers(0, HOUR_NS - 60 * 10**9, count)
    columns = {spec.name: np.zeros(count, dtype=spec.dtype) for spec in FLOW_COLUMNS}
    made: dict[str, NDArray[Any]] = {
        "first_ns": first,
        "last_ns": first + (draw.exponential(3e9, count) % 60e9).astype(np.int64),
        "orig_lo": _MAPPED | 10 << 24 | who // 200 << 8 | who % 200 + 1,
        "resp_lo": _destinations(who, port, draw),
        "orig_port": draw.integers(32_768, 61_000, count),
        "resp_port": port,
        "protocol": np.where(udp, 17, 6),
        "conn_state": codes[np.argsort(_STATES)][np.searchsorted(np.sort(_STATES), state)],
        "part": np.full(count, WHOLE | SLICE),
    }
    columns["history"][:] = np.where(udp, b"Dd", np.where(answered, b"ShADadFf", b"S"))
    for side, packets, largest in (("orig", sent, 700), ("resp", got, 1400)):
        made |= _direction(side, packets, udp, largest, draw)
    for name, column in made.items():
        columns[name] = column.astype(columns[name].dtype)
    return columns


def _direction(
    side: str, packets: _Ints, udp: NDArray[np.bool_], largest: int, draw: np.random.Generator
) -> dict[str, NDArray[Any]]:
    header = np.where(udp, 28, 52)
    mean = np.minimum(draw.lognormal(4.5, 1.2, len(packets)), largest)
    payload = np.where((packets > 2) | udp, (packets * mean).astype(np.int64), 0)
    some, several = packets > 0, packets > 1
    length = np.where(some, header + payload / np.maximum(packets, 1), 0.0)
    tcp = ~udp & some
    return {
        f"{side}_packets": packets,
        f"{side}_payload_bytes": payload,
        f"{side}_ip_bytes": payload + packets * header,
        f"{side}_length_min": np.where(some, header, 0),
        f"{side}_length_max": np.where(some, np.minimum(header + 2 * length, 1500), 0),
        f"{side}_length_mean": length,
        f"{side}_length_std": np.where(several, length / 2, 0.0),
        f"{side}_gap_mean_ns": np.where(several, draw.exponential(2e8, len(packets)), 0.0),
        f"{side}_gap_std_ns": np.where(several, draw.exponential(2e8, len(packets)), 0.0),
        f"{side}_ttl_min": np.where(some, 64, 0),
        f"{side}_ttl_max": np.where(some, 64, 0),
        f"{side}_tcp_flags": np.where(tcp, _SYN | _ACK | _FIN | _PSH, 0),
        f"{side}_window": np.where(tcp, 64_240, NO_WINDOW),
        f"{side}_syn": tcp.astype(np.int64),
        f"{side}_fin": (tcp & several).astype(np.int64),
        f"{side}_psh": np.where(tcp, packets // 3, 0),
        f"{side}_ack": np.where(tcp, packets - 1, 0),
    }


def _destinations(who: _Ints, port: _Ints, draw: np.random.Generator) -> _Ints:
    """Return places: most flows go to the host's own, some to popular ones or new ones, look-ups to two servers."""
    rank = np.minimum(draw.zipf(1.4, len(who)) - 1, _OWN_PLACES - 1)
    own = (who * 7919 + rank * 104_729) % _PLACES
    popular = np.minimum(draw.zipf(1.3, len(who)) - 1, _PLACES - 1)
    place = np.where(draw.random(len(who)) < 0.7, own, popular)
    outside = _MAPPED | 93 << 24 | place
    new = draw.random(len(who)) < 0.002
    outside[new] = _MAPPED | draw.integers(100 << 24, 126 << 24, int(new.sum()))
    inside = _MAPPED | 10 << 24 | 200 << 16 | place % 20 + 1
    return np.where(port == 53, _MAPPED | 10 << 24 | 200 << 16 | 53 + who % 2, np.where(port == 445, inside, outside))
