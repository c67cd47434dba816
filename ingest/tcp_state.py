"""TCP as Zeek follows it: endpoint states, conn_state, history, and when the connection is over.

The states are those of Zeek's scripts (TCP_INACTIVE ... TCP_RESET), the transitions what Zeek 7 does on the wire,
content gaps left out (no reassembly: no letter G, and a close is never put off for missing data).
"""

import re
from enum import Enum, auto
from typing import Final

from netad.ingest.conn_state import History, Timeouts
from netad.ingest.decode import ACK, FIN, RST, SYN, Packet

_MODULUS: Final = 1 << 32
_HALF: Final = 1 << 31
# A SYN or RST whose sequence number jumps further than this is not believed.
_LARGE_JUMP: Final = 1 << 20
# A SYN, then a RST of the originator, nothing in between that would have needed an answer.
_RESET_ATTEMPT: Final = re.compile(r"\^?S[^HAFGIQ]*R.*")


class State(Enum):
    """How far one endpoint is. PARTIAL: it sends, but no SYN of it was seen."""

    INACTIVE = auto()
    SYN_SENT = auto()
    SYN_ACK_SENT = auto()
    PARTIAL = auto()
    ESTABLISHED = auto()
    CLOSED = auto()
    RESET = auto()


_ATTEMPT: Final = frozenset((State.SYN_SENT, State.SYN_ACK_SENT))
_SILENT: Final = frozenset((State.INACTIVE, State.PARTIAL))
_OPEN: Final = frozenset((State.ESTABLISHED, State.PARTIAL))


def _distance(left: int, right: int) -> int:
    """Return left - right in 32-bit sequence space, between -2**31 and 2**31 - 1."""
    return (left - right + _HALF) % _MODULUS - _HALF


class Endpoint:
    """One side of a connection. Sequence numbers are relative to its first (0: the SYN) and do not wrap."""

    __slots__ = ("acked", "closed", "fin_seen", "first", "once", "previous", "repeats", "sent", "state")

    def __init__(self) -> None:
        self.state = self.previous = State.INACTIVE
        self.first = 0  # its first sequence number, as on the wire
        self.sent = self.acked = 0  # one past the last octet it sent, and that its peer acknowledged
        self.fin_seen = self.closed = False
        self.once: dict[str, int] = {}  # history letter -> where it was last seen
        self.repeats: dict[str, int] = {}  # history letter -> how often; one is written at 1, 10, 100 ...

    def start(self, first: int, sent: int) -> None:
        """Number its octets from `first` on, as a SYN would."""
        self.first, self.sent, self.acked = first % _MODULUS, sent, 0

    def relative(self, number: int, near: int) -> int:
        """Return a sequence number of the wire as a relative one, the one that is closest to `near`."""
        return near + _distance(number, self.first + near)

    def enter(self, state: State) -> None:
        """Change the state and remember the one before."""
        if state is not self.state:
            self.previous, self.state = self.state, state

    def payload_sent(self, peer: "Endpoint") -> int:
        """Return the payload octets that sequence numbers say it sent, the way Zeek derives its byte counts."""
        nothing_acked = self.acked <= 1
        aborted = self.previous is State.SYN_SENT and self.state is State.RESET
        if aborted and peer.state is State.INACTIVE and not nothing_acked:
            return 0
        octets = max(self.sent, self.acked)
        octets -= octets != 0  # the SYN
        return octets - (self.fin_seen and octets != 0)


