"""The fields of netad's events as Elasticsearch mappings: ECS 9.4 types, and `netad.*`."""

from typing import Any

# Where the cluster has the paid-for or packaged field types of the default distribution, they save space.
CORE_TYPES = {"constant": {"type": "keyword"}, "message": {"type": "text"}}
EXTRA_TYPES = {"constant": {"type": "constant_keyword"}, "message": {"type": "match_only_text"}}
TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "date": {"type": "date"},
    "float": {"type": "float"},
    "geo_point": {"type": "geo_point"},
    "ip": {"type": "ip"},
    "keyword": {"type": "keyword", "ignore_above": 1024},
    "long": {"type": "long"},
    # Stored and shown, never searched: lists of objects whose inner fields only mean something together.
    "opaque": {"type": "object", "enabled": False},
    # Names below are the user's, the features' or the detectors' own; a dynamic template gives each its type.
    "open": {"type": "object", "dynamic": True},
}

_COMMON = """
date      @timestamp event.created event.ingested event.start event.end
constant  data_stream.type data_stream.dataset data_stream.namespace
message   message
keyword   ecs.version tags
keyword   agent.type agent.version agent.name agent.id agent.ephemeral_id
keyword   observer.type observer.vendor observer.product observer.name observer.ingress.interface.name
keyword   event.kind event.category event.type event.action event.module event.dataset event.provider event.id
long      event.duration
keyword   source.address source.mac destination.address destination.mac
ip        source.ip destination.ip related.ip
long      source.port source.bytes source.packets destination.port destination.bytes destination.packets
keyword   network.type network.transport network.iana_number network.protocol network.direction network.community_id
keyword   network.vlan.id
long      network.bytes network.packets
keyword   source.domain destination.domain
keyword   source.geo.continent_code source.geo.country_iso_code source.geo.country_name source.geo.region_iso_code
keyword   source.geo.city_name destination.geo.continent_code destination.geo.country_iso_code
keyword   destination.geo.country_name destination.geo.region_iso_code destination.geo.city_name
geo_point source.geo.location destination.geo.location
long      source.as.number destination.as.number
keyword   source.as.organization.name destination.as.organization.name
keyword   log.file.path netad.run.id netad.input.type
open      labels
"""

# Of everything that is judged by a model: anomalies and profiles.
_JUDGED = """
long      event.severity
float     event.risk_score event.risk_score_norm
keyword   netad.detector netad.entity.type netad.entity.value netad.model.name netad.model.version netad.behaviours
boolean   netad.entity.inside netad.entity.known
keyword   host.name host.mac
ip        host.ip
keyword   netad.asset.name netad.asset.roles netad.asset.owner netad.asset.criticality
"""

_ANOMALY = """
keyword   event.reason event.url
keyword   rule.id rule.name rule.category rule.ruleset rule.version
keyword   threat.framework threat.tactic.id threat.tactic.name threat.tactic.reference
keyword   threat.technique.id threat.technique.name threat.technique.reference
keyword   netad.incident.id
date      netad.incident.start
long      netad.incident.windows
boolean   netad.anomaly.is_interim netad.suppression.suppressed
keyword   netad.suppression.action netad.suppression.rule_ids netad.suppression.owner netad.suppression.reason
keyword   netad.suppression.actions netad.suppression.inhibited_by netad.suppression.tags
long      netad.suppression.original.severity
float     netad.suppression.original.risk_score
date      netad.suppression.expires netad.verdict.at
keyword   netad.verdict.label netad.verdict.comment netad.verdict.by
float     netad.anomaly.score netad.anomaly.threshold netad.anomaly.tail netad.anomaly.percentile
keyword   netad.anomaly.window netad.anomaly.top_features netad.anomaly.transports netad.anomaly.sample_flow_ids
long      netad.anomaly.flow_count netad.anomaly.destination_count netad.anomaly.destination_ports
long      netad.anomaly.baseline_profiles
keyword   netad.anomaly.unexpected
open      netad.anomaly.features netad.anomaly.detectors netad.anomaly.totals
keyword   related.hosts
keyword   netad.evidence.alerts.signature netad.evidence.alerts.tool
long      netad.evidence.alert_count netad.evidence.alerts.count netad.evidence.alerts.severity
keyword   netad.evidence.rare_names netad.evidence.domains netad.evidence.server_names netad.evidence.http_hosts
keyword   netad.evidence.user_agents netad.evidence.ja4
keyword   netad.evidence.threats.list netad.evidence.threats.kind netad.evidence.threats.indicator
keyword   netad.evidence.threats.matched
long      netad.evidence.threat_count
opaque    threat.enrichments netad.peers
opaque    netad.anomaly.influencers netad.anomaly.profile netad.anomaly.normal_if netad.findings
"""

