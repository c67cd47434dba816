"""The generated files: what is committed, and what Kibana would refuse or fail to show, checked without Kibana.

The checks of saved objects are those that Elastic's own package validator makes, and one more: every field exists.
"""

import json
import uuid
from pathlib import Path

import jsonschema
import pytest

from netad.outputs.elastic.assets import DETECTION_RULE, SAVED_OBJECTS, read_asset
from netad.outputs.elastic.assets.generate import write
from netad.outputs.elastic.fields import OPEN_TYPES, field_types
from tests.kibana_panels import fields_asked, questions, saved_objects
from tests.kql import fields_of
from tests.outputs.elastic.assets.shapes import check_object

BOARDS = ("netad-overview", "netad-source", "netad-suppression", "netad-runs")
VIEWS = ("logs-netad.*", *(f"logs-netad.{dataset}-*" for dataset in ("anomaly", "flow", "profile", "run")))


def usable(field, datasets):
    """Tell whether a field is mapped in all of the datasets, so that it can be searched and counted."""
    for dataset in datasets:
        types = field_types("common") | field_types(dataset)
        below = any(field.startswith(f"{name}.") for name in OPEN_TYPES if name in types)
        if not below and types.get(field, "opaque") in ("opaque", "open"):
            return False
    return True


def panels_of(board):
    return json.loads(board["attributes"]["panelsJSON"])


def test_what_is_committed_is_what_the_source_says(generated, tmp_path):
    """Generating again gives the committed bytes; nobody edits the generated files."""
    assert generated == {name: read_asset(name) for name in (SAVED_OBJECTS, DETECTION_RULE)}
    assert {path.name: path.read_bytes() for path in write(tmp_path)} == generated


def test_everything_that_was_promised_is_there(objects):
    """Data views have their pattern as id and title, dashboards and searches have stable ids."""
    assert {identity for kind, identity in objects if kind == "dashboard"} == set(BOARDS)
    views = {identity: one["attributes"] for (kind, identity), one in objects.items() if kind == "index-pattern"}
    assert {identity: view["title"] for identity, view in views.items()} == {name: name for name in VIEWS}
    assert all(view["timeFieldName"] == "@timestamp" for view in views.values())
    searches = {identity for kind, identity in objects if kind == "search"}
    assert searches >= {"netad-anomalies", "netad-flows", "netad-run-log"}


def test_every_object_has_the_shape_that_kibana_8_14_takes(objects):
    """Versions that every Kibana since 8.14 migrates, only attributes it knows, texts that are JSON."""
    for one in objects.values():
        check_object(one)


def test_no_reference_dangles(objects):
    """Every reference leads to an object of the same file, and no two of an object have one name."""
    for one in objects.values():
        names = [reference["name"] for reference in one["references"]]
        assert len(names) == len(set(names))
        for reference in one["references"]:
            assert (reference["type"], reference["id"]) in objects


@pytest.mark.parametrize("board", BOARDS)
def test_every_reference_that_a_dashboard_needs_is_there_and_no_other(objects, board):
    """Layers, saved searches, links, clicks, controls and the filter find what they name."""
    one = objects["dashboard", board]
    needed = {"kibanaSavedObjectMeta.searchSourceJSON.filter[0].meta.index"}
    for panel in panels_of(one):
        index, config = panel["panelIndex"], panel["embeddableConfig"]
        inner = [panel["panelRefName"]] if "panelRefName" in panel else []
        if panel["type"] == "lens":
            layers = config["attributes"]["state"]["datasourceStates"]["formBased"]["layers"]
            inner += [f"indexpattern-datasource-layer-{layer}" for layer in layers]
        elif panel["type"] == "links":
            inner += [link["destinationRefName"] for link in config["attributes"]["links"]]
        for event in config["enhancements"].get("dynamicActions", {}).get("events", ()):
            inner.append(f"drilldown:{event['action']['factoryId']}:{event['eventId']}:dashboardId")
        needed |= {f"{index}:{name}" for name in inner}
    for control in json.loads(one["attributes"]["controlGroupInput"]["panelsJSON"]):
        needed.add(f"controlGroup_{control}:optionsListDataView")
    assert {reference["name"] for reference in one["references"]} == needed


