"""DNS questions and their answers, brought together as Zeek's dns.log does (base/protocols/dns/main.zeek)."""

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from netad.core.carried import State, array_of, texts_array
from netad.core.timing import SECOND_NS
from netad.ingest.facts.batch import NO_RCODE, FactKind
from netad.ingest.facts.dns_message import DnsMessage
from netad.ingest.facts.rows import Ends, FactRows

# Zeek's dns_session_timeout, and its max_pending_msgs for one identifier between two ends.
WAIT_NS: Final = 10 * SECOND_NS
_MAX_ALIKE: Final = 50
_MAX_WAITING: Final = 65_536


@dataclass(slots=True, eq=False)
class _Half:
    """A question without an answer, or an answer without a question, so far."""

    time_ns: int
    key: tuple[Ends, int]
    message: DnsMessage
    length: int
    waits: bool = True


# A half as a row; its query is text, so it stands apart.
_ROW: Final = np.dtype(
    [
        ("time_ns", "i8"), ("orig_hi", "u8"), ("orig_lo", "u8"), ("orig_port", "u2"), ("resp_hi", "u8"),
        ("resp_lo", "u8"), ("resp_port", "u2"), ("protocol", "u1"), ("identity", "u2"), ("is_answer", "?"),
        ("rcode", "i2"), ("query_type", "u2"), ("length", "i8"), ("waits", "?"),
    ]
)  # fmt: skip


class Lookups:
    """Adds one DNS fact a look-up to `rows`, and an ANSWER fact an address.

    A look-up has the time of whichever half came first. One half alone becomes a fact after `WAIT_NS`, or earlier if
    more than 65,536 wait: a question with rcode -1, an answer (the question was not captured, or went to a multicast
    address as LLMNR's do) with its rcode and no query_bytes.
    """

    def __init__(self, rows: FactRows) -> None:
        self._rows = rows
        self._waiting: dict[tuple[Ends, int], list[_Half]] = {}
        self._order: deque[_Half] = deque()

    def add(self, time_ns: int, ends: Ends, message: DnsMessage, length: int) -> None:
        """Take a message of `length` octets; `ends` name who asks first, whichever way the message went."""
        self.expire(time_ns)
        for high, low in message.addresses:
            self._rows.add(FactKind.ANSWER, time_ns, ends, message.query, high, low)
        half = _Half(time_ns, (ends, message.identity), message, length)
        alike = self._waiting.setdefault(half.key, [])
        other = next((other for other in alike if _match(other.message, message)), None)
        if other is not None:
            self._forget(other)
            self._add(other, half)
            return
        if len(alike) >= _MAX_ALIKE:
            self._give_up(alike[0])
        self._waiting.setdefault(half.key, []).append(half)
        self._order.append(half)
        if len(self._order) > _MAX_WAITING:
            self._give_up(self._order.popleft())

    def expire(self, now_ns: int | None = None) -> None:
        """Give up those that have waited for `WAIT_NS` at `now_ns`, or all."""
        order = self._order
        while order and (now_ns is None or not order[0].waits or order[0].time_ns <= now_ns - WAIT_NS):
            self._give_up(order.popleft())

    def carry(self) -> State:
        """Return the halves in their order (netad.core.carried); those that wait no more count for the bound."""
        rows = [
            (half.time_ns, *half.key[0].orig, half.key[0].orig_port, *half.key[0].resp, *half.key[0][3:], half.key[1],
             half.message.is_answer, half.message.rcode, half.message.query_type, half.length, half.waits)
            for half in self._order
        ]  # fmt: skip
        return {"halves": np.array(rows, _ROW), "queries": texts_array(half.message.query for half in self._order)}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        rows = array_of(state, "halves", _ROW)
        for row, query in zip(rows.tolist(), array_of(state, "queries", object, rows.shape).tolist(), strict=True):
            time_ns, orig_hi, orig_lo, orig_port, resp_hi, resp_lo, resp_port, protocol, identity = row[:9]
            is_answer, rcode, query_type, length, waits = row[9:]
            ends = Ends((orig_hi, orig_lo), orig_port, (resp_hi, resp_lo), resp_port, protocol)
            # Its addresses have become facts already.
            message = DnsMessage(identity, is_answer, rcode, query, query_type, ())
            half = _Half(time_ns, (ends, identity), message, length, waits)
            self._order.append(half)
            if waits:
                self._waiting.setdefault(half.key, []).append(half)

    def _give_up(self, half: _Half) -> None:
        if half.waits:
            self._forget(half)
            self._add(half)

    def _forget(self, half: _Half) -> None:
        half.waits = False
        alike = self._waiting[half.key]
        alike.remove(half)
        if not alike:
            del self._waiting[half.key]

    def _add(self, first: _Half, second: _Half | None = None) -> None:
        halves = (first,) if second is None else (first, second)
        question = next((half for half in halves if not half.message.is_answer), None)
        answer = next((half for half in halves if half.message.is_answer), None)
        asked = (question or first).message
        self._rows.add(
            FactKind.DNS,
            first.time_ns,
            first.key[0],
            asked.query,
            asked.query_type,
            NO_RCODE if answer is None else answer.message.rcode,
            -1 if question is None else question.length,
            -1 if answer is None else answer.length,
        )


def _match(one: DnsMessage, other: DnsMessage) -> bool:
    """Tell whether these are question and answer; an answer may leave the question out (format errors, refusals)."""
    if one.is_answer == other.is_answer:
        return False
    answer = one if one.is_answer else other
    return answer.query_type == 0 or (one.query == other.query and one.query_type == other.query_type)
