"""The link from an anomaly to its source in Kibana: the dashboard `netad-source`, filtered and around the window."""

from urllib.parse import quote

from netad.core.timing import iso, parse_time
from netad.outputs.base import Event
from netad.outputs.rison import Value, rison

DASHBOARD = "netad-source"
DATA_VIEW = "logs-netad.*"
# How many windows before the anomaly's are shown too, so that it can be seen beside what was usual.
WINDOWS_BEFORE = 12


def source_link(event: Event, kibana_url: str, space: str) -> str:
    """Return the URL for an anomaly event; `kibana_url` is what stands before `/app`, `space` names the space."""
    start, end = (parse_time(event["event"][name]) for name in ("start", "end"))
    since = max(start - WINDOWS_BEFORE * (end - start), 0)
    source = event["source"]["ip"]
    condition: dict[str, Value] = {
        "$state": {"store": "appState"},
        "meta": {
            "alias": None,
            "disabled": False,
            "index": DATA_VIEW,
            "key": "source.ip",
            "negate": False,
            "params": {"query": source},
            "type": "phrase",
        },
        "query": {"match_phrase": {"source.ip": source}},
    }
    shown: dict[str, Value] = {"time": {"from": iso(since), "to": iso(end)}}
    place = "" if space == "default" else f"/s/{space}"
    return (
        f"{kibana_url}{place}/app/dashboards#/view/{DASHBOARD}"
        f"?_g={_escaped(shown)}&_a={_escaped({'filters': [condition]})}"
    )


def _escaped(value: Value) -> str:
    return quote(rison(value), safe="!'()*,:;$@/")