@pytest.mark.parametrize("board", BOARDS)
def test_panels_fit_the_grid_and_cover_nothing(objects, board):
    """Panels lie inside the 48 columns, none on another, each with a title and an id of its own."""
    taken, ids, titles = set(), set(), set()
    for panel in panels_of(objects["dashboard", board]):
        grid = panel["gridData"]
        cells = {
            (x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert grid["x"] + grid["w"] <= 48
        assert not cells & taken
        assert panel["title"]
        assert grid["i"] == panel["panelIndex"] == str(uuid.UUID(panel["panelIndex"]))
        taken |= cells
        ids.add(panel["panelIndex"])
        titles.add(panel["title"])
    assert len(ids) == len(titles) == len(panels_of(objects["dashboard", board]))


@pytest.mark.parametrize("board", BOARDS)
def test_dashboards_link_to_each_other_with_the_time_range(objects, board):
    """The first panel leads to every dashboard and takes time and filters along."""
    links = panels_of(objects["dashboard", board])[0]
    assert links["type"] == "links"
    for link in links["embeddableConfig"]["attributes"]["links"]:
        assert link["options"] == {"openInNewTab": False, "useCurrentFilters": True, "useCurrentDateRange": True}
    names = {
        f"{links['panelIndex']}:{link['destinationRefName']}"
        for link in links["embeddableConfig"]["attributes"]["links"]
    }
    led = {one["id"] for one in objects["dashboard", board]["references"] if one["name"] in names}
    assert led == set(BOARDS)


def test_a_click_on_a_source_opens_it(objects):
    """Tables of sources lead to the dashboard of one source, with the filter and the time range."""
    clicks = []
    for board in BOARDS:
        one = objects["dashboard", board]
        led = {reference["name"]: reference["id"] for reference in one["references"]}
        for panel in panels_of(one):
            for event in panel["embeddableConfig"]["enhancements"].get("dynamicActions", {}).get("events", ()):
                name = f"{panel['panelIndex']}:drilldown:{event['action']['factoryId']}:{event['eventId']}:dashboardId"
                assert event["action"]["config"]["useCurrentFilters"]
                assert event["action"]["config"]["useCurrentDateRange"]
                clicks.append((board, panel["title"], led[name]))
    assert ("netad-overview", "Top sources", "netad-source") in clicks
    assert {target for *_, target in clicks} == {"netad-source"}


def test_charts_are_lens_by_value(objects):
    """No chart of the old kinds, and none that lives outside its dashboard; only lists of events are saved searches."""
    for board in BOARDS:
        kinds = {panel["type"] for panel in panels_of(objects["dashboard", board])}
        assert kinds == {"links", "lens", "search"}
        for panel in panels_of(objects["dashboard", board]):
            assert ("panelRefName" in panel) == (panel["type"] == "search")


def test_every_panel_keeps_to_its_dataset(objects):
    """Dashboards and searches filter by `data_stream.dataset`; a dashboard's filter has the datasets of its panels."""
    for (kind, identity), one in objects.items():
        if kind == "index-pattern":
            continue
        (found,) = json.loads(one["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["filter"]
        assert found["meta"]["key"] == "data_stream.dataset"
        params = found["meta"]["params"]
        kept = {params["query"]} if isinstance(params, dict) else set(params)
        if kind == "dashboard":
            asked = {question.index for question in questions(objects) if question.dashboard == identity}
            assert {f"logs-{name}-*" for name in kept} == asked


def test_every_field_exists(objects):
    """What columns, queries, filters, controls and lists name is mapped in the dataset that they ask."""
    asked = questions(objects)
    assert len(asked) > 50
    for question in asked:
        dataset = question.index.removeprefix("logs-netad.").removesuffix("-*")
        missing = {field for field in fields_asked(question, objects) if not usable(field, [dataset])}
        controls = json.loads(objects["dashboard", question.dashboard]["attributes"]["controlGroupInput"]["panelsJSON"])
        shared = {one["explicitInput"]["fieldName"] for one in controls.values()}
        assert missing - shared == set(), (question.dashboard, question.title)
        for field in shared:
            assert usable(field, ["anomaly"]) or usable(field, ["run"])


def test_the_rule_asks_for_fields_that_exist():
    """The detection rule is off, and names fields of anomalies in its query, mappings and groups."""
    rule = json.loads(read_asset(DETECTION_RULE))
    assert rule["enabled"] is False
    assert rule["index"] == ["logs-netad.anomaly-*"]
    named = fields_of(rule["query"]) | set(rule["alert_suppression"]["group_by"])
    named |= {one["field"] for one in (*rule["severity_mapping"], *rule["risk_score_mapping"])}
    named |= {rule["timestamp_override"], rule["rule_name_override"]}
    assert {field for field in named if not usable(field, ["anomaly"])} == set()


@pytest.mark.corpus
def test_the_schemas_of_elastic_agree(objects, corpus):
    """Where the third-party schemas are at hand, dashboards and the rule hold to them."""
    folder = corpus.parent / "reference" / "elastic" / "schema"
    if not folder.is_dir():
        pytest.skip("Elastic's schemas are not beside the corpus")
    dashboards = json.loads((folder / "kibana-dashboard-so.v2.schema.json").read_text())
    for (kind, _), one in objects.items():
        if kind == "dashboard":
            jsonschema.validate(one, dashboards)
    rules = json.loads((folder / "detection-rule-query-9.4.schema.json").read_text())
    jsonschema.validate(json.loads(read_asset(DETECTION_RULE)), rules)


def test_the_page_about_kibana_names_every_dashboard(objects):
    """Whoever reads the documentation finds the dashboards under their titles and ids."""
    page = (Path(__file__).parents[4] / "docs" / "kibana.md").read_text()
    for board in BOARDS:
        assert f"| {objects['dashboard', board]['attributes']['title']} | `{board}` |" in page


def test_objects_are_found_in_the_installed_package():
    """The files travel with the package: this is how `netad setup kibana` reads them."""
    assert saved_objects(read_asset(SAVED_OBJECTS))
    assert json.loads(read_asset(DETECTION_RULE))["name"]
