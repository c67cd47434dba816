"""The fields a rule may name: what an anomaly event can carry (ECS 9.4 and `netad.*`), with what each holds.

Rules for flows have a table of their own: the same names as in flow events, as far as flow records carry them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from netad.core.problems import did_you_mean, shown

Kind: TypeAlias = Literal["text", "ip", "integer", "number", "date", "boolean"]
Presence: TypeAlias = Literal["constant", "always", "sometimes"]

KINDS: dict[Kind, str] = {
    "text": "text",
    "ip": "an IP address",
    "integer": "a whole number",
    "number": "a number",
    "date": "a date or time",
    "boolean": "true or false",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event, or several that are asked as one (`either.ip`).

    `presence`: `constant` has the same value in every anomaly, `always` is in every one, `sometimes` may be missing. A
    rule must not stand on the first alone.
    """

    name: str
    kind: Kind
    presence: Presence
    paths: tuple[str, ...]


def _table(text: str) -> Iterator[Field]:
    for line in text.strip().splitlines():
        kind, presence, *names = line.split()
        for name in names:
            yield Field(name, kind, presence, (name,))  # type: ignore[arg-type]  # the table's words are the literals
    yield Field("either.ip", "ip", "always", ("source.ip", "destination.ip"))


# `event.ingested` and `netad.suppression.*` are set after the rules. Of `netad.anomaly.influencers` and `.profile` only
# the names are here: their numbers belong together object by object, and "any value fits" would compare one feature's
# name with another's number; `netad.anomaly.features.*` holds the same numbers by name. `netad.findings.parameters` are
# of many kinds, and say nothing about the event.
_FIELDS = """
text    constant  ecs.version data_stream.type data_stream.dataset event.kind event.category event.type event.action
text    constant  event.module event.dataset event.provider observer.type observer.vendor observer.product agent.type
text    constant  rule.ruleset rule.category netad.entity.type
text    always    message event.id event.reason rule.id rule.name rule.version data_stream.namespace observer.name
text    always    agent.version agent.name agent.id agent.ephemeral_id source.address
text    always    netad.run.id netad.detector netad.entity.value netad.model.name netad.model.version
text    always    netad.anomaly.window
text    always    netad.incident.id
text    sometimes tags destination.address network.transport network.direction
text    sometimes netad.anomaly.top_features netad.anomaly.influencers.feature netad.anomaly.profile.feature
text    sometimes netad.anomaly.sample_flow_ids netad.anomaly.transports netad.behaviours
text    sometimes netad.findings.behaviour netad.findings.sentence netad.findings.technique.id
text    sometimes netad.findings.technique.name netad.findings.transports netad.findings.names
text    sometimes threat.framework threat.technique.id threat.technique.name threat.technique.reference
text    sometimes related.hosts netad.evidence.alerts.signature netad.evidence.alerts.tool
text    sometimes netad.evidence.rare_names netad.evidence.domains netad.evidence.server_names
text    sometimes netad.evidence.http_hosts netad.evidence.user_agents netad.evidence.ja4
text    sometimes netad.evidence.threats.list netad.evidence.threats.kind netad.evidence.threats.indicator
text    sometimes netad.evidence.threats.matched host.name host.mac source.domain destination.domain
text    sometimes netad.asset.name netad.asset.roles netad.asset.owner netad.asset.criticality
text    sometimes destination.geo.continent_code destination.geo.country_iso_code destination.geo.country_name
text    sometimes destination.geo.region_iso_code destination.geo.city_name destination.as.organization.name
text    sometimes source.geo.continent_code source.geo.country_iso_code source.geo.country_name
text    sometimes source.geo.region_iso_code source.geo.city_name source.as.organization.name
ip      sometimes host.ip
integer sometimes source.as.number destination.as.number netad.evidence.threat_count
ip      always    source.ip related.ip
ip      sometimes destination.ip netad.findings.peers
integer sometimes netad.findings.peer_count netad.findings.ports netad.findings.port_count
integer sometimes netad.evidence.alert_count netad.evidence.alerts.count netad.evidence.alerts.severity
number  sometimes netad.findings.strength
date    sometimes netad.findings.times netad.findings.first netad.findings.last
integer always    event.duration event.severity netad.incident.windows
integer always    netad.anomaly.flow_count netad.anomaly.destination_count netad.anomaly.baseline_profiles
integer sometimes source.bytes source.packets destination.port netad.anomaly.destination_ports
number  always    event.risk_score event.risk_score_norm netad.anomaly.score netad.anomaly.threshold
number  always    netad.anomaly.tail netad.anomaly.percentile
date    always    @timestamp event.start event.end event.created netad.incident.start
boolean always    netad.entity.inside netad.entity.known netad.anomaly.is_interim
"""

# What a flow record says, under the names that flow events have for it (netad.rules.flow_fields).
_FLOW_FIELDS = """
text    always    observer.name data_stream.namespace
text    sometimes network.transport network.protocol netad.flow.state netad.flow.tunnel
ip      always    source.ip destination.ip
integer always    network.iana_number event.duration
integer sometimes source.port destination.port source.bytes destination.bytes network.bytes
integer sometimes source.packets destination.packets network.packets network.vlan.id
"""

# Names below these are the user's, the features', the detectors' and the behaviours' own.
_OPEN: dict[str, Kind] = {
    "labels.": "text",
    "netad.findings.numbers.": "number",
    "netad.anomaly.features.": "number",
    "netad.anomaly.detectors.": "number",
    "netad.anomaly.totals.": "integer",
}

_LONGEST = 200

FIELDS: dict[str, Field] = {field.name: field for field in _table(_FIELDS)}
FLOW_FIELDS: dict[str, Field] = {field.name: field for field in _table(_FLOW_FIELDS)}


def find_field(name: str, applies_to: str = "events") -> Field:
    """Return the field of that name.

    Raises:
        ValueError: no event (or, for rules that apply to flows, no flow) carries it; the message is a sentence with
            the nearest name.
    """
    if applies_to == "flows":
        if name in FLOW_FIELDS:
            return FLOW_FIELDS[name]
        raise ValueError(f"flows have no field {shown(name)}{did_you_mean(name, FLOW_FIELDS)}")
    if name in FIELDS:
        return FIELDS[name]
    for prefix, kind in _OPEN.items():
        if name.startswith(prefix) and prefix != name and len(name) <= _LONGEST and name.isprintable():
            return Field(name, kind, "sometimes", (name,))
    known = [*FIELDS, *(f"{prefix}*" for prefix in _OPEN)]
    raise ValueError(f"unknown field {shown(name)}{did_you_mean(name, known)}")


def open_names() -> tuple[str, ...]:
    """Return what the names of fields begin with that need no table: `labels.` and the like."""
    return tuple(_OPEN)
