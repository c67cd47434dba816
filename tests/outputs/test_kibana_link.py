"""Links from anomalies into Kibana."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from netad.outputs.kibana_link import DASHBOARD, DATA_VIEW, source_link
from tests.outputs.test_rison import Reader

ASSETS = Path(__file__).resolve().parents[2] / "outputs" / "elastic" / "assets" / "kibana.ndjson"


def state(link):
    """What a link says: the path before the fragment, the view, and the two states."""
    parts = urlsplit(link)
    view, _, query = parts.fragment.partition("?")
    states = parse_qs(query, strict_parsing=True)
    return parts.path, view, Reader(states["_g"][0]).whole(), Reader(states["_a"][0]).whole()


def test_the_link_shows_the_source_around_the_window(anomaly_events):
    """The dashboard of sources, filtered, from twelve windows before to the end of the window."""
    path, view, shown, app = state(source_link(anomaly_events[1], "https://kibana.example:443", "default"))
    assert (path, view) == ("/app/dashboards", "/view/netad-source")
    assert shown["time"] == {"from": "2026-01-10T18:00:00.000Z", "to": "2026-01-11T07:00:00.000Z"}
    (condition,) = app["filters"]
    assert condition["query"] == {"match_phrase": {"source.ip": "10.4.2.2"}}
    assert condition["meta"]["key"] == "source.ip"
    assert condition["meta"]["index"] == DATA_VIEW


@pytest.mark.parametrize("address", ["fd00::5", "10.4.2.2"])
def test_a_space_and_any_address_fit_into_the_link(anomaly_events, address):
    """The space stands in the path; nothing in the link ends it early, and it fits into event.url."""
    event = {**anomaly_events[2], "source": {"ip": address}}
    link = source_link(event, "https://kibana.example:443/base", "soc")
    path, _, _, app = state(link)
    assert path == "/base/s/soc/app/dashboards"
    assert app["filters"][0]["meta"]["params"] == {"query": address}
    assert not set(link) & set(' "<>\\^`{|}')
    assert len(link) < 1024


def test_the_dashboard_and_the_data_view_are_there():
    """The assets that `netad setup kibana` imports hold what the link names."""
    ids = {(item.get("type"), item.get("id")) for item in map(json.loads, ASSETS.read_text().splitlines())}
    assert {("dashboard", DASHBOARD), ("index-pattern", DATA_VIEW)} <= ids
