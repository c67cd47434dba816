import json
import re
from pathlib import Path

import pytest

from netad.rules.actions import BLOCKS
from netad.rules.json_schema import json_schema, schema_text
from netad.rules.schema import RULE_KEYS

ROOT = Path(__file__).parents[2]


def test_the_schema_of_the_documentation_is_current():
    """`netad rules schema > docs/rules.schema.json` makes it so."""
    assert (ROOT / "docs" / "rules.schema.json").read_text() == schema_text()


def test_every_key_of_a_rule_is_in_it():
    """And nothing else."""
    rule = json_schema()["$defs"]["rule"]
    assert tuple(rule["properties"]) == RULE_KEYS
    assert set(BLOCKS) <= set(rule["properties"])
    assert rule["additionalProperties"] is False
    assert json.loads(schema_text()) == json_schema()


@pytest.mark.parametrize(
    ("key", "expected"),
    [("source.ip", True), ("source.ip|cidr", True), ("message|contains|all", True), ("labels.site", True), ("labels.",
     False),
     ("sorce.ip", False), ("source.ip|cdir", False), ("message|re|i", True), ("netad.flow.state", True)],
)  # fmt: skip
def test_keys_of_conditions_are_checked(key, expected):
    """Fields and modifiers that there are."""
    names = json_schema()["$defs"]["conditions"]["propertyNames"]["anyOf"]
    assert (re.search(names[1]["pattern"], key) is not None) is expected
    assert names[0] == {"enum": ["any", "all", "not"]}
