"""What Kibana would ask of Elasticsearch for each panel of the dashboards, and what it would show of the answer.

Made from the saved objects themselves, not from their source: so a mistake of the generator shows.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.kql import fields_of, to_query

Json = dict[str, Any]
INTERVAL = "1h"
LISTED = 10
MISSING = "(missing value)"


@dataclass(frozen=True)
class Question:
    """One panel: where it is, and the search behind it. `columns` are Lens', empty for a list of events."""

    dashboard: str
    title: str
    index: str
    body: Json
    columns: dict[str, Json]
    listed: tuple[str, ...] = ()

    @property
    def shown(self) -> dict[str, Json]:
        """The columns that are drawn, by id, without the parts of formulas."""
        return {name: column for name, column in self.columns.items() if not column["label"].startswith("Part of ")}

    def rows(self, answer: Json) -> list[dict[str, Any]]:
        """Return what the panel shows of an answer: rows of values by label."""
        if self.listed:
            return [_listed(hit, self.listed) for hit in answer["hits"]["hits"]]
        buckets = [name for name, column in self.columns.items() if column["isBucketed"]]
        answered = answer.get("aggregations", {}) | {"doc_count": answer["hits"]["total"]["value"]}
        return list(self._rows(answered, buckets))

    def _rows(self, answer: Json, buckets: list[str]) -> Iterator[dict[str, Any]]:
        if not buckets:
            yield {column["label"]: self._number(name, answer) for name, column in self.shown.items()
                   if not column["isBucketed"]}  # fmt: skip
            return
        first, *inner = buckets
        for bucket in answer[first]["buckets"]:
            key = bucket.get("key_as_string", bucket["key"])
            for row in self._rows(bucket, inner):
                yield {self.columns[first]["label"]: key} | row

    def _number(self, name: str, answer: Json) -> Any:
        column = self.columns[name]
        operation = column["operationType"]
        if operation == "formula":
            part, whole = (self._number(f"{name}X{number}", answer) for number in (0, 1))
            return part / whole if whole else None
        if "filter" in column:
            answer = answer[name]
        if operation == "count":
            return answer["doc_count"]
        found = answer[name]
        if operation == "last_value":
            hits = found["hits"]["hits"]
            return ", ".join(map(str, hits[0]["fields"][column["sourceField"]])) if hits else None
        return found.get("value_as_string", found["value"])


def saved_objects(ndjson: bytes) -> dict[tuple[str, str], Json]:
    """Return saved objects by type and id."""
    objects = [json.loads(line) for line in ndjson.splitlines()]
    return {(one["type"], one["id"]): one for one in objects}


def questions(objects: dict[tuple[str, str], Json]) -> list[Question]:
    """Return the questions of all panels that ask one, in the order of dashboards and panels."""
    found = []
    for (kind, _), board in objects.items():
        if kind != "dashboard":
            continue
        filters = _filters(board["attributes"])
        for panel in json.loads(board["attributes"]["panelsJSON"]):
            if panel["type"] == "lens":
                found.append(_lens(board, panel, filters))
            elif panel["type"] == "search":
                found.append(_events(board, panel, objects, filters))
    return found


def fields_asked(question: Question, objects: dict[tuple[str, str], Json]) -> set[str]:
    """Return every field that a panel's columns, filters and query name, and those that its dashboard's controls do."""
    asked = set(question.listed)
    for column in question.columns.values():
        asked.add(column.get("sourceField", "___records___"))
        asked |= fields_of(column.get("filter", {}).get("query", ""))
    controls = objects["dashboard", question.dashboard]["attributes"].get("controlGroupInput", {})
    for control in json.loads(controls.get("panelsJSON", "{}")).values():
        asked.add(control["explicitInput"]["fieldName"])
    return (asked | _queried(question.body["query"])) - {"___records___"}


def _queried(query: Any) -> set[str]:
    if isinstance(query, list):
        return {field for one in query for field in _queried(one)}
    found: set[str] = set()
    for name, value in query.items():
        if name == "exists":
            found.add(value["field"])
        elif name in ("match_phrase", "range"):
            found |= set(value)
        elif name == "bool":
            for clause in ("filter", "should", "must_not"):
                found |= _queried(value.get(clause, []))
    return found


