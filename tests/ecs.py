"""What ECS 9.4 says of the fields that netad fills, and what is wrong with a document by it and by netad's mappings.

The tables hold facts from the public field reference of the Elastic Common Schema
(https://www.elastic.co/docs/reference/ecs): names, types, which fields hold lists, which values they take.
"""

import ipaddress
import math
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from netad.outputs.elastic.fields import OPEN_TYPES, TYPES, field_types

Document = dict[str, Any]

_FIELDS = """
date              @timestamp event.created event.ingested event.start event.end
constant_keyword  data_stream.type data_stream.dataset data_stream.namespace
match_only_text   message
keyword[]         tags event.category event.type related.hosts
keyword[]         threat.tactic.id threat.tactic.name threat.tactic.reference
keyword[]         threat.technique.id threat.technique.name threat.technique.reference
keyword           ecs.version event.kind event.action event.module event.dataset event.provider event.id event.outcome
keyword           event.reason event.url threat.framework
keyword           agent.type agent.version agent.name agent.id agent.ephemeral_id
keyword           observer.type observer.vendor observer.product observer.name observer.ingress.interface.name
keyword           source.address source.mac destination.address destination.mac
keyword           network.type network.transport network.iana_number network.protocol network.direction
keyword           network.community_id network.vlan.id log.file.path host.name
keyword           source.domain source.geo.continent_code source.geo.country_iso_code source.geo.country_name
keyword           source.geo.region_iso_code source.geo.city_name source.as.organization.name
keyword           destination.domain destination.geo.continent_code destination.geo.country_iso_code
keyword           destination.geo.country_name destination.geo.region_iso_code destination.geo.city_name
keyword           destination.as.organization.name
keyword[]         host.mac
geo_point         source.geo.location destination.geo.location
keyword           rule.id rule.name rule.category rule.ruleset rule.version
ip                source.ip destination.ip
ip[]              related.ip host.ip
long              event.duration event.severity source.port source.bytes source.packets
long              destination.port destination.bytes destination.packets network.bytes network.packets
float             event.risk_score event.risk_score_norm
long              source.as.number destination.as.number
object            labels
nested[]          threat.enrichments
"""
FIELDS = {name: kind for kind, *names in map(str.split, _FIELDS.strip().splitlines()) for name in names}
ALLOWED = {
    "event.kind": ["alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"],
    "event.outcome": ["failure", "success", "unknown"],
    "event.category": [
        "api",
        "authentication",
        "configuration",
        "database",
        "driver",
        "email",
        "file",
        "host",
        "iam",
        "intrusion_detection",
        "library",
        "malware",
        "network",
        "package",
        "process",
        "registry",
        "session",
        "threat",
        "vulnerability",
        "web",
    ],
    "network.direction": ["ingress", "egress", "inbound", "outbound", "internal", "external", "unknown"],
}
# Which types of events a category has.
EVENT_TYPES = {
    "network": ["access", "allowed", "connection", "denied", "end", "info", "protocol", "start"],
    "intrusion_detection": ["allowed", "denied", "info"],
    "process": ["access", "change", "end", "info", "start"],
}
# What netad's own types of fields are called in ECS.
SAME = {"constant": "constant_keyword", "message": "match_only_text", "open": "object", "opaque": "nested"}
# Fields that the subset of the schema that tests compare with leaves out.
BEYOND = {"threat.enrichments"}
_POINT = re.compile(r"-?\d+(\.\d+)?,-?\d+(\.\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z")
_MAC = re.compile(r"[0-9A-F]{2}(-[0-9A-F]{2}){5}")


def faults(document: Document) -> list[str]:
    """Return what is wrong with a document: one line for each field that is not as the tables have it."""
    types = _types_of(document["data_stream"]["dataset"].removeprefix("netad."))
    found = []
    for path, value in _leaves(document, types):
        mapped = _type_of(path, types)
        if mapped is None:
            found.append(f"{path} is not mapped")
            continue
        found += [f"{path}: {why}" for why in _wrong(path, value, mapped)]
    return found + [f"event.type: {one} fits no category" for one in _types_without_category(document)]


@cache
def _types_of(kind: str) -> dict[str, str]:
    return field_types("common") | field_types(kind)


def _leaves(level: Document, types: dict[str, str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in level.items():
        path = f"{prefix}{name}"
        if "." in name:
            yield path, ValueError("a dot in a name")
        elif types.get(path) == "opaque":
            yield path, value
        elif isinstance(value, dict) and value:
            yield from _leaves(value, types, f"{path}.")
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            for item in value:
                yield from _leaves(item, types, f"{path}.")
        else:
            yield path, value


def _type_of(path: str, types: dict[str, str]) -> str | None:
    if path in types:
        return types[path]
    above = path.rpartition(".")[0]
    return OPEN_TYPES[above] if types.get(above) == "open" else None


def _wrong(path: str, value: object, mapped: str) -> Iterator[str]:
    if mapped == "opaque":
        yield from _unstorable(value)
        return
    listed = isinstance(value, list)
    if not path.startswith("netad.") and not path.startswith("labels."):
        kind = FIELDS.get(path)
        if kind is None:
            yield "no field of ECS"
            return
        if SAME.get(mapped, mapped) != kind.removesuffix("[]"):
            yield f"mapped as {mapped}, ECS has {kind}"
        if listed != kind.endswith("[]"):
            yield "a list" if listed else "not a list"
    items = value if isinstance(value, list) else [value]
    if not items:
        yield "an empty list"
    for item in items:
        if not _FITS[mapped](item):
            yield f"{item!r} is no {mapped}"
        if path in ALLOWED and item not in ALLOWED[path]:
            yield f"{item!r} is not allowed"
        if path.endswith(".mac") and not _MAC.fullmatch(str(item)):
            yield f"{item!r} is no MAC address as ECS writes it"


def _is_date(item: object) -> bool:
    return isinstance(item, str) and _DATE.fullmatch(item) is not None


def _is_ip(item: object) -> bool:
    try:
        return isinstance(item, str) and bool(ipaddress.ip_address(item))
    except ValueError:
        return False


_FITS: dict[str, Callable[[Any], bool]] = {
    "boolean": lambda item: isinstance(item, bool),
    "long": lambda item: type(item) is int and -(2**63) <= item < 2**63,
    "float": lambda item: type(item) in (int, float) and math.isfinite(item),
    "date": _is_date,
    "ip": _is_ip,
    "geo_point": lambda item: isinstance(item, str) and _POINT.fullmatch(item) is not None,
    "keyword": lambda item: isinstance(item, str) and 0 < len(item) <= TYPES["keyword"]["ignore_above"],
    "constant": lambda item: isinstance(item, str) and bool(item),
    "message": lambda item: isinstance(item, str) and bool(item),
}


def _unstorable(value: object) -> Iterator[str]:
    """Yield what JSON cannot carry, and nulls, anywhere below an object that is only stored."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _unstorable(item)
    elif isinstance(value, list):
        for item in value:
            yield from _unstorable(item)
    elif value is None or (isinstance(value, float) and not math.isfinite(value)):
        yield f"{value!r} inside"


def _types_without_category(document: Document) -> Iterator[str]:
    categories, types = document["event"].get("category", []), document["event"].get("type", [])
    fitting = {one for category in categories for one in EVENT_TYPES.get(category, ())}
    yield from (one for one in types if one not in fitting)
