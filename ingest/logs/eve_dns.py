"""Suricata's dns events: questions and answers, logged apart, put together into look-ups. Versions 1 to 3."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import orjson

from netad.ingest.facts.batch import NO_RCODE, FactKind
from netad.ingest.flows import Column
from netad.ingest.logs.columns import Reading
from netad.ingest.logs.dns_codes import RCODES, TYPES
from netad.ingest.logs.parser import Ledger, Part
from netad.ingest.logs.text import TEXT_MAX
from netad.ingest.logs.zeek_facts import answer_parts

_PENDING_MAX: Final = 65_536
# A question waits for its answer as long as a resolver would, in ns of the log's time.
_WAIT_NS: Final = 60 * 1_000_000_000
_DNS_PORTS: Final = (53, 5353, 5355)
_ENDS: Final = ("time_ns", "orig_hi", "orig_lo", "resp_hi", "resp_lo", "orig_port", "resp_port", "protocol")
_ANSWERS_MAX: Final = 256
_NUMBER_MAX: Final = 20

_Number = tuple[bytes, str]
_Key = tuple[bytes, str, str, str]
_Row = tuple[Any, ...]


class EveDns:
    """Puts the questions and answers of one file together, with bounded memory."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._asked: OrderedDict[_Key, _Row] = OrderedDict()
        self._by_number: dict[_Number, _Key] = {}  # the last question of each number in a flow
        self._answered: OrderedDict[_Key | _Number, _Row] = OrderedDict()
        self._rows: list[_Row] = []
        self._answers: list[tuple[_Row, list[bytes]]] = []

    def take(self, reading: Reading, ends: dict[str, Column]) -> Iterator[Part]:
        """Take dns events with the ends they say, and yield the look-ups that are complete."""
        texts, flows = reading.raws("dns"), reading.raws("flow_id")
        fine = ends | {"flow": _objects(flows), "dns": _objects(texts)}
        said = self._ledger.fit(reading, fine)
        for row in zip(*(said[name].tolist() for name in (*_ENDS, "flow", "dns")), strict=True):
            self._event(row[: len(_ENDS)], row[-2], row[-1])
        self._expire(int(said["time_ns"].max(initial=0)) - _WAIT_NS)
        yield from self._parts()

    def finish(self) -> Iterator[Part]:
        """Yield the questions that are left."""
        self._expire(None)
        yield from self._parts()

    def _event(self, ends: _Row, flow: bytes, text: bytes) -> None:
        try:
            said = orjson.loads(text)
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, dict):
            self._ledger.skip("eve_dns_without_question", 1)
            return
        kind = said.get("type")
        asks = kind in ("query", "request")
        ends = _from_client(ends, answer=not asks)
        questions = list(_questions(said))
        if not questions:
            self._ledger.skip("eve_dns_without_question", 1)
        for name, type_ in questions:
            key = (flow, str(said.get("id"))[:_NUMBER_MAX], name, type_)
            row = (*ends, name, TYPES.get(type_, 0), NO_RCODE if asks else _rcode(said))
            if asks:
                self._ask(key, row)
            else:
                self._answer(key, row, said)

    def _ask(self, key: _Key, row: _Row) -> None:
        before = self._forget(key)
        if before is not None:  # asked again
            self._rows.append(before)
        self._asked[key] = row
        self._by_number[key[:2]] = key
        self._answered.pop(key, None)
        self._answered.pop(key[:2], None)

    def _forget(self, key: _Key) -> _Row | None:
        """Return a question that waits no longer, None if none did."""
        if self._by_number.get(key[:2]) == key:
            del self._by_number[key[:2]]
        return self._asked.pop(key, None)

    def _answer(self, key: _Key, row: _Row, said: Mapping[str, Any]) -> None:
        known: _Key | _Number = key
        if said.get("version", 1) == 1 and key not in self._asked:
            # One event for each record of an answer, called after the record: only the number tells the question.
            key = self._by_number.get(key[:2], key)
            known = key[:2]
        asked = self._forget(key)
        if asked is not None:
            row = (*asked[:-1], row[-1])
        if asked is not None or known not in self._answered:
            self._rows.append(row)
            self._answered[key] = self._answered[key[:2]] = row
        row = self._answered[known]
        while len(self._answered) > _PENDING_MAX:
            self._answered.popitem(last=False)
        addresses = _addresses(said)
        if addresses:
            self._answers.append((row, addresses))

    def _expire(self, before_ns: int | None) -> None:
        """Give up waiting for answers to questions older than a time, to all without one, and to more than fit."""
        while self._asked:
            key, row = next(iter(self._asked.items()))
            if before_ns is not None and row[0] >= before_ns and len(self._asked) <= _PENDING_MAX:
                break
            self._forget(key)
            self._rows.append(row)

    def _parts(self) -> Iterator[Part]:
        if self._rows:
            yield Part(FactKind.DNS, _columns(self._rows))
        if self._answers:
            said = _columns([row for row, _ in self._answers])
            yield from answer_parts(said, said["time_ns"], [texts for _, texts in self._answers])
        self._rows, self._answers = [], []


def _from_client(ends: _Row, *, answer: bool) -> _Row:
    """Return the ends as the one who asked sees them: older versions log answers from the server's side."""
    time, orig_hi, orig_lo, resp_hi, resp_lo, orig_port, resp_port, protocol = ends
    if answer and orig_port in _DNS_PORTS and resp_port not in _DNS_PORTS:
        return time, resp_hi, resp_lo, orig_hi, orig_lo, resp_port, orig_port, protocol
    return ends


def _questions(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield names and types: one in versions 1 and 2, a list in version 3."""
    queries = said.get("queries")
    for query in queries[:_ANSWERS_MAX] if isinstance(queries, list) else [said]:
        name = query.get("rrname") if isinstance(query, dict) else None
        if isinstance(name, str):
            type_ = query.get("rrtype")
            yield name[:TEXT_MAX].lower().removesuffix("."), type_ if isinstance(type_, str) else ""


def _rcode(said: Mapping[str, Any]) -> int:
    code = said.get("rcode")
    return RCODES.get(code, NO_RCODE) if isinstance(code, str) else NO_RCODE


def _addresses(said: Mapping[str, Any]) -> list[bytes]:
    """Return the data of A and AAAA records, wherever a version of EVE has them."""
    found = [said.get("rdata")] if said.get("rrtype") in ("A", "AAAA") else []
    answers, grouped = said.get("answers"), said.get("grouped")
    if isinstance(answers, list):
        found += [
            each.get("rdata") for each in answers[:_ANSWERS_MAX]
            if isinstance(each, dict) and each.get("rrtype") in ("A", "AAAA")
        ]  # fmt: skip
    elif isinstance(grouped, dict):
        for type_ in ("A", "AAAA"):
            each = grouped.get(type_)
            found += each[:_ANSWERS_MAX] if isinstance(each, list) else []
    return [text.encode("utf-8", "replace") for text in found if isinstance(text, str)]


def _columns(rows: list[_Row]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    dtypes = ("int64", "uint64", "uint64", "uint64", "uint64", "uint16", "uint16", "uint8", "object", "uint16", "int16")
    for name, dtype, values in zip(
        (*_ENDS, "query", "query_type", "rcode"), dtypes, zip(*rows, strict=True), strict=True
    ):
        column = np.empty(len(rows), dtype=dtype)
        column[:] = values
        columns[name] = column
    return columns


def _objects(items: list[bytes]) -> Column:
    column = np.empty(len(items), dtype=object)
    column[:] = items
    return column
