"""An anomaly as an ECS alert: what happened in one sentence, how sure, why, and the flows behind it."""

from math import isfinite
from typing import TYPE_CHECKING, Any

from netad.core.figures import percent, quantity
from netad.core.timing import iso
from netad.detectors.anomaly import Anomaly, Change, Evidence, Reason, UnexpectedWord
from netad.detectors.sentence import sentence
from netad.outputs.base import Event
from netad.outputs.origin import Origin, envelope, storable, window_id
from netad.outputs.wording import behaviour_name, score_text

if TYPE_CHECKING:
    from netad.detectors.behaviour.base import Finding

DATASET = "netad.anomaly"
RELATED = 20
# What a source named, in `netad.evidence`; hosts and domains are related ones too.
_SAID = ("rare_names", "domains", "server_names", "http_hosts", "user_agents", "ja4")
_HOSTS = _SAID[:4]
TOP = 3


def anomaly_id(anomaly: Anomaly, origin: Origin) -> str:
    """Return the anomaly's content id: the same source, window and model name make the same event."""
    window = (anomaly.source, anomaly.window_start_ns, anomaly.window_end_ns, anomaly.model_name, anomaly.window_digest)
    return window_id("anomaly", *window, origin)


def anomaly_event(anomaly: Anomaly, origin: Origin, created: str) -> Event:
    """Return the alert of an anomaly: an ECS 9.4 document, all plain Python values, none of them null.

    `created` (ISO 8601) becomes `event.created`; `event.ingested` is stamped by the outputs.
    """
    risk = round(anomaly.score * 100, 4)
    document = envelope(
        DATASET,
        origin,
        anomaly.window_end_ns,
        {
            "kind": "alert",
            "category": ["network", "intrusion_detection"],
            "type": ["info"],
            "action": "network_anomaly",
            "id": anomaly_id(anomaly, origin),
            "start": iso(anomaly.window_start_ns),
            "end": iso(anomaly.window_end_ns),
            "duration": anomaly.window_end_ns - anomaly.window_start_ns,
            "created": created,
            "severity": int(anomaly.severity),
            "risk_score": risk,
            "risk_score_norm": risk,
            "reason": reason_text(anomaly),
        },
    )
    document["message"] = message(anomaly)
    document["rule"] = _rule(anomaly)
    if anomaly.findings:
        document["threat"] = _threat(anomaly.findings)
    document.update(_endpoints(anomaly))
    document["netad"] = {
        "run": {"id": origin.run_id},
        "detector": anomaly.detector,
        "entity": {
            "type": "source.ip",
            "value": anomaly.source,
            "inside": anomaly.inside,
            "known": anomaly.known_source,
        },
        "model": {"name": anomaly.model_name, "version": anomaly.model_version},
        "anomaly": _details(anomaly),
        "suppression": {"suppressed": False},
    }
    said = _said(anomaly.evidence)
    if said:
        document["netad"]["evidence"] = said
    if anomaly.findings:
        document["netad"]["behaviours"] = list(dict.fromkeys(finding.behaviour for finding in anomaly.findings))
        document["netad"]["findings"] = [_finding(finding) for finding in anomaly.findings[:RELATED]]
    return document


def _rule(anomaly: Anomaly) -> dict[str, str]:
    """Return `rule`: the strongest behaviour that was seen, or that the profile as a whole is unusual."""
    named = {"category": "anomaly", "ruleset": "netad", "version": anomaly.model_version}
    if anomaly.findings:
        behaviour = anomaly.findings[0].behaviour
        return {"id": f"netad.behaviour.{behaviour}", "name": behaviour_name(behaviour), **named}
    name = "Unusual network profile of a source address"
    return {"id": f"netad.{anomaly.detector}.source_profile", "name": name, **named}


