"""Octets of one direction of a TCP connection, put in order within bounds; and a bounded table of such streams."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

import numpy as np

from netad.core.carried import State, array_of, list_of, numbers_of, octets_of, part_of
from netad.core.timing import SECOND_NS
from netad.ingest.facts.spoken import Spoken

StreamKey = tuple[tuple[int, int], int, tuple[int, int], int]

_HALF, _ALL = 1 << 31, 1 << 32
# An idle stream is given up after this long, as Zeek gives up a DNS session.
IDLE_NS: Final = 10 * SECOND_NS
_MAX_STREAMS: Final = 2048
_MAX_EARLY: Final = 16
_KEY: Final = np.dtype(
    [("src_hi", "u8"), ("src_lo", "u8"), ("src_port", "u2"), ("dst_hi", "u8"), ("dst_lo", "u8"), ("dst_port", "u2")]
)


class Stream:
    """What one end sent from the sequence number `seq` on.

    `octets` are those in order and not taken yet: who adds takes, or it grows. Segments that come early wait for the
    missing ones, up to `limit` octets and 16 segments; others are forgotten.
    """

    __slots__ = ("_ahead", "_held", "_limit", "_next", "_skip", "octets", "seen_ns", "start_ns")

    def __init__(self, seq: int, time_ns: int, limit: int) -> None:
        self.octets = bytearray()
        self.start_ns = self.seen_ns = time_ns
        self._next = seq
        self._limit = limit
        self._skip = 0
        self._ahead: dict[int, bytes] = {}
        self._held = 0

    def add(self, seq: int, data: bytes) -> None:
        """Take a segment: in order, repeated, overlapping or early."""
        ahead = self._distance(seq)
        if ahead > 0:
            held = self._held + len(data) - len(self._ahead.get(seq, b""))
            if max(ahead + len(data), held) <= self._limit and (seq in self._ahead or len(self._ahead) < _MAX_EARLY):
                self._held = held
                self._ahead[seq] = data
            return
        self._append(data[-ahead:])
        while self._ahead:
            seq = min(self._ahead, key=self._distance)
            if self._distance(seq) > 0:
                break
            data = self._ahead.pop(seq)
            self._held -= len(data)
            self._append(data[-self._distance(seq) :])

    def take(self, size: int) -> None:
        """Take `size` octets away; those that are not here yet will never be."""
        self._skip = max(size - len(self.octets), 0)
        del self.octets[:size]

    def holds(self, seq: int) -> bool:
        """Tell whether the octet with that number came already."""
        return self._distance(seq) < 0

    def carry(self) -> State:
        """Return octets and numbers (netad.core.carried), but for the limit."""
        return {
            "octets": bytes(self.octets),
            "numbers": [self.start_ns, self.seen_ns, self._next, self._skip],
            "ahead": list(self._ahead),
            "segments": list(self._ahead.values()),
        }

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        self.octets = bytearray(octets_of(state, "octets"))
        self.start_ns, self.seen_ns, self._next, self._skip = numbers_of(state, "numbers", 4)
        segments = dict(enumerate(list_of(state, "segments")))
        ahead = numbers_of(state, "ahead", len(segments))
        self._ahead = {seq: octets_of({"segments": segments[at]}, "segments") for at, seq in enumerate(ahead)}
        self._held = sum(map(len, self._ahead.values()))

    def _distance(self, seq: int) -> int:
        return (seq - self._next + _HALF) % _ALL - _HALF

    def _append(self, data: bytes) -> None:
        self._next = (self._next + len(data)) % _ALL
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        self.octets += data


AnyStream = TypeVar("AnyStream", bound=Stream)


class Streams(Generic[AnyStream]):
    """Open streams by their ends, at most 2,048. Given up are those idle for `IDLE_NS`, and the idlest if too many."""

    def __init__(self, new: Callable[[], AnyStream]) -> None:
        """Begin without streams; `new` makes an empty one, for those that are carried over."""
        self._new = new
        self._open: OrderedDict[StreamKey, AnyStream] = OrderedDict()

    def find(self, key: StreamKey, time_ns: int) -> AnyStream | None:
        """Return the stream between these ends, which is not idle from now on."""
        stream = self._open.get(key)
        if stream is not None:
            stream.seen_ns = max(stream.seen_ns, time_ns)
            self._open.move_to_end(key)
        return stream

    def put(self, key: StreamKey, stream: AnyStream) -> None:
        """Keep a stream, in the place of one between the same ends if there is one."""
        self._open[key] = stream
        self._open.move_to_end(key)

    def carry(self) -> State:
        """Return the streams, the idlest first (netad.core.carried)."""
        return {
            "keys": np.array([(*key[0], key[1], *key[2], key[3]) for key in self._open], _KEY),
            "streams": {str(at): stream.carry() for at, stream in enumerate(self._open.values())},
        }

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        streams = part_of(state, "streams")
        for at, key in enumerate(array_of(state, "keys", _KEY, (len(streams),)).tolist()):
            stream = self._new()
            stream.resume(part_of(streams, str(at)))
            self._open[key[:2], key[2], key[3:5], key[5]] = stream

    def given_up(self, now_ns: int | None = None) -> Iterator[tuple[StreamKey, AnyStream]]:
        """Take away and yield the streams that are idle for too long at `now_ns` or too many; all without a time."""
        while self._open:
            key, stream = next(iter(self._open.items()))
            idle = now_ns is None or stream.seen_ns <= now_ns - IDLE_NS
            if not idle and len(self._open) <= _MAX_STREAMS:
                return
            del self._open[key]
            yield key, stream


def key_of(packet: Spoken) -> StreamKey:
    """Return the ends of the stream that a segment belongs to, its sender first."""
    return packet.src, packet.src_port, packet.dst, packet.dst_port
