"""The part of Kibana's query language that the assets use, as Elasticsearch's queries: what Kibana does in the browser.

`field: value`, `field: (a or b)`, `field: *`, `field >= value`, `and`, `or`, `not`, parentheses, quoted values.
"""

import re
from typing import Any

Query = dict[str, Any]
_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(>=|<=|[:<>()])|([^\s:<>()"]+))')
_RANGES = {">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}


def to_query(kql: str) -> Query:
    """Return the query; an empty text matches everything.

    Raises:
        ValueError: the text is no such query.
    """
    return _Parser(kql).query() if kql.strip() else {"match_all": {}}


def fields_of(kql: str) -> set[str]:
    """Return the names of the fields that a query asks for."""
    parser = _Parser(kql)
    if kql.strip():
        parser.query()
    return parser.fields


class _Parser:
    def __init__(self, kql: str) -> None:
        self.fields: set[str] = set()
        self._kql = kql
        self._tokens: list[tuple[str, bool]] = []  # text, and whether it was quoted
        at = 0
        while kql[at:].strip():
            found = _TOKEN.match(kql, at)
            if found is None:
                raise ValueError(f"{kql}: cannot be read from character {at}")
            quoted, sign, word = found.groups()
            self._tokens.append((quoted, True) if quoted is not None else (sign or word, False))
            at = found.end()

    def query(self) -> Query:
        found = self._any()
        if self._tokens:
            raise ValueError(f"{self._kql}: {self._tokens[0][0]} is one too many")
        return found

    def _any(self) -> Query:
        options = [self._all()]
        while self._skip("or"):
            options.append(self._all())
        return options[0] if len(options) == 1 else {"bool": {"should": options, "minimum_should_match": 1}}

    def _all(self) -> Query:
        parts = [self._one()]
        while self._skip("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else {"bool": {"filter": parts}}

    def _one(self) -> Query:
        if self._skip("not"):
            return {"bool": {"must_not": [self._one()]}}
        if self._skip("("):
            found = self._any()
            self._take(")")
            return found
        field = self._take()
        self.fields.add(field)
        sign = self._take()
        if sign in _RANGES:
            return {"range": {field: {_RANGES[sign]: self._take()}}}
        if sign != ":":
            raise ValueError(f"{self._kql}: {sign} stands where a sign should")
        if not self._skip("("):
            return self._value(field)
        options = [self._value(field)]
        while self._skip("or"):
            options.append(self._value(field))
        self._take(")")
        return {"bool": {"should": options, "minimum_should_match": 1}}

    def _value(self, field: str) -> Query:
        if self._tokens and self._tokens[0] == ("*", False):
            self._take()
            return {"exists": {"field": field}}
        return {"match_phrase": {field: self._take()}}

    def _skip(self, word: str) -> bool:
        if self._tokens and self._tokens[0] == (word, False):
            del self._tokens[0]
            return True
        return False

    def _take(self, word: str = "") -> str:
        if not self._tokens or (word and self._tokens[0] != (word, False)):
            raise ValueError(f"{self._kql}: {word or 'a word'} is missing at the end")
        return self._tokens.pop(0)[0]
