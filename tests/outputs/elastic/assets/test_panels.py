"""Panels on a dashboard: where they are, and what they refer to."""

from dataclasses import replace

import pytest

from netad.outputs.elastic.assets.definitions import Dashboard, Panel
from netad.outputs.elastic.assets.panels import dashboard_panels


@pytest.fixture
def board(bars):
    """A dashboard of four charts and a list."""
    panels = [
        replace(bars, title=str(number), size=size) for number, size in enumerate([(30, 5), (18, 9), (20, 4), (29, 4)])
    ]
    listed = Panel("events", "List", (48, 10), search="netad-anomalies")
    return Dashboard("netad-tried", "Tried", "Tried", "", ("anomaly",), "now-7d", (), (*panels, listed))


def test_panels_flow_into_rows(board):
    """Panels stand side by side while they fit, below the highest of the row before when not."""
    places = [panel["gridData"] for panel, _ in dashboard_panels(board, [board])]
    assert [(place["x"], place["y"]) for place in places] == [(0, 0), (0, 3), (30, 3), (0, 12), (0, 16), (0, 20)]


def test_ids_come_from_names(board):
    """The same source gives the same ids, another title another one."""
    ids = [panel["panelIndex"] for panel, _ in dashboard_panels(board, [board])]
    assert ids == [panel["panelIndex"] for panel, _ in dashboard_panels(board, [board])]
    renamed = replace(board, panels=(replace(board.panels[0], title="Other"), *board.panels[1:]))
    changed = [panel["panelIndex"] for panel, _ in dashboard_panels(renamed, [board])]
    assert [mine == other for mine, other in zip(ids, changed, strict=True)] == [True, False, True, True, True, True]


def test_a_list_refers_to_its_saved_search(board):
    """What Discover knows as a saved search is what the panel shows."""
    panel, references = dashboard_panels(board, [board])[-1]
    assert references == [{"type": "search", "id": "netad-anomalies", "name": panel["panelRefName"]}]


def test_a_click_carries_filters_and_time(board):
    """A chart that opens another dashboard refers to it."""
    opening = replace(board, panels=(replace(board.panels[0], opens="netad-source"),))
    panel, references = dashboard_panels(opening, [board])[1]
    (event,) = panel["embeddableConfig"]["enhancements"]["dynamicActions"]["events"]
    assert event["action"]["config"] == {"useCurrentFilters": True, "useCurrentDateRange": True, "openInNewTab": False}
    assert ("dashboard", "netad-source") in {(one["type"], one["id"]) for one in references}
