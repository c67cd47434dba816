"""One DNS message (RFC 1035) down to what a fact needs: identifier, kind, first question, addresses in the answer.

Headers are unpacked with the layouts dpkt declares; dpkt's own DNS object fails as a whole where anything is off (a cut
message, a name that is not UTF-8), and reads sections that no fact needs. Nothing here raises, whatever the bytes are:
what cannot be read ends the message there.
"""

from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import Final

from dpkt import dns

from netad.core.addresses import split_address
from netad.ingest.facts.text import printable

Address = tuple[int, int]

# Zeek's dns_max_queries: more questions in one message are no DNS.
_MAX_QUESTIONS: Final = 25
_MAX_NAME: Final = 255
_MAX_ANSWERS: Final = 256

_HEADER: Final = Struct(dns.DNS.__hdr_fmt__)
_QUESTION: Final = Struct(">HH")
_RECORD: Final = Struct(">HHIH")
_POINTER: Final = 0xC0
_OPCODE: Final = 0x7800
# The highest bit of a class is mDNS's own: "unicast response", "cache flush" (RFC 6762, 5.4 and 10.2).
_CLASS: Final = 0x7FFF
_ADDRESS_BYTES: Final = {dns.DNS_A: 4, dns.DNS_AAAA: 16}


@dataclass(frozen=True, slots=True)
class DnsMessage:
    """What a message says. `query` is lower case, "" for the root; `query_type` is 0 where no question could be read.

    Without a question an answer's `query` is the name of its first record (mDNS), as in Zeek's dns.log.
    """

    identity: int
    is_answer: bool
    rcode: int
    query: str
    query_type: int
    addresses: tuple[Address, ...]


def parse_dns(data: bytes) -> DnsMessage | None:
    """Return the message that `data` begins with; None if it is no standard query (opcode 0), or a question unread."""
    if len(data) < _HEADER.size:
        return None
    identity, flags, questions, answers = _HEADER.unpack_from(data)[:4]
    if flags & _OPCODE or questions > _MAX_QUESTIONS:
        return None
    is_answer = bool(flags & dns.DNS_QR)
    query, query_type, at = _questions(data, questions)
    if not is_answer:
        if query is None:
            return None
        return DnsMessage(identity, False, -1, query, query_type, ())
    addresses: list[Address] = []
    if at:
        if query is None and answers:
            query = _first_name(data, at)
        _answers(data, at, min(answers, _MAX_ANSWERS), addresses)
    return DnsMessage(identity, True, flags & 0xF, query or "", query_type, tuple(addresses))


def _questions(data: bytes, count: int) -> tuple[str | None, int, int]:
    """Return name and type of the first question, and where the answers begin (0: nobody knows)."""
    if count == 1:
        end = data.find(0, _HEADER.size) + 1 + _QUESTION.size
        plain = _plain_question(data[_HEADER.size : end]) if _HEADER.size < end <= len(data) else None
        if plain is not None:
            return *plain, end
    query, query_type, at = None, 0, _HEADER.size
    for number in range(count):
        name, at = _read_name(data, at) if number == 0 else (b"", _skip_name(data, at))
        if not at or len(data) < at + _QUESTION.size:
            return query, query_type, 0
        if number == 0:
            query, query_type = printable(name.lower(), _MAX_NAME), _QUESTION.unpack_from(data, at)[0]
        at += _QUESTION.size
    return query, query_type, at


@lru_cache(maxsize=1 << 15)  # the same names are asked for again and again, and answers repeat the question
def _plain_question(octets: bytes) -> tuple[str, int] | None:
    """Return name and type of a question without pointers; None when the octets are not just that."""
    name, at = _read_name(octets, 0)
    if at != len(octets) - _QUESTION.size:
        return None
    return printable(name.lower(), _MAX_NAME), _QUESTION.unpack_from(octets, at)[0]


def _first_name(data: bytes, at: int) -> str | None:
    """Return the name of the answer at `at`, None where it is cut."""
    behind = _skip_name(data, at)
    if not behind or len(data) < behind + _RECORD.size:
        return None
    return printable(_read_name(data, at)[0].lower(), _MAX_NAME)


def _answers(data: bytes, at: int, count: int, addresses: list[Address]) -> None:
    """Append the addresses of the answers from `at` on."""
    there = len(data)
    for _ in range(count):
        # Most names are a pointer to the question's.
        at = at + 2 if at + 2 <= there and data[at] >= _POINTER else _skip_name(data, at)
        if not at or there < at + _RECORD.size:
            break
        kind, network, _, length = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        if there < at + length:
            break
        if _ADDRESS_BYTES.get(kind) == length and network & _CLASS == dns.DNS_IN:
            addresses.append(split_address(data[at : at + length]))
        at += length


def _skip_name(data: bytes, at: int) -> int:
    """Return the offset behind the name at `at`; 0 if it is cut or damaged."""
    end = min(len(data), at + _MAX_NAME + 1)
    while at < end:
        size = data[at]
        if size >= _POINTER:
            return at + 2 if at + 2 <= len(data) else 0
        if size > 63:
            return 0
        at += 1 + size
        if not size:
            return at
    return 0


def _read_name(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the labels of the name at `at`, joined by dots, and the offset behind it; 0 if it is cut or damaged.

    A pointer must lead to before where the name that it is in began, so that there are no loops.
    """
    labels: list[bytes] = []
    length, start, behind = 0, at, 0
    while at < len(data):
        size = data[at]
        if size >= _POINTER:
            if at + 2 > len(data):
                break
            behind = behind or at + 2
            at = (size & 0x3F) << 8 | data[at + 1]
            if at >= start:
                break
            start = at
            continue
        at += 1
        if not size:
            return b".".join(labels), behind or at
        length += 1 + size
        if size > 63 or length > _MAX_NAME or at + size > len(data):
            break
        labels.append(data[at : at + size])
        at += size
    return b"", 0
