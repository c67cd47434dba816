"""How a panel is drawn: the `visualization` state of each of Lens' chart types."""

from collections.abc import Callable
from typing import Any

from netad.outputs.elastic.assets.definitions import COLORS, Panel

State = dict[str, Any]


def chart(panel: Panel, layer: str) -> tuple[str, State]:
    """Return Lens' name for the type of a panel, and how the columns of its layer are drawn.

    Raises:
        ValueError: there is no such type.
    """
    try:
        name, draw = _CHARTS[panel.type]
    except KeyError:
        raise ValueError(f"{panel.title}: there is no panel type {panel.type}") from None
    return name, draw(panel, layer)


def _metric(panel: Panel, layer: str) -> State:
    state: State = {"layerId": layer, "layerType": "data", "metricAccessor": "value0"}
    if panel.values[0].color:
        state["color"] = COLORS[panel.values[0].color]
    if panel.description:
        state["subtitle"] = panel.description
    return state


def _xy(panel: Panel, layer: str) -> State:
    series = "line" if panel.type == "lines" else f"bar{'_horizontal' if panel.horizontal else ''}_stacked"
    drawn: State = {
        "layerId": layer,
        "layerType": "data",
        "seriesType": series,
        "position": "top",
        "showGridlines": False,
        "xAccessor": "x",
        "accessors": [f"value{number}" for number in range(len(panel.values))],
        "yConfig": [
            {"forAccessor": f"value{number}", "color": COLORS[column.color], "axisMode": "left"}
            for number, column in enumerate(panel.values)
            if column.color
        ],
    }
    if panel.split is not None:
        drawn |= {"splitAccessor": "split", "colorMapping": _colors_by_order()}
    return {
        "layers": [drawn],
        "preferredSeriesType": series,
        "legend": {"isVisible": panel.split is not None or len(panel.values) > 1, "position": "right"},
        "valueLabels": "hide",
        "fittingFunction": "Linear" if panel.type == "lines" else "None",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": False, "yRight": False},
    }


def _table(panel: Panel, layer: str) -> State:
    first_value = "value0"
    return {
        "layerId": layer,
        "layerType": "data",
        "columns": [
            {
                "columnId": name,
                "isTransposed": False,
                "isMetric": name.startswith("value"),
                **({"oneClickFilter": True} if name.startswith("row") else {}),
            }
            for name in panel.columns
        ],
        "sorting": {"columnId": first_value, "direction": "desc"},
        "paging": {"enabled": True, "size": 10},
    }


def _heatmap(_panel: Panel, layer: str) -> State:
    return {
        "shape": "heatmap",
        "layerId": layer,
        "layerType": "data",
        "xAccessor": "x",
        "yAccessor": "split",
        "valueAccessor": "value0",
        "legend": {"isVisible": True, "position": "right", "type": "heatmap_legend"},
        "gridConfig": {
            "type": "heatmap_grid",
            "isCellLabelVisible": True,
            "isXAxisLabelVisible": True,
            "isYAxisLabelVisible": True,
            "isXAxisTitleVisible": False,
            "isYAxisTitleVisible": False,
        },
    }


def _colors_by_order() -> State:
    """Return the colours of values nobody knows in advance: Kibana's palette for the colour-blind, in order."""
    return {
        "assignments": [],
        "specialAssignments": [{"rule": {"type": "other"}, "color": {"type": "loop"}, "touched": False}],
        "paletteId": "eui_amsterdam_color_blind",
        "colorMode": {"type": "categorical"},
    }


_CHARTS: dict[str, tuple[str, Callable[[Panel, str], State]]] = {
    "metric": ("lnsMetric", _metric),
    "bars": ("lnsXY", _xy),
    "lines": ("lnsXY", _xy),
    "table": ("lnsDatatable", _table),
    "heatmap": ("lnsHeatmap", _heatmap),
}
