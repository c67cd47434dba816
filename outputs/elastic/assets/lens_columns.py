"""Columns as Lens stores them: what to ask of Elasticsearch for each thing a panel shows."""

from typing import Any

from netad.outputs.elastic.assets.definitions import Column, Panel
from netad.outputs.elastic.fields import OPEN_TYPES, field_types

RECORDS = "___records___"
TIME_FIELD = "@timestamp"
# Our names for what Lens calls `operationType`, where they differ.
_OPERATIONS = {"unique": "unique_count", "last": "last_value", "time": "date_histogram"}
_TYPES = {"boolean": "boolean", "date": "date", "float": "number", "ip": "ip", "keyword": "string", "long": "number"}
_FORMATS: dict[str, dict[str, Any]] = {
    "percent": {"id": "percent", "params": {"decimals": 1}},
    "bytes": {"id": "bytes", "params": {"decimals": 1}},
    "number": {"id": "number", "params": {"decimals": 0}},
    "decimal": {"id": "number", "params": {"decimals": 2}},
}


def data_type(field: str, dataset: str) -> str:
    """Return what Lens calls the type of a field of a dataset.

    Raises:
        ValueError: no event of the dataset has such a field, or none that can be counted by.
    """
    types = field_types("common") | field_types(dataset)
    kind = types.get(field)
    if kind is None:
        kind = next((OPEN_TYPES[name] for name in OPEN_TYPES if name in types and field.startswith(f"{name}.")), None)
    if kind == "constant":
        kind = "keyword"
    if kind not in _TYPES:
        raise ValueError(f"{field} is no field of netad.{dataset} that a panel can use")
    return _TYPES[kind]


def lens_columns(panel: Panel) -> dict[str, dict[str, Any]]:
    """Return the columns of a panel by id, in the order in which Lens asks for them."""
    columns: dict[str, dict[str, Any]] = {}
    for name, column in panel.columns.items():
        if column.op == "share":
            columns |= _share(name, column)
        else:
            columns[name] = _column(column, panel)
    return columns


def _column(column: Column, panel: Panel) -> dict[str, Any]:
    bucketed = column.op in ("terms", "time")
    stored: dict[str, Any] = {
        "label": column.label,
        "customLabel": True,
        "operationType": _OPERATIONS.get(column.op, column.op),
        "isBucketed": bucketed,
        "sourceField": column.field or (TIME_FIELD if column.op == "time" else RECORDS),
    }
    source_type = data_type(stored["sourceField"], panel.data) if stored["sourceField"] != RECORDS else "number"
    if column.op == "time":
        stored |= {"dataType": "date", "scale": "interval"}
        stored["params"] = {"interval": "auto", "includeEmptyRows": True, "dropPartials": False}
    elif column.op == "terms":
        stored |= {"dataType": source_type, "scale": "ordinal", "params": _terms(column, panel)}
    else:
        stored |= _number(column, source_type)
    return stored


def _terms(column: Column, panel: Panel) -> dict[str, Any]:
    order: dict[str, Any]
    if column.order == "name":
        order = {"orderBy": {"type": "alphabetical", "fallback": False}, "orderDirection": "asc"}
    elif panel.values[0].kql:
        # The first number is about a part of the documents: the commonest values of all come first.
        order = {"orderBy": {"type": "custom"}, "orderAgg": _number_of_documents(), "orderDirection": "desc"}
    else:
        order = {"orderBy": {"type": "column", "columnId": "value0"}, "orderDirection": "desc"}
    return {
        "size": column.size,
        **order,
        "otherBucket": panel.type != "table",
        "missingBucket": column.missing,
        "parentFormat": {"id": "terms"},
        "include": [],
        "exclude": [],
        "includeIsRegex": False,
        "excludeIsRegex": False,
    }


def _number_of_documents() -> dict[str, Any]:
    return {
        "label": "Count of records",
        "operationType": "count",
        "isBucketed": False,
        "sourceField": RECORDS,
        "dataType": "number",
        "scale": "ratio",
        "params": {"emptyAsNull": True},
    }


def _number(column: Column, source_type: str) -> dict[str, Any]:
    kept = column.op in ("last", "max", "min") and source_type != "number"
    stored: dict[str, Any] = {
        "dataType": source_type if kept else "number",
        "scale": "ordinal" if kept and column.op == "last" else "ratio",
        "params": {},
    }
    if column.op == "last":
        stored["params"] |= {"sortField": TIME_FIELD, "showArrayValues": source_type != "number"}
    else:
        stored["params"]["emptyAsNull"] = column.op in ("count", "unique", "sum")
    if column.format:
        stored["params"]["format"] = _FORMATS[column.format]
    # A last value is that of the newest document which has one.
    wanted = [column.kql] if column.kql else []
    if column.op == "last":
        wanted.append(f"{column.field}: *")
    if wanted:
        stored["filter"] = {"language": "kuery", "query": " and ".join(wanted)}
    return stored


def _share(name: str, column: Column) -> dict[str, dict[str, Any]]:
    """Return a formula as Lens stores it: the formula, the two counts in it, and the division of them."""
    formula = f"count(kql='{column.kql}') / count()"
    part = {"label": f"Part of {column.label}", "customLabel": True, "dataType": "number", "isBucketed": False}
    part["scale"] = "ratio"
    counted = {**part, "operationType": "count", "sourceField": RECORDS, "params": {"emptyAsNull": False}}
    tree = {
        "type": "function",
        "name": "divide",
        "args": [f"{name}X0", f"{name}X1"],
        "location": {"min": 0, "max": len(formula)},
        "text": formula,
    }
    return {
        name: {
            **part,
            "label": column.label,
            "operationType": "formula",
            "params": {"formula": formula, "isFormulaBroken": False, "format": _FORMATS["percent"]},
            "references": [f"{name}X2"],
        },
        f"{name}X0": {**counted, "filter": {"language": "kuery", "query": column.kql}},
        f"{name}X1": counted,
        f"{name}X2": {
            **part,
            "operationType": "math",
            "params": {"tinymathAst": tree},
            "references": [f"{name}X0", f"{name}X1"],
        },
    }
