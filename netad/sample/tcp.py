"""One TCP connection, packet by packet: handshake, segments, acknowledgements, teardown, and how it can fail."""

import struct
from dataclasses import dataclass
from random import Random

from netad.core.timing import SECOND_NS
from netad.sample.wire import Endpoint, Packet, tcp_frame

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

_DELAYED_ACK_NS = 40_000_000
_FIRST_BURST, _LONGEST_BURST = 10, 64  # segments; RFC 6928 for the first
_SYN_RETRIES_NS = (0, 1 * SECOND_NS, 3 * SECOND_NS, 7 * SECOND_NS)


@dataclass(slots=True)
class _Side:
    """What one side has said so far; `sequence` is the number of the next byte it sends."""

    endpoint: Endpoint
    port: int
    sequence: int
    ident: int


class Conversation:
    """A TCP connection that appends its packets to a list; `now` is the time of the last thing that happened.

    The originator opens; then `send` is called for each message of either side, and `close`, `reset` or nothing ends
    it. Delays come from the endpoints: an answer takes the answering side's `delay_ns`.
    """

    def __init__(
        self,
        packets: list[Packet],
        rng: Random,
        originator: Endpoint,
        responder: Endpoint,
        ports: tuple[int, int],
        start_ns: int,
    ) -> None:
        self._packets = packets
        self._rng = rng
        sides = zip((originator, responder), ports, strict=True)
        self._sides = tuple(_Side(end, port, rng.getrandbits(32), rng.getrandbits(16)) for end, port in sides)
        self._mss = min(originator.mss, responder.mss)
        self._last = 0
        self._pending: tuple[int, int] | None = None
        self.now = start_ns

    def open(self) -> "Conversation":
        """Shake hands; return the conversation itself."""
        self._handshake_syn()
        self.now += self._delay(1)
        self._emit(1, self.now, SYN | ACK, options=_syn_options(self._sides[1].endpoint, self._mss))
        self._advance(1, 1)
        self.now += self._delay(0)
        self._emit(0, self.now, ACK)
        return self

    def refused(self, tries: int = 1) -> None:
        """Try `tries` times (half a second apart) and hear a reset each time."""
        start = self.now
        for attempt in range(tries):
            self.now = start + attempt * SECOND_NS // 2
            self._syn(self.now)
            self._advance(0, 1)
            self.now += self._delay(1)
            self._emit(1, self.now, RST | ACK, sequence=0, window=0)
            self._advance(0, -1)

    def unanswered(self, tries: int = 3) -> None:
        """Send up to four SYNs, with the usual pauses, into silence."""
        start = self.now
        for pause in _SYN_RETRIES_NS[:tries]:
            self.now = start + pause
            self._syn(self.now)

    def probed(self) -> None:
        """Be opened by a SYN scanner: SYN, SYN-ACK, and a reset in place of the last step."""
        self._handshake_syn()
        self.now += self._delay(1)
        self._emit(1, self.now, SYN | ACK, options=_syn_options(self._sides[1].endpoint, self._mss))
        self.now += self._delay(0)
        self._emit(0, self.now, RST, window=0)

    def send(self, payload: bytes, *, back: bool = False, after_ns: int = 0) -> "Conversation":
        """Send a message, by the responder when `back`, `after_ns` after it could go at the earliest.

        It goes out in segments of the smaller MSS, in bursts that double; every second segment is acknowledged, the
        last one by the answer when that comes soon.
        """
        sender = 1 if back else 0
        time = self._turn(sender, after_ns)
        endpoint, other = self._sides[sender].endpoint, self._sides[1 - sender].endpoint
        burst, in_burst = _FIRST_BURST, 0
        for offset in range(0, len(payload), self._mss):
            chunk = payload[offset : offset + self._mss]
            last = offset + self._mss >= len(payload)
            self._emit(sender, time, ACK | PSH if last else ACK, chunk)
            self._advance(sender, len(chunk))
            self.now = time
            if offset // self._mss % 2 and not last:
                self._emit(1 - sender, time + other.delay_ns, ACK)
            in_burst += 1
            time += endpoint.spacing_ns + self._rng.randrange(endpoint.spacing_ns // 2 + 1)
            if in_burst == burst:
                time += endpoint.delay_ns + other.delay_ns
                burst, in_burst = min(2 * burst, _LONGEST_BURST), 0
        self._pending = (1 - sender, self.now)
        return self

    def close(self, *, by_responder: bool = False, after_ns: int = 0) -> None:
        """End with FIN from both sides, the responder first when asked."""
        first = 1 if by_responder else 0
        self.now = self._turn(first, after_ns)
        for side in (first, 1 - first):
            self._emit(side, self.now, FIN | ACK)
            self._advance(side, 1)
            self.now += self._delay(1 - side)
        self._emit(first, self.now, ACK)

    def reset(self, *, by_responder: bool = False, after_ns: int = 0) -> None:
        """End with a reset."""
        side = 1 if by_responder else 0
        self.now = self._turn(side, after_ns)
        self._emit(side, self.now, RST | ACK, window=0)

    def leave(self) -> None:
        """Stay open: only the outstanding acknowledgement is sent."""
        self._settle(_DELAYED_ACK_NS)

    def _handshake_syn(self) -> None:
        self._syn(self.now)
        self._advance(0, 1)

    def _syn(self, time_ns: int) -> None:
        self._emit(0, time_ns, SYN, options=_syn_options(self._sides[0].endpoint, self._sides[0].endpoint.mss))

    def _advance(self, side: int, count: int) -> None:
        who = self._sides[side]
        who.sequence = (who.sequence + count) & 0xFFFF_FFFF

    def _delay(self, side: int) -> int:
        base = self._sides[side].endpoint.delay_ns
        return base + self._rng.randrange(base // 4 + 1)

    def _turn(self, sender: int, after_ns: int) -> int:
        """Return when `sender` can speak, and acknowledge what waits for it when that is too far away."""
        time = self.now + after_ns + (self._delay(sender) if sender != self._last else self._rng.randrange(20_000))
        self._last = sender
        if self._pending is not None:
            receiver, heard_ns = self._pending
            gap_ns = time - heard_ns
            # An answer carries the acknowledgement when it comes soon; otherwise that goes first, before anything
            # that the receiver could still say to what follows.
            if receiver != sender:
                self._settle(min(_DELAYED_ACK_NS, gap_ns))
            elif gap_ns > _DELAYED_ACK_NS + self._sides[receiver].endpoint.delay_ns:
                self._settle(_DELAYED_ACK_NS)
            self._pending = None
        return time

    def _settle(self, within_ns: int) -> None:
        if self._pending is not None:
            receiver, heard_ns = self._pending
            wait_ns = self._rng.randrange(within_ns + 1)
            self._emit(receiver, heard_ns + self._sides[receiver].endpoint.delay_ns + wait_ns, ACK)
            self._pending = None

    def _emit(
        self,
        side: int,
        time_ns: int,
        flags: int,
        payload: bytes = b"",
        options: bytes = b"",
        sequence: int | None = None,
        window: int | None = None,
    ) -> None:
        who, other = self._sides[side], self._sides[1 - side]
        who.ident += 1
        if window is None:
            window = who.endpoint.syn_window if flags & SYN else who.endpoint.window
        numbers = (who.sequence if sequence is None else sequence, other.sequence if flags & ACK else 0)
        ports = (who.port, other.port)
        frame = tcp_frame(who.endpoint, other.endpoint, ports, numbers, flags, window, payload, options, who.ident)
        self._packets.append((time_ns, frame))


def _syn_options(endpoint: Endpoint, mss: int) -> bytes:
    """Return the options of a SYN: MSS, and for systems that scale windows also SACK permitted and the scale."""
    options = struct.pack(">BBH", 2, 4, mss)
    if endpoint.scale is not None:
        options += struct.pack(">BBBBBBBB", 1, 1, 4, 2, 1, 3, 3, endpoint.scale)
    return options