class TcpState:
    """A TCP connection; see netad.ingest.conn_state.FlowState."""

    __slots__ = ("_attempt_ns", "_close_ns", "_timeouts", "history", "originator", "responder")

    def __init__(self, timeouts: Timeouts) -> None:
        self.history = History()
        self.originator, self.responder = Endpoint(), Endpoint()
        self._timeouts = timeouts
        self._attempt_ns: int | None = None
        self._close_ns: int | None = None

    def update(self, packet: Packet, from_originator: bool, now_ns: int) -> bool:
        """Take a segment; True when a SYN shows that the SYN-ACK before it came from the real responder."""
        flags = packet.tcp_flags
        if flags is None:  # a later fragment, or too few captured bytes
            return False
        me, peer = (self.originator, self.responder) if from_originator else (self.responder, self.originator)
        length = packet.payload_length
        octets = (0 if flags & RST else length) + bool(flags & SYN) + bool(flags & FIN)
        _number(me, flags, packet.seq, octets)
        at = me.relative(packet.seq, me.sent)
        self._note(me, flags, at, length, from_originator)
        over = flags & RST or peer.state is State.CLOSED or me.state is State.RESET
        if packet.tcp_window == 0 and not over:
            self._note_repeated(me, "W", from_originator)
        me.fin_seen = me.fin_seen or bool(flags & FIN)
        if flags & ACK:
            _acknowledge(peer, flags, packet.ack)
        if _advance(me, flags, packet.seq + octets, length):
            self._note_repeated(me, "T", from_originator)
        return self._transition(me, peer, packet, from_originator, now_ns)

    def restarts(self, packet: Packet) -> bool:
        """Tell whether a SYN opens a new connection: any after a close, else one with another sequence number."""
        flags = packet.tcp_flags
        if flags is None or not flags & SYN:
            return False
        opener = self.originator
        if flags & ACK:
            if self.originator.state is not State.INACTIVE:
                return False
            opener = self.responder
        if self.originator.closed or self.responder.closed:
            return True
        reversed_handshake = (
            not flags & ACK
            and opener.state is State.SYN_ACK_SENT
            and self.responder.state is State.INACTIVE
            and packet.seq == self.responder.first
        )
        return packet.seq != opener.first and not reversed_handshake

    def deadline_ns(self, last_ns: int) -> int:
        """Return the end of whichever timeout applies."""
        if self._close_ns is not None:
            return self._close_ns
        originator, responder = self.originator, self.responder
        deadline = last_ns + self._timeouts.tcp_inactivity_ns
        if responder.state is State.INACTIVE and originator.state in _ATTEMPT and self._attempt_ns is not None:
            return min(deadline, self._attempt_ns)
        if (originator.closed or responder.closed) and State.RESET in (originator.state, responder.state):
            return min(deadline, last_ns + self._timeouts.tcp_linger_ns)
        return deadline

    def conn_state(self) -> str:
        """Return Zeek's conn_state."""
        originator, responder = self.originator.state, self.responder.state
        if State.RESET in (originator, responder):
            return self._reset_state(originator, responder)
        if originator is State.CLOSED:
            return "SF" if responder is State.CLOSED else "SH" if responder in _SILENT else "S2"
        if responder is State.CLOSED:
            return "SHR" if originator in _SILENT else "S3"
        if originator is State.SYN_SENT and responder is State.INACTIVE:
            return "S0"
        return "S1" if originator is responder is State.ESTABLISHED else "OTH"

    def _reset_state(self, originator: State, responder: State) -> str:
        if responder is not State.RESET:
            if responder not in _SILENT:
                return "RSTO"
            return "RSTOS0" if _RESET_ATTEMPT.fullmatch(str(self.history)) else "OTH"
        one, other = self.originator, self.responder
        nothing_sent = not one.payload_sent(other) and not other.payload_sent(one)
        if originator in _ATTEMPT or (originator is State.RESET and nothing_sent):
            return "REJ"
        return "RSTRH" if originator in _SILENT else "RSTR"

    def _note(self, me: Endpoint, flags: int, at: int, length: int, from_originator: bool) -> None:
        """Write the letter of a segment, if it is the first of its kind or says something new."""
        marks = [mark for mark in (SYN, FIN, RST) if flags & mark]
        if len(marks) > 1:
            self._note_once(me, "I" if flags & FIN and flags & RST else "Q", 0, from_originator)
        elif marks == [SYN]:
            self._note_once(me, "H" if flags & ACK else "S", at, from_originator)
        elif marks == [FIN]:
            self._note_once(me, "F", at + length, from_originator)
        elif marks == [RST]:
            self._note_once(me, "R", at, from_originator)
        elif length:
            self._note_once(me, "D", 0, from_originator)
        elif flags & ACK:
            self._note_once(me, "A", 0, from_originator)

    def _note_once(self, me: Endpoint, letter: str, at: int, from_originator: bool) -> None:
        # SYN and SYN-ACK share one place: either is new only with another sequence number.
        kind = "S" if letter == "H" else letter
        if me.once.get(kind) != at:
            me.once[kind] = at
            self.history.add(letter, from_originator)

    def _note_repeated(self, me: Endpoint, letter: str, from_originator: bool) -> None:
        seen = me.repeats[letter] = me.repeats.get(letter, 0) + 1
        if seen == 10 ** (len(str(seen)) - 1):
            self.history.add(letter, from_originator)

    def _transition(self, me: Endpoint, peer: Endpoint, packet: Packet, from_originator: bool, now_ns: int) -> bool:
        """Move the states; True when originator and responder change places."""
        flags = packet.tcp_flags or 0
        flipped = False
        if me.state is State.INACTIVE:
            flipped = self._wake(me, peer, packet, from_originator, now_ns)
        elif me.state in _ATTEMPT:
            if flags & FIN:
                me.enter(State.CLOSED)
            if flags & RST:
                me.enter(State.RESET)
        elif me.state in _OPEN:
            self._go_on(me, peer, flags)
        elif me.state is State.CLOSED and flags & RST and peer.state is not State.CLOSED:
            me.enter(State.RESET)
            self._close(me, peer, now_ns)
            return False
        else:
            return False
        if flags & (FIN | RST):
            self._close(me, peer, now_ns)
        return flipped

    def _wake(self, me: Endpoint, peer: Endpoint, packet: Packet, from_originator: bool, now_ns: int) -> bool:
        """Take the first segment of an endpoint (or one that left it INACTIVE)."""
        flags = packet.tcp_flags or 0
        flipped = False
        if flags & SYN and from_originator:
            me.enter(State.SYN_ACK_SENT if flags & ACK else State.SYN_SENT)
            self._attempt_ns = now_ns + self._timeouts.tcp_attempt_ns
        elif flags & SYN:
            if not flags & ACK and peer.state is State.SYN_ACK_SENT and packet.seq == me.first:
                # The SYN was captured after its SYN-ACK.
                self.originator, self.responder = me, peer
                self.history.add("^", from_originator=True)
                peer.enter(State.ESTABLISHED)
                flipped = True
            if peer.state is State.SYN_SENT:
                peer.enter(State.ESTABLISHED)
            me.enter(State.ESTABLISHED)
        if flags & FIN:
            me.enter(State.CLOSED)
        if flags & RST:
            me.enter(State.RESET)
        if me.state is State.INACTIVE:
            # Some stacks acknowledge a SYN before they answer it: that makes no partial connection.
            waiting = not from_originator and not packet.payload_length and peer.state is State.SYN_SENT
            if not waiting:
                lost_syn = flags & ACK and peer.state is State.ESTABLISHED
                me.enter(State.ESTABLISHED if lost_syn else State.PARTIAL)
        return flipped

    @staticmethod
    def _go_on(me: Endpoint, peer: Endpoint, flags: int) -> None:
        """Take a segment of an endpoint that is ESTABLISHED or PARTIAL."""
        if flags & SYN and not flags & ACK and me.state is State.PARTIAL and peer.state is State.INACTIVE:
            me.enter(State.SYN_SENT)
        if flags & FIN and not flags & RST:
            me.enter(State.CLOSED)
            if peer.state is State.RESET and peer.previous is State.CLOSED:
                peer.enter(State.CLOSED)  # FIN, then RST, then the other's FIN: a normal end after all
        if flags & RST:
            me.enter(State.RESET)

    def _close(self, me: Endpoint, peer: Endpoint, now_ns: int) -> None:
        if me.closed:
            return
        me.closed = True
        if me.state is State.RESET or peer.closed or peer.state is State.INACTIVE:
            self._close_ns = now_ns + self._timeouts.tcp_close_ns


