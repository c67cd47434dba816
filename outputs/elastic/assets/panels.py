"""Panels as a dashboard holds them: Lens charts by value, lists of events, and the links between the dashboards."""

import uuid
from typing import Any

from netad.outputs.elastic.assets.definitions import Dashboard, Panel
from netad.outputs.elastic.assets.lens_charts import chart
from netad.outputs.elastic.assets.lens_columns import lens_columns
from netad.outputs.elastic.assets.saved_objects import view_reference

Json = dict[str, Any]
GRID_WIDTH = 48
LINKS_HEIGHT = 3
DRILLDOWN = "DASHBOARD_TO_DASHBOARD_DRILLDOWN"
# Ids of panels come from the names in the source, so that generating again gives the same bytes.
_NAMES = uuid.UUID("7f3c2f0e-7a4d-4a57-9a3b-2f6d2b1f9f10")


def dashboard_panels(board: Dashboard, boards: list[Dashboard]) -> list[tuple[Json, list[Json]]]:
    """Return the panels of a dashboard, the links to all `boards` first, each with the references it needs.

    Panels go side by side while they fit the width of the grid, then on the next row.
    """
    place = {"x": 0, "y": 0, "w": GRID_WIDTH, "h": LINKS_HEIGHT}
    panels = [_placed("links", "Dashboards", place, board, *_links(boards))]
    across, top, height = 0, LINKS_HEIGHT, 0
    for panel in board.panels:
        wide, high = panel.size
        if across + wide > GRID_WIDTH:
            across, top, height = 0, top + height, 0
        place = {"x": across, "y": top, "w": wide, "h": high}
        across, height = across + wide, max(height, high)
        if panel.type == "events":
            panels.append(_events(panel, place, board))
        else:
            panels.append(_placed("lens", panel.title, place, board, *_lens(panel, board)))
    return panels


def _placed(
    kind: str, title: str, place: dict[str, int], board: Dashboard, config: Json, references: list[Json]
) -> tuple[Json, list[Json]]:
    index = _stable(board.id, title)
    panel = {
        "type": kind,
        "title": title,
        "panelIndex": index,
        "gridData": place | {"i": index},
        "embeddableConfig": {"enhancements": {}, "hidePanelTitles": kind == "links"} | config,
    }
    return panel, references


def _lens(panel: Panel, board: Dashboard) -> tuple[Json, list[Json]]:
    """Return a Lens chart by value: what it asks for, how it is drawn, and where a click leads."""
    layer = _stable(board.id, panel.title, "layer")
    columns = lens_columns(panel)
    kind, drawn = chart(panel, layer)
    references = [view_reference(panel.data, f"indexpattern-datasource-layer-{layer}")]
    attributes = {
        "title": panel.title,
        "description": panel.description,
        "type": "lens",
        "visualizationType": kind,
        "references": references,
        "state": {
            "visualization": drawn,
            "query": {"language": "kuery", "query": panel.query},
            "filters": [],
            "datasourceStates": {
                "formBased": {
                    "layers": {layer: {"columns": columns, "columnOrder": list(columns), "incompleteColumns": {}}}
                }
            },
            "internalReferences": [],
            "adHocDataViews": {},
        },
    }
    config: Json = {"attributes": attributes}
    if panel.opens:
        event = _stable(board.id, panel.title, "drilldown")
        action = {"useCurrentFilters": True, "useCurrentDateRange": True, "openInNewTab": False}
        config["enhancements"] = {
            "dynamicActions": {
                "events": [
                    {
                        "eventId": event,
                        "triggers": ["FILTER_TRIGGER"],
                        "action": {"factoryId": DRILLDOWN, "name": "Look at this source", "config": action},
                    }
                ]
            }
        }
        name = f"drilldown:{DRILLDOWN}:{event}:dashboardId"
        references = [*references, {"type": "dashboard", "id": panel.opens, "name": name}]
    return config, references


def _events(panel: Panel, place: dict[str, int], board: Dashboard) -> tuple[Json, list[Json]]:
    name = f"panel_{_stable(board.id, panel.title)}"
    reference = {"type": "search", "id": panel.search, "name": name}
    placed, references = _placed("search", panel.title, place, board, {}, [reference])
    return placed | {"panelRefName": name}, references


def _links(boards: list[Dashboard]) -> tuple[Json, list[Json]]:
    """Return links to all dashboards that take the time range and the filters along."""
    options = {"openInNewTab": False, "useCurrentFilters": True, "useCurrentDateRange": True}
    links, references = [], []
    for order, board in enumerate(boards):
        name = f"link_{board.id}_dashboard"
        links.append(
            {
                "id": board.id,
                "type": "dashboardLink",
                "label": board.link,
                "order": order,
                "destinationRefName": name,
                "options": options,
            }
        )
        references.append({"type": "dashboard", "id": board.id, "name": name})
    return {"attributes": {"layout": "horizontal", "links": links}}, references


def _stable(*names: str) -> str:
    return str(uuid.uuid5(_NAMES, "/".join(names)))