def _filters(attributes: Json) -> list[Json]:
    source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    assert source["query"]["language"] == "kuery"
    return [*(one["query"] for one in source["filter"]), to_query(source["query"]["query"])]


def _lens(board: Json, panel: Json, filters: list[Json]) -> Question:
    attributes = panel["embeddableConfig"]["attributes"]
    state = attributes["state"]
    ((layer, asked),) = state["datasourceStates"]["formBased"]["layers"].items()
    (view,) = (one["id"] for one in attributes["references"] if one["name"].endswith(layer))
    query = {"bool": {"filter": [*filters, to_query(state["query"]["query"])]}}
    columns = {name: asked["columns"][name] for name in asked["columnOrder"]}
    aggs = _aggregations(columns)
    body = {"size": 0, "track_total_hits": True, "query": query, "aggs": aggs}
    return Question(board["id"], panel["title"], view, body, columns)


def _events(board: Json, panel: Json, objects: dict[tuple[str, str], Json], filters: list[Json]) -> Question:
    name = f"{panel['panelIndex']}:{panel['panelRefName']}"
    (identity,) = (one["id"] for one in board["references"] if one["name"] == name)
    search = objects["search", identity]
    view = search["references"][0]["id"]
    listed = tuple(search["attributes"]["columns"])
    ((sorted_by, direction),) = search["attributes"]["sort"]
    body = {
        "size": LISTED,
        "query": {"bool": {"filter": [*filters, *_filters(search["attributes"])]}},
        "sort": [{sorted_by: direction}],
        "fields": list(listed),
    }
    return Question(board["id"], panel["title"], view, body, {}, listed)


def _aggregations(columns: dict[str, Json]) -> Json:
    """Return the aggregations of a layer: its buckets inside each other, its numbers in the innermost."""
    inner: Json = {}
    for name, column in columns.items():
        if not column["isBucketed"]:
            inner |= _number(name, column)
    for name, column in reversed(columns.items()):
        if column["isBucketed"]:
            # What buckets are ordered by is counted in each of them, not only in the innermost.
            ordering = column["params"].get("orderBy", {}).get("columnId")
            wanted = _number(ordering, columns[ordering]) if ordering else {}
            inner = {name: _bucket(column, plain=not wanted) | {"aggs": wanted | inner}}
    return inner


def _bucket(column: Json, plain: bool) -> Json:
    field, params = column["sourceField"], column["params"]
    if column["operationType"] == "date_histogram":
        empty = 0 if params["includeEmptyRows"] else 1
        return {"date_histogram": {"field": field, "fixed_interval": INTERVAL, "min_doc_count": empty}}
    assert column["operationType"] == "terms"
    terms = {"field": field, "size": params["size"], "order": {_order(params, plain): params["orderDirection"]}}
    return {"terms": terms | ({"missing": MISSING} if params["missingBucket"] else {})}


def _order(params: Json, plain: bool) -> str:
    """Return what terms are ordered by; a `plain` count comes with every bucket."""
    by = params["orderBy"]
    if by["type"] == "alphabetical":
        return "_key"
    if by["type"] == "custom":
        assert params["orderAgg"]["operationType"] == "count"
        return "_count"
    return "_count" if plain else str(by["columnId"])


def _number(name: str, column: Json) -> Json:
    """Return the aggregation of a number; none for a plain count, which comes with every bucket, or a formula."""
    operation, field = column["operationType"], column.get("sourceField")
    made: Json = {}
    if operation in ("sum", "max", "min", "average"):
        made = {name: {{"average": "avg"}.get(operation, operation): {"field": field}}}
    elif operation == "unique_count":
        made = {name: {"cardinality": {"field": field}}}
    elif operation == "last_value":
        sort = [{column["params"]["sortField"]: "desc"}]
        made = {name: {"top_hits": {"size": 1, "sort": sort, "_source": False, "fields": [field]}}}
    else:
        assert operation in ("count", "formula", "math"), operation
    if "filter" in column:
        return {name: {"filter": to_query(column["filter"]["query"]), **({"aggs": made} if made else {})}}
    return made


def _listed(hit: Json, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: ", ".join(map(str, hit["fields"][name])) if name in hit["fields"] else None for name in names}
