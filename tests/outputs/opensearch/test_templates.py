"""Templates without what OpenSearch does not know."""

import json

from netad.outputs.elastic.templates import template_names
from netad.outputs.opensearch.templates import opensearch_template


def test_nothing_that_opensearch_refuses():
    """No index mode, no lifecycle, no components that may be missing, no field types beyond the core."""
    text = json.dumps([opensearch_template(kind, name) for kind, name in template_names()])
    for word in ("lifecycle", '"mode"', "ignore_missing", "custom", "constant_keyword", "match_only_text"):
        assert word not in text


def test_index_templates_name_components_that_are_put_before():
    """Every component an index template is composed of is one of ours, and comes first."""
    seen = set()
    for kind, name in template_names():
        body = opensearch_template(kind, name)
        if kind == "index":
            assert set(body["composed_of"]) <= seen
            assert body["data_stream"] == {}
        seen.add(name)
