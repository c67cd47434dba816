"""The shapes of saved objects that Kibana 8.14 and later import: their versions, attributes, and texts that are JSON.

Written down from Kibana's documentation and from exports: what stands here is what netad uses, and nothing else.
"""

import json
from typing import Any

Json = dict[str, Any]
VERSIONS = {"dashboard": "10.2.0", "index-pattern": "8.0.0", "search": "8.0.0"}
ATTRIBUTES: dict[str, dict[str, type]] = {
    "index-pattern": {"title": str, "name": str, "timeFieldName": str, "allowNoIndex": bool},
    "search": {
        "title": str,
        "description": str,
        "columns": list,
        "sort": list,
        "grid": dict,
        "hideChart": bool,
        "kibanaSavedObjectMeta": dict,
    },
    "dashboard": {
        "title": str,
        "description": str,
        "panelsJSON": str,
        "optionsJSON": str,
        "kibanaSavedObjectMeta": dict,
        "timeRestore": bool,
        "timeFrom": str,
        "timeTo": str,
        "refreshInterval": dict,
        "version": int,
        "controlGroupInput": dict,
    },
}
CONTROL_GROUP = {"chainingSystem", "controlStyle", "ignoreParentSettingsJSON", "panelsJSON", "showApplySelections"}
LENS_STATE = {"visualization", "query", "filters", "datasourceStates", "internalReferences", "adHocDataViews"}
CHARTS = {"lnsMetric", "lnsXY", "lnsDatatable", "lnsHeatmap"}
OPERATIONS = {"terms", "date_histogram", "count", "unique_count", "sum", "max", "min", "average", "last_value",
              "formula", "math"}  # fmt: skip


def check_object(one: Json) -> None:
    """Assert that a saved object has its shape."""
    assert set(one) == {"type", "id", "attributes", "references", "managed", "coreMigrationVersion",
                        "typeMigrationVersion"}  # fmt: skip
    kind = one["type"]
    assert one["coreMigrationVersion"] == "8.8.0"
    assert one["typeMigrationVersion"] == VERSIONS[kind]
    assert {name: type(value) for name, value in one["attributes"].items()} == ATTRIBUTES[kind]
    for reference in one["references"]:
        assert set(reference) == {"type", "id", "name"}
    if kind != "index-pattern":
        source = json.loads(one["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
        assert source["query"]["language"] == "kuery"
        names = {reference["name"] for reference in one["references"]}
        for found in source["filter"]:
            assert found["meta"]["indexRefName"] in names
    if kind == "dashboard":
        _check_dashboard(one["attributes"])


def _check_dashboard(attributes: Json) -> None:
    assert attributes["timeRestore"] is True
    assert attributes["timeFrom"].startswith("now-")
    json.loads(attributes["optionsJSON"])
    group = attributes["controlGroupInput"]
    assert set(group) == CONTROL_GROUP
    for name, control in json.loads(group["panelsJSON"]).items():
        assert control["type"] == "optionsListControl"
        assert control["explicitInput"]["id"] == name
    for panel in json.loads(attributes["panelsJSON"]):
        if panel["type"] == "lens":
            _check_lens(panel["embeddableConfig"]["attributes"])


def _check_lens(attributes: Json) -> None:
    """Assert that a chart's layer and its drawing know the same columns."""
    assert attributes["visualizationType"] in CHARTS
    state = attributes["state"]
    assert set(state) == LENS_STATE
    ((layer, asked),) = state["datasourceStates"]["formBased"]["layers"].items()
    assert asked["columnOrder"] == list(dict.fromkeys(asked["columnOrder"]))
    assert set(asked["columnOrder"]) == set(asked["columns"])
    buckets = [asked["columns"][name]["isBucketed"] for name in asked["columnOrder"]]
    assert buckets == sorted(buckets, reverse=True), "buckets stand before numbers"
    for column in asked["columns"].values():
        _check_column(column, asked["columns"])
    drawn = _drawn(state["visualization"])
    parts = {name for name, column in asked["columns"].items() if column["label"].startswith("Part of ")}
    assert drawn == set(asked["columns"]) - parts
    assert f'"{layer}"' in json.dumps(state["visualization"])


def _check_column(column: Json, columns: Json) -> None:
    assert column["operationType"] in OPERATIONS
    assert column["label"]
    assert column["isBucketed"] == (column["operationType"] in ("terms", "date_histogram"))
    assert not column["params"].get("missingBucket") or column["params"]["otherBucket"], (
        "Kibana has it beside others only"
    )
    order = column["params"].get("orderBy", {})
    if order.get("type") == "column":
        # Kibana cannot order by what it computes itself, nor by a last value.
        assert columns[order["columnId"]]["operationType"] not in ("formula", "math", "last_value")
        assert "filter" not in columns[order["columnId"]]
    for name in column.get("references", ()):
        assert name in columns


def _drawn(value: Any) -> set[str]:
    """Return the ids of columns that a drawing names."""
    if isinstance(value, list):
        return {found for one in value for found in _drawn(one)}
    if not isinstance(value, dict):
        return set()
    drawn: set[str] = set()
    for name, inner in value.items():
        if name in ("columnId", "forAccessor") or (name.endswith("Accessor") and isinstance(inner, str)):
            drawn.add(inner)
        elif name == "accessors":
            drawn |= set(inner)
        else:
            drawn |= _drawn(inner)
    return drawn
