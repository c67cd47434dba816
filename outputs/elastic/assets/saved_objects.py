"""Saved objects as Kibana imports them, of the versions that every Kibana from 8.14 on can migrate from.

The versions are on purpose the oldest that hold what is used: Kibana refuses what is newer than itself.
"""

from typing import Any

import orjson

from netad.outputs.elastic.assets.definitions import Control, Dashboard, Search

CORE_VERSION = "8.8.0"
TYPE_VERSIONS = {"dashboard": "10.2.0", "index-pattern": "8.0.0", "search": "8.0.0"}
Json = dict[str, Any]


def text(value: object) -> str:
    """Return JSON as the text that saved objects hold inside, the same for the same value."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def view_id(dataset: str) -> str:
    """Return the id of a data view, which is its title too: the pattern of the data streams."""
    return "logs-netad.*" if dataset == "*" else f"logs-netad.{dataset}-*"


def view_reference(dataset: str, name: str) -> Json:
    """Return a reference to a data view under a name."""
    return {"type": "index-pattern", "id": view_id(dataset), "name": name}


def data_view(dataset: str, name: str) -> Json:
    """Return the data view of a dataset, `*` for all; the streams need not be there yet."""
    attributes = {
        "title": view_id(dataset),
        "name": name,
        "timeFieldName": "@timestamp",
        "allowNoIndex": True,
    }
    return _saved("index-pattern", view_id(dataset), attributes, [])


def saved_search(search: Search) -> Json:
    """Return a saved search, which Discover opens and an `events` panel shows."""
    source = {
        "indexRefName": "kibanaSavedObjectMeta.searchSourceJSON.index",
        "query": {"language": "kuery", "query": search.query},
        "filter": [_dataset_filter((search.data,))],
    }
    references = [
        view_reference(search.data, "kibanaSavedObjectMeta.searchSourceJSON.index"),
        view_reference(search.data, _FILTER_INDEX),
    ]
    attributes = {
        "title": search.title,
        "description": search.description,
        "columns": list(search.columns),
        "sort": [["@timestamp", "desc"]],
        "grid": {},
        "hideChart": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": text(source)},
    }
    return _saved("search", search.id, attributes, references)


def dashboard(board: Dashboard, panels: list[tuple[Json, list[Json]]]) -> Json:
    """Return a dashboard of panels as `panels.py` makes them, each with its references.

    It opens on its own stretch of time, unless a link brings one along.
    """
    references = [view_reference("*", _FILTER_INDEX)]
    for panel, wanted in panels:
        references += [one | {"name": f"{panel['panelIndex']}:{one['name']}"} for one in wanted]
    boxes = {}
    for number, control in enumerate(board.controls):
        boxes[f"control{number}"] = _control(f"control{number}", number, control)
        references.append(view_reference(control.data, f"controlGroup_control{number}:optionsListDataView"))
    source = {"query": {"language": "kuery", "query": ""}, "filter": [_dataset_filter(board.datasets)]}
    attributes: Json = {
        "title": board.title,
        "description": board.description,
        "panelsJSON": text([panel for panel, _ in panels]),
        "optionsJSON": text({"useMargins": True, "syncColors": False, "syncCursor": True, "hidePanelTitles": False}),
        "kibanaSavedObjectMeta": {"searchSourceJSON": text(source)},
        "timeRestore": True,
        "timeFrom": board.since,
        "timeTo": "now",
        "refreshInterval": {"pause": True, "value": 60_000},
        "version": 1,
    }
    if boxes:
        attributes["controlGroupInput"] = {
            "chainingSystem": "HIERARCHICAL",
            "controlStyle": "oneLine",
            "ignoreParentSettingsJSON": text(
                {"ignoreFilters": False, "ignoreQuery": False, "ignoreTimerange": False, "ignoreValidations": False}
            ),
            "panelsJSON": text(boxes),
            "showApplySelections": False,
        }
    return _saved("dashboard", board.id, attributes, references)


_FILTER_INDEX = "kibanaSavedObjectMeta.searchSourceJSON.filter[0].meta.index"


def _dataset_filter(datasets: tuple[str, ...]) -> Json:
    """Return the filter that keeps a dashboard to its datasets, whatever else the streams' pattern may match."""
    names = [f"netad.{dataset}" for dataset in datasets]
    meta: Json = {
        "alias": None,
        "disabled": False,
        "negate": False,
        "field": "data_stream.dataset",
        "key": "data_stream.dataset",
        "indexRefName": _FILTER_INDEX,
    }
    if len(names) == 1:
        meta |= {"type": "phrase", "params": {"query": names[0]}}
        query: Json = {"match_phrase": {"data_stream.dataset": names[0]}}
    else:
        meta |= {"type": "phrases", "params": names}
        any_of = [{"match_phrase": {"data_stream.dataset": name}} for name in names]
        query = {"bool": {"minimum_should_match": 1, "should": any_of}}
    return {"$state": {"store": "appState"}, "meta": meta, "query": query}


def _control(name: str, order: int, control: Control) -> Json:
    return {
        "type": "optionsListControl",
        "order": order,
        "grow": True,
        "width": "medium",
        "explicitInput": {
            "id": name,
            "title": control.title,
            "fieldName": control.field,
            "dataViewId": view_id(control.data),
            "enhancements": {},
            "searchTechnique": "prefix",
            "selectedOptions": [],
            "sort": {"by": "_count", "direction": "desc"},
        },
    }


def _saved(kind: str, identity: str, attributes: Json, references: list[Json]) -> Json:
    return {
        "type": kind,
        "id": identity,
        "attributes": attributes,
        "references": references,
        "managed": False,
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": TYPE_VERSIONS[kind],
    }