def _threat(findings: "tuple[Finding, ...]") -> dict[str, Any]:
    """Return `threat`: the techniques of MITRE ATT&CK behind the findings."""
    techniques = dict.fromkeys(finding.technique for finding in findings)
    return {
        "framework": "MITRE ATT&CK",
        "technique": {
            "id": [one.id for one in techniques],
            "name": [one.name for one in techniques],
            "reference": [f"https://attack.mitre.org/techniques/{one.id.replace('.', '/')}/" for one in techniques],
        },
    }


def _finding(finding: "Finding") -> dict[str, Any]:
    """Return one named behaviour with what it rests on."""
    traces = finding.traces
    fields: dict[str, Any] = {
        "behaviour": finding.behaviour,
        "strength": float(finding.strength),
        "sentence": finding.sentence,
        "technique": {"id": finding.technique.id, "name": finding.technique.name},
        "peers": list(traces.peers),
        "peer_count": traces.peer_count,
        "ports": [int(port) for port in traces.ports],
        "port_count": traces.port_count,
        "transports": list(traces.transports),
        "names": [storable(name) for name in traces.names],
        "times": [iso(time_ns) for time_ns in traces.times_ns],
        "first": iso(traces.first_ns),
        "last": iso(traces.last_ns),
        "numbers": _finite(dict(traces.numbers)),
        "parameters": dict(finding.parameters),
    }
    return {name: value for name, value in fields.items() if value not in ([], {})}


def message(anomaly: Anomaly) -> str:
    """Return what happened as one sentence: who did what, what else is unusual, when, and how unusual that is."""
    reasons = [reason for reason in anomaly.reasons if isfinite(reason.actual) and isfinite(reason.typical)]
    profile = [reason for reason in anomaly.profile if isfinite(reason.actual)]
    if anomaly.findings:
        did = "; ".join(finding.sentence for finding in anomaly.findings[:TOP])
        what = f"{behaviour_name(anomaly.findings[0].behaviour)}: {anomaly.source} {did}"
    else:
        what = sentence(anomaly.source, anomaly.window_length, reasons[:TOP], profile)
    return (
        f"{what}; "
        f"anomaly score {score_text(anomaly.score)}, threshold {score_text(anomaly.threshold)}, "
        f"between {_seconds(anomaly.window_start_ns)} and {_seconds(anomaly.window_end_ns)}"
        f"{'' if anomaly.known_source else ' (new host, low confidence)'}."
    )


def _seconds(time_ns: int) -> str:
    return f"{iso(time_ns)[:19]}Z"


def reason_text(anomaly: Anomaly) -> str:
    """Return the strongest behaviour that was seen, or the feature that matters most, beside its baseline."""
    if anomaly.findings:
        return anomaly.findings[0].sentence
    if not anomaly.reasons:
        return "the profile as a whole is unusual"
    first = anomaly.reasons[0]
    if not isfinite(first.quantile):
        return _told(first)
    if first.quantile < 0.5:
        return f"{_told(first)}, below {percent(1 - first.quantile)} of baseline profiles"
    return f"{_told(first)}, at or above {percent(first.quantile)} of baseline profiles"


def _told(reason: Reason) -> str:
    if not isfinite(reason.actual):
        return f"{reason.label} missing"
    typical = f" (typical {quantity(reason.typical, reason.unit)})" if isfinite(reason.typical) else ""
    return f"{reason.label} {quantity(reason.actual, reason.unit)}{typical}"


def _endpoints(anomaly: Anomaly) -> dict[str, Any]:
    """Return `source`, `destination` (when one peer is all there is), `network` and `related`."""
    evidence, totals = anomaly.evidence, anomaly.totals
    source: dict[str, Any] = {"ip": anomaly.source, "address": anomaly.source}
    source.update({name: int(totals[name]) for name in ("bytes", "packets") if name in totals})
    peers = [peer for peer in dict.fromkeys(evidence.peers) if peer != anomaly.source][:RELATED]
    fields: dict[str, Any] = {"source": source, "related": {"ip": [anomaly.source, *peers]}}
    hosts = dict.fromkeys(storable(name) for names in _HOSTS for name in getattr(evidence, names))
    if hosts:
        fields["related"]["hosts"] = list(hosts)[:RELATED]
    if evidence.peer_count == 1 and len(evidence.peers) == 1:
        fields["destination"] = {"ip": evidence.peers[0], "address": evidence.peers[0]}
        if len(evidence.ports) == 1:
            fields["destination"]["port"] = int(evidence.ports[0])
    network = {"transport": evidence.transports[0]} if len(evidence.transports) == 1 else {}
    if evidence.direction:
        network["direction"] = evidence.direction
    if network:
        fields["network"] = network
    return fields


