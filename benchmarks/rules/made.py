"""Rules and events made up for the benchmark: the same for the same numbers, and alike at every size."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PER_FILE = 2000
_DETECTORS = ("isolation_forest", "behaviours", "fusion", "ecod")
_SITES = ("hq", "lab", "plant", "store", "depot")


def write_rules(folder: Path, count: int, seed: int = 1) -> None:
    """Write `count` rules, a third each of CIDR, exact and wildcard matches, into files below `folder`."""
    draw = random.Random(seed)  # noqa: S311 - made-up data, the same every time
    for first in range(0, count, PER_FILE):
        rules = (_rule(number, draw) for number in range(first, min(first + PER_FILE, count)))
        (folder / f"{first:06d}.yml").write_text("rules:\n" + "".join(rules))


def _rule(number: int, draw: random.Random) -> str:
    kind = number % 6
    if kind in (0, 1):
        length = draw.choice((16, 20, 22, 24, 24, 24, 26, 28))
        prefix = draw.getrandbits(length - 8) << (32 - length) | 10 << 24
        field = ("source.ip", "either.ip")[kind]
        match = f"{field}|cidr: {_address(prefix)}/{length}, event.risk_score|lt: {draw.randrange(60, 100)}"
    elif kind == 2:
        match = f"source.ip: {_host(draw)}, destination.port: {draw.randrange(1, 65536)}"
    elif kind == 3:
        match = f"destination.ip: [{_host(draw)}, {_host(draw)}], network.transport: tcp"
    elif kind == 4:
        match = f"netad.entity.value: '10.{draw.randrange(256)}.*.{draw.randrange(256)}', labels.site: {_site(draw)}"
    else:
        match = f"labels.host: '*-{draw.randrange(10_000):04d}.{_site(draw)}.example'"
    return f"- {{id: rule-{number}, comment: made up, created_by: benchmark, permanent: true, match: {{{match}}}}}\n"


def _address(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def _host(draw: random.Random) -> str:
    return _address(10 << 24 | draw.getrandbits(24))


def _site(draw: random.Random) -> str:
    return draw.choice(_SITES)


def make_events(count: int, seed: int = 2) -> Iterator[dict[str, Any]]:
    """Yield `count` anomalies of many sources, one by one, so that not all of them are held at once."""
    draw = random.Random(seed)  # noqa: S311 - made-up data, the same every time
    for number in range(count):
        source, site = _host(draw), _site(draw)
        yield {
            "@timestamp": f"2026-02-{1 + number % 28:02d}T{number % 24:02d}:00:00.000Z",
            "message": f"{source} contacted {draw.randrange(1000)} ports",
            "event": {
                "kind": "alert",
                "id": f"{number:012x}",
                "severity": draw.choice((21, 47, 73, 99)),
                "risk_score": draw.uniform(50, 100),
            },
            "source": {"ip": source, "address": source, "bytes": draw.randrange(1 << 30)},
            "destination": {"ip": _host(draw), "port": draw.randrange(1, 65536)},
            "network": {"transport": draw.choice(("tcp", "udp"))},
            "labels": {"site": site, "host": f"pc-{draw.randrange(10_000):04d}.{site}.example"},
            "observer": {"name": f"sensor-{draw.randrange(20)}"},
            "netad": {"detector": draw.choice(_DETECTORS), "entity": {"value": source}},
        }
