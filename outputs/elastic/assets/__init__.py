"""What `netad setup kibana` imports, made from `source/` by `python -m netad.outputs.elastic.assets`."""

from importlib.resources import files

SAVED_OBJECTS = "kibana.ndjson"
DETECTION_RULE = "detection-rule.ndjson"


def read_asset(name: str) -> bytes:
    """Return one of the generated files, `SAVED_OBJECTS` or `DETECTION_RULE`, as Kibana takes it."""
    return files(__name__).joinpath(name).read_bytes()