def _said(evidence: Evidence) -> dict[str, Any]:
    """Return `netad.evidence`: the alerts of other tools about the source, and what it named."""
    fields: dict[str, Any] = {name: [storable(text) for text in getattr(evidence, name)] for name in _SAID}
    if evidence.alerts:
        fields["alert_count"] = evidence.alert_count
        fields["alerts"] = [
            {"signature": storable(alert.signature), "count": alert.count, "tool": alert.tool}
            | ({"severity": alert.severity} if alert.severity else {})
            for alert in evidence.alerts
        ]
    return {name: value for name, value in fields.items() if value}


def _details(anomaly: Anomaly) -> dict[str, Any]:
    """Return `netad.anomaly`: scores, reasons and evidence."""
    evidence = anomaly.evidence
    shown = {reason.feature: reason for reason in (*anomaly.profile, *anomaly.reasons)}
    details: dict[str, Any] = {
        "score": anomaly.score,
        "threshold": anomaly.threshold,
        "tail": anomaly.tail,
        "percentile": round((1 - anomaly.tail) * 100, 6),
        "is_interim": bool(anomaly.window_digest),
        "window": anomaly.window_length,
        "detectors": _finite(anomaly.detector_scores),
        "top_features": [reason.feature for reason in anomaly.reasons[:TOP]],
        "influencers": [_reason(reason) for reason in anomaly.reasons],
        "profile": [_reason(reason) for reason in anomaly.profile],
        "normal_if": [_change(change) for change in anomaly.changes],
        "unexpected": [_word(word) for word in anomaly.words],
        # A dot in a name would make an object of it.
        "features": _finite({name.replace(".", "_"): reason.actual for name, reason in shown.items()}),
        "totals": {name: int(count) for name, count in anomaly.totals.items()},
        "flow_count": evidence.flow_count,
        "sample_flow_ids": list(evidence.flow_ids),
        "destination_count": evidence.peer_count,
        "destination_ports": [int(port) for port in evidence.ports],
        "transports": list(evidence.transports),
        "baseline_profiles": anomaly.baseline_profiles,
    }
    return {name: value for name, value in details.items() if value not in ([], {}) and not _lost(value)}


def _reason(reason: Reason) -> dict[str, Any]:
    named = {"feature": reason.feature, "label": reason.label, "unit": reason.unit}
    told = ("actual", "typical", "quantile", "own_quantile", "peer_quantile", "weight")
    numbers = {name: getattr(reason, name) for name in told}
    return {**{name: text for name, text in named.items() if text}, **_finite(numbers)}


def _change(change: Change) -> dict[str, Any]:
    named = {"feature": change.feature, "label": change.label, "unit": change.unit}
    numbers = {"actual": change.actual, "target": change.target}
    return {**{name: text for name, text in named.items() if text}, **_finite(numbers)}


def _word(word: UnexpectedWord) -> str:
    """Return an unexpected word as one text: `failed share: above the whole baseline, expected normal (5.2 nats)`."""
    expected = f", expected {word.expected}" if word.expected else ""
    return storable(f"{word.label}: {word.word}{expected} ({word.nats:.1f} nats)")


def _finite(numbers: dict[str, float]) -> dict[str, float]:
    """Return the numbers that JSON and Elasticsearch can hold, as plain floats."""
    return {name: float(number) for name, number in numbers.items() if isfinite(number)}


def _lost(value: object) -> bool:
    return isinstance(value, float) and not isfinite(value)
