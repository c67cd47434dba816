"""Reads sources in several calls, each from the state file that the one before left, and says what came of it."""

import random

import numpy as np

from netad.core.state_file import read_state, write_state
from netad.ingest.capture import OpenFlows, read_flows
from netad.ingest.decode import TCP
from netad.ingest.facts.batch import FactBatch
from netad.ingest.report import IngestReport
from tests.ingest.facts.messages import answer, client_hello, question, server_name, tls_records
from tests.ingest.frames import ethernet, ip4, ip6, tcp, udp

_HELLO = tls_records(client_hello((0x1301,), (server_name("a.example"), (21, bytes(1800)))))


def read_cut(sources, options, sizes, file, read=read_flows, report=None):
    """Return what comes of the sources, read so many at a call: batches, and the state when no call was the last."""
    report = report or IngestReport()
    open_flows, at, batches = OpenFlows(), 0, []
    for number, size in enumerate(sizes):
        open_flows.last = number == len(sizes) - 1
        batches += read(sources[at : at + size], options, report, None, open_flows)
        at += size
        write_state(file, open_flows.state)
        open_flows = OpenFlows(read_state(file))
    assert at == len(sources)
    assert not open_flows.state
    return batches


def rows(batches):
    """Return batches as one comparable list: kind, column and values of each, inputs by their paths."""
    result = []
    for batch in batches:
        columns = dict(batch.columns)
        if not isinstance(batch, FactBatch):
            columns["input"] = np.array(batch.inputs, dtype=object)[columns["input"]]
        values = {name: (column.dtype.str, column.tolist()) for name, column in columns.items()}
        result.append((getattr(batch, "kind", None), values))
    return result


def joined(batches):
    """Return the values of all batches of a kind, column by column, without regard to how they were cut."""
    result = {}
    for kind, columns in rows(batches):
        for name, (_, values) in columns.items():
            result.setdefault((kind, name), []).extend(values)
    return result


def lively_frames(seed, count, span_s):
    """Return (seconds, frame) pairs of flows, look-ups, greetings in pieces and fragments, interleaved."""
    chance = random.Random(seed)  # noqa: S311 - the same for the same seed
    frames = []
    for number in range(count):
        frames += _SOME[chance.randrange(len(_SOME))](chance, number, chance.random() * span_s)
    return sorted(frames, key=lambda pair: pair[0])


def _connection(chance, number, start):
    port, server = 20000 + number % 50, f"192.0.2.{number % 7}"
    back = {"src": server, "dst": "10.0.0.1"}
    packets = [
        ethernet(ip4(tcp(b"", port, 80, "S", 1), TCP, dst=server)),
        ethernet(ip4(tcp(b"", 80, port, "SA", 1, 2), TCP, **back)),
        ethernet(ip4(tcp(bytes(chance.randrange(900)), port, 80, "PA", 2, 2), TCP, dst=server)),
        ethernet(ip4(tcp(bytes(chance.randrange(900)), 80, port, "PA", 2, 3), TCP, **back)),
        ethernet(ip4(tcp(b"", port, 80, chance.choice(["FA", "RA", "A"]), 3, 3), TCP, dst=server)),
    ]
    return _spread(chance, packets, start, 40)


def _look_up(chance, number, start):
    asked = question(f"{number}.example", identity=number % 9)
    told = answer(f"{number}.example", ("192.0.2.9",), identity=number % 9)
    over_tcp = len(told).to_bytes(2, "big") + told
    return [
        *_spread(chance, [ethernet(ip4(udp(asked, 30000 + number % 5, 53)))], start, 1),
        *_spread(chance, [ethernet(ip4(udp(told, 53, 30000 + number % 5), src="192.0.2.7", dst="10.0.0.1"))],
                 start + 1, 12),
        *_spread(chance, [ethernet(ip4(tcp(over_tcp[at : at + 20], 53, 31000 + number, "PA", 1 + at), TCP))
                          for at in range(0, len(over_tcp), 20)], start, 4),
    ]  # fmt: skip


def _greeting(chance, number, start):
    pieces = [(at, _HELLO[at : at + 500]) for at in range(0, len(_HELLO), 500)]
    chance.shuffle(pieces)
    packets = [ethernet(ip4(tcp(piece, 41000 + number, 443, "PA", 1 + at), TCP)) for at, piece in pieces]
    return _spread(chance, packets, start, 6)


def _fragments(chance, number, start):
    packets = [
        ethernet(ip4(udp(bytes(16), 50000 + number), more=True, identity=number)),
        ethernet(ip4(bytes(16), offset=24, identity=number)),
        ethernet(ip4(bytes(16), offset=40, identity=number)),
    ]
    return _spread(chance, packets, start, 30)


def _long(chance, number, start):
    packets = [ethernet(ip6(udp(bytes(number % 40), 60000, 4500)), 0x86DD)] * 6
    return _spread(chance, packets, start, 200)


def _spread(chance, packets, start, span):
    return list(zip(sorted(start + chance.random() * span for _ in packets), packets, strict=True))


_SOME = (_connection, _look_up, _greeting, _fragments, _long)