def _number(me: Endpoint, flags: int, seq: int, octets: int) -> None:
    """Set where the endpoint's sequence numbers start, where a segment is the first to say or says it anew."""
    if me.state is State.INACTIVE:
        # Without a SYN, as though there had been one just before.
        me.start(*(seq, octets) if flags & SYN else (seq - 1, 1))
    elif flags & SYN and (
        (me.state in _ATTEMPT and seq != me.first)
        or me.state in _OPEN
        or (me.state is State.RESET and me.previous is State.INACTIVE)
    ):
        me.start(seq, octets)


def _acknowledge(peer: Endpoint, flags: int, ack: int) -> None:
    if peer.state is State.INACTIVE:
        peer.start(ack - 1, 0)
        return
    at = peer.relative(ack, peer.acked)
    # An acknowledgement of 0 far ahead is a field left empty, and those of a RST mean little.
    empty = ack == 0 and at - peer.acked > _LARGE_JUMP
    if not flags & RST and not empty:
        peer.acked = max(peer.acked, at)


def _advance(me: Endpoint, flags: int, end: int, length: int) -> bool:
    """Move on to `end`, one past the segment; True when its payload was sent before."""
    step = _distance(end, me.first + me.sent)
    if flags & (SYN | RST) and abs(step) > _LARGE_JUMP:
        return False
    if flags & FIN and me.sent == 1:
        me.sent += step
        return False
    if me.state is State.RESET:
        return False
    if step > 0:
        me.sent += step
        return False
    return length > 0
