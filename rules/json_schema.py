"""The JSON Schema of a rule file, made from what the reader knows, so that editors complete and check as people type.

What it cannot say (that an address is one, that a rule narrows something) `netad rules lint` says.
"""

import json
import re
from typing import Any

from netad.rules.actions import INHIBIT_KEYS, LIMIT_KEYS, LOWER_KEYS, SEVERITIES
from netad.rules.cases import CASE_KEYS, EXPECTED
from netad.rules.conditions import ADDITIONS, CONNECTIVES
from netad.rules.entries import LONGEST
from netad.rules.fields import FIELDS, FLOW_FIELDS, open_names
from netad.rules.list_files import KEYS as LIST_FILE_KEYS
from netad.rules.rule import ACTIONS
from netad.rules.schedule import KEYS as SCHEDULE_KEYS
from netad.rules.schema import APPLIES_TO, FILE_KEYS, RULE_KEYS, SLUG, VERSION
from netad.rules.scope import SCOPES
from netad.rules.values import MODIFIERS

_TEXT = {"type": "string", "minLength": 1}
_SCALAR = {"type": ["string", "number", "boolean"]}
_TEXTS = {"oneOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
_TRUE = {"const": True}
_MOMENT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}"}


def json_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12) of a rule file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "netad rules",
        "description": "Suppression rules of netad, one file. Sigma's filter documents load too; they have their own.",
        **_map(_file()),
        "$defs": {
            "match": {"oneOf": [_ref("conditions"), {"type": "array", "items": _ref("conditions"), "minItems": 1}]},
            "conditions": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"anyOf": [{"enum": list(CONNECTIVES)}, {"pattern": _condition_pattern()}]},
                "properties": {
                    "any": {"type": "array", "items": _ref("conditions"), "minItems": 1},
                    "all": {"type": "array", "items": _ref("match"), "minItems": 1},
                    "not": _ref("match"),
                },
                "additionalProperties": {"oneOf": [_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1}]},
            },
            "rule": _rule(),
            "case": _case(),
        },
    }


def schema_text() -> str:
    """Return the schema as the file in the documentation has it."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _map(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**found, "required": list(required)} if required else found


def _known(keys: tuple[str, ...], parts: dict[str, Any]) -> dict[str, Any]:
    """Return the parts in the order of the reader's keys, all of which must be there and no other."""
    if set(keys) != set(parts):
        raise AssertionError(f"the schema and the reader differ in {sorted(set(keys) ^ set(parts))}")
    return {key: parts[key] for key in keys}


def _condition_pattern() -> str:
    names = "|".join(re.escape(name) for name in sorted({*FIELDS, *FLOW_FIELDS}))
    opened = "|".join(f"{re.escape(prefix)}.+" for prefix in open_names())
    modifiers = "|".join([*(name for name in MODIFIERS if name != "exact"), *ADDITIONS])
    return rf"^({names}|{opened})(\|({modifiers}))*$"


def _file() -> dict[str, Any]:
    values = {"type": "array", "minItems": 1, "items": {"anyOf": [_SCALAR, _list_file()]}}
    return _known(
        FILE_KEYS,
        {
            "version": {"const": VERSION},
            "lists": {"type": "object", "additionalProperties": {"oneOf": [values, _list_file()]}},
            "rules": {"type": "array", "items": _ref("rule")},
            "tests": {"type": "array", "items": _ref("case")},
        },
    )


def _list_file() -> dict[str, Any]:
    parts = {"file": _TEXT, "column": _TEXT, "delimiter": {"type": "string", "minLength": 1, "maxLength": 1}}
    return _map(_known(LIST_FILE_KEYS, parts), ("file",))


def _rule() -> dict[str, Any]:
    text = {name: {**_TEXT, "maxLength": longest} for name, longest in LONGEST.items()}
    keys = _known(
        RULE_KEYS,
        {
            "id": {"type": "string", "pattern": f"^{SLUG.pattern}$"},
            **text,
            "starts": _MOMENT,
            "expires": _MOMENT,
            "permanent": _TRUE,
            "applies_to": {"enum": list(APPLIES_TO)},
            "schedule": _map(_known(SCHEDULE_KEYS, {"tz": _TEXT, "windows": _TEXTS}), SCHEDULE_KEYS),
            "scope": {**_map(dict.fromkeys(SCOPES, _TEXTS)), "minProperties": 1},
            "match": _ref("match"),
            "match_all": _TRUE,
            "except": _ref("match"),
            "action": {"enum": list(ACTIONS)},
            **_blocks(),
        },
    )
    ends = [{"required": ["expires"]}, {"required": ["permanent"]}]
    about = [{"required": ["match"]}, {"required": ["match_all"]}]
    return {**_map(keys, ("id", "comment", "created_by")), "allOf": [{"oneOf": ends}, {"anyOf": about}]}


def _blocks() -> dict[str, Any]:
    lower = {
        "severity": {"enum": [name for name in SEVERITIES if name != "critical"]},
        "severity_by": {"type": "integer", "minimum": 1, "maximum": 3},
        "score_by": {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
    }
    limit = {"group_by": _TEXTS, "count": {"type": "integer", "minimum": 0}, "per": _TEXT}
    inhibit = {"by": {"oneOf": [{"const": "any"}, _ref("match")]}, "equal": _TEXTS, "within": _TEXT}
    return {
        "lower": {**_map(_known(LOWER_KEYS, lower)), "minProperties": 1},
        "tag": _TEXTS,
        "limit": _map(_known(LIMIT_KEYS, limit), ("group_by", "per")),
        "inhibit": _map(_known(INHIBIT_KEYS, inhibit), ("by",)),
    }


def _case() -> dict[str, Any]:
    event, outcome = {"type": "object"}, {"enum": list(EXPECTED)}
    keys = _known(
        CASE_KEYS,
        {
            "name": _TEXT,
            "now": _MOMENT,
            "event": event,
            "events": {"type": "array", "items": event, "minItems": 1},
            "flow": event,
            "expect": {"oneOf": [outcome, {"type": "array", "items": outcome, "minItems": 1}]},
            "rules": {"oneOf": [_TEXT, {"type": "array", "items": _TEXT}]},
        },
    )
    inputs = [{"required": [name]} for name in ("event", "events", "flow")]
    return {**_map(keys, ("name", "expect")), "oneOf": inputs}