_FLOW = """
keyword   netad.flow.id netad.flow.state netad.flow.history netad.flow.tunnel
boolean   netad.flow.final
long      netad.flow.source.frame_bytes netad.flow.destination.frame_bytes
long      netad.flow.icmp.type netad.flow.icmp.code
"""

_PROFILE = """
float     netad.profile.score netad.profile.threshold netad.profile.percentile
keyword   netad.profile.severity netad.profile.window netad.profile.anomaly_id
boolean   netad.profile.flagged netad.profile.is_interim
long      netad.profile.flows netad.profile.bytes netad.profile.packets netad.profile.bytes_in
long      netad.profile.destinations netad.profile.baseline_profiles
open      netad.profile.features netad.profile.typical netad.profile.detectors
"""

_RUN = """
keyword   event.outcome
keyword   netad.model.name netad.model.version
keyword   netad.run.command netad.run.ended netad.run.inputs.kinds netad.run.window netad.run.baseline
keyword   netad.run.problems netad.run.notes
keyword   netad.run.versions.netad netad.run.versions.python netad.run.versions.numpy netad.run.versions.numba
keyword   netad.run.versions.pandas netad.run.versions.scikit_learn netad.run.versions.elasticsearch
long      netad.run.exit_code netad.run.problem_count
long      netad.run.inputs.files netad.run.inputs.captures netad.run.inputs.logs netad.run.inputs.bytes
long      netad.run.packets netad.run.records netad.run.handed_over netad.run.flows netad.run.profiles
long      netad.run.sources netad.run.windows netad.run.skipped_records
date      netad.run.traffic.start netad.run.traffic.end
long      netad.run.anomalies.total netad.run.anomalies.low netad.run.anomalies.medium netad.run.anomalies.high
long      netad.run.anomalies.critical netad.run.suppressed netad.run.dropped
keyword   netad.run.rules.id
long      netad.run.rules.suppressed netad.run.rules.dropped
long      netad.run.delivered netad.run.duplicates netad.run.spooled netad.run.dead netad.run.drained
keyword   netad.run.deliveries.output
long      netad.run.deliveries.delivered netad.run.deliveries.duplicates netad.run.deliveries.spooled
long      netad.run.deliveries.dead netad.run.deliveries.drained
long      netad.run.spool.files netad.run.spool.bytes
float     netad.run.threshold netad.run.budget
float     netad.run.seconds.read netad.run.seconds.profile netad.run.seconds.score netad.run.seconds.deliver
float     netad.run.seconds.total
open      netad.run.skipped
"""

TABLES = {
    "common": _COMMON,
    "anomaly": _JUDGED + _ANOMALY,
    "flow": _FLOW,
    "profile": _JUDGED + _PROFILE,
    "run": _RUN,
}

# What lies below the open fields.
OPEN_TYPES = {
    "labels": "keyword",
    "netad.anomaly.features": "float",
    "netad.anomaly.detectors": "float",
    "netad.anomaly.totals": "long",
    "netad.profile.features": "float",
    "netad.profile.typical": "float",
    "netad.profile.detectors": "float",
    "netad.run.skipped": "long",
}


def field_types(table: str) -> dict[str, str]:
    """Return the fields of a table (`common`, `anomaly`, ...) with the name of their type in `TYPES`."""
    rows = (line.split() for line in TABLES[table].splitlines() if line)
    return {name: kind for kind, *names in rows for name in names}


def mappings(table: str, extras: bool) -> dict[str, Any]:
    """Return the mapping of a table's fields. What is not listed is stored, but not indexed.

    `extras` uses the field types of Elastic's default distribution (`GET /_xpack` answers).
    """
    types = TYPES | (EXTRA_TYPES if extras else CORE_TYPES)
    fields = field_types(table)
    properties: dict[str, Any] = {}
    for name, kind in fields.items():
        *path, last = name.split(".")
        level = properties
        for part in path:
            level = level.setdefault(part, {"properties": {}})["properties"]
        level[last] = dict(types[kind])
    templates = [
        {name.replace(".", "_"): {"path_match": f"{name}.*", "mapping": dict(types[OPEN_TYPES[name]])}}
        for name, kind in fields.items()
        if kind == "open"
    ]
    return {"dynamic": False, "dynamic_templates": templates, "properties": properties}
