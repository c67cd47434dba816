"""From `source/*.yml` to the files that Kibana imports."""

from pathlib import Path

import orjson

from netad.outputs.elastic.assets import DETECTION_RULE, SAVED_OBJECTS
from netad.outputs.elastic.assets.definitions import read_dashboard, read_rule, read_searches, read_views
from netad.outputs.elastic.assets.panels import Json, dashboard_panels
from netad.outputs.elastic.assets.saved_objects import dashboard, data_view, saved_search

FOLDER = Path(__file__).resolve().parent
# In the order of the links between them.
DASHBOARDS = ("overview", "source", "suppression", "runs")


def generate(source: Path = FOLDER / "source") -> dict[str, bytes]:
    """Return the generated files by name: the same bytes for the same source.

    Objects stand before those that refer to them, but for the dashboards, which refer to each other.
    """
    boards = [read_dashboard(source / f"{name}.yml") for name in DASHBOARDS]
    objects = [data_view(dataset, name) for dataset, name in read_views(source / "data-views.yml").items()]
    objects += [saved_search(search) for search in read_searches(source / "searches.yml")]
    objects += [dashboard(board, dashboard_panels(board, boards)) for board in boards]
    return {SAVED_OBJECTS: _lines(objects), DETECTION_RULE: _lines([read_rule(source / "detection-rule.yml")])}


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the generated files and return where."""
    written = []
    for name, body in generate().items():
        path = folder / name
        path.write_bytes(body)
        written.append(path)
    return written


def _lines(objects: list[Json]) -> bytes:
    option = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return b"".join(orjson.dumps(one, option=option) for one in objects)
