"""Saved objects: data views, searches, dashboards."""

import json

import pytest

from netad.outputs.elastic.assets.definitions import Control, Dashboard, Search
from netad.outputs.elastic.assets.saved_objects import dashboard, data_view, saved_search, text, view_id
from tests.kql import to_query


def any_of(*queries):
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


def all_of(*queries):
    return {"bool": {"filter": list(queries)}}


def test_a_data_view_is_named_by_its_pattern():
    """Id and title are the streams' pattern, so that importing twice makes no second one."""
    view = data_view("flow", "netad flows")
    assert view["id"] == view["attributes"]["title"] == view_id("flow") == "logs-netad.flow-*"
    assert view_id("*") == "logs-netad.*"


def test_a_search_lists_the_newest_first():
    """Newest first, of its dataset only, with its query."""
    search = saved_search(Search("netad-tried", "Tried", "", "flow", ("source.ip",), query="source.port: 53"))
    source = json.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    assert search["attributes"]["sort"] == [["@timestamp", "desc"]]
    assert source["query"]["query"] == "source.port: 53"
    assert source["filter"][0]["query"] == {"match_phrase": {"data_stream.dataset": "netad.flow"}}


@pytest.mark.parametrize("datasets", [("anomaly",), ("anomaly", "flow")])
def test_a_dashboard_keeps_to_its_datasets(datasets):
    """One dataset is a phrase, several are any of them; controls name the data view that they choose from."""
    board = Dashboard("netad-tried", "Tried", "Tried", "", datasets, "now-7d", (Control("Source", "source.ip"),), ())
    made = dashboard(board, [])
    (found,) = json.loads(made["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["filter"]
    assert all(f'"netad.{dataset}"' in text(found["query"]) for dataset in datasets)
    assert found["meta"]["type"] == ("phrase" if len(datasets) == 1 else "phrases")
    assert {"type": "index-pattern", "id": "logs-netad.*", "name": "controlGroup_control0:optionsListDataView"} in made[
        "references"
    ]
    assert made["attributes"]["timeFrom"] == "now-7d"


def test_a_dashboard_without_controls_has_no_box_for_them():
    """Kibana is told of controls only where there are some."""
    board = Dashboard("netad-tried", "Tried", "Tried", "", ("run",), "now-7d", (), ())
    assert "controlGroupInput" not in dashboard(board, [])["attributes"]


@pytest.mark.parametrize(
    ("kql", "query"),
    [
        ("", {"match_all": {}}),
        ("a: b", {"match_phrase": {"a": "b"}}),
        ("a: *", {"exists": {"field": "a"}}),
        ('a >= "now"', {"range": {"a": {"gte": "now"}}}),
        (
            "a: b and not c: *",
            all_of({"match_phrase": {"a": "b"}}, {"bool": {"must_not": [{"exists": {"field": "c"}}]}}),
        ),
        ("a: (b or c)", any_of({"match_phrase": {"a": "b"}}, {"match_phrase": {"a": "c"}})),
        (
            '(a: b or a: "x y") and c < 3',
            all_of(any_of({"match_phrase": {"a": "b"}}, {"match_phrase": {"a": "x y"}}), {"range": {"c": {"lt": "3"}}}),
        ),
    ],
)
def test_what_the_tests_make_of_kibanas_language(kql, query):
    """The checks of panels rest on this: queries mean what Kibana documents them to mean."""
    assert to_query(kql) == query


@pytest.mark.parametrize("kql", ["a", "a:", "a: b c: d", "(a: b", "a ! b", "a: b)"])
def test_what_is_no_query_is_told(kql):
    """A panel whose query cannot be read fails its test."""
    with pytest.raises(ValueError, match=r"^.+: .+"):
        to_query(kql)
