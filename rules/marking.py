"""Verdicts written into events, and taken out of them again."""

from typing import Any

from netad.core.timing import iso
from netad.rules.judging import Verdict
from netad.rules.rule import Rule

MARKS = ("event.kind", "event.severity", "event.risk_score", "event.risk_score_norm", "tags", "netad.suppression")
"""All that marking an event may change in it."""


def mark(event: dict[str, Any], verdict: Verdict) -> None:
    """Write a verdict into an event that no verdict was written into before; without a matching rule it stays as it is.

    A hidden event stays in the stream: `event.kind` becomes `event`, which no alert rule of Elastic's promotes, and
    `netad.suppression` says by which rules, whose and why. One that would be dropped, but is in a store already, is
    hidden alike. Severity and risk score change only where a rule lowers
    them; `netad.suppression.original` then says what they were. What is anomalous about it, `netad.anomaly`, never
    changes. `expires` is there for the rules that have an end, in their order.
    """
    if not verdict.rules:
        return
    hidden = verdict.hidden or verdict.dropped
    suppression = _named(verdict.rules, hidden=hidden)
    if verdict.action is not None:
        suppression["action"] = verdict.action
    if verdict.inhibited_by:
        suppression["inhibited_by"] = verdict.inhibited_by
    block = event.setdefault("event", {})
    if hidden:
        block["kind"] = "event"
    original = {}
    for name, value in (("severity", verdict.severity), ("risk_score", verdict.risk_score)):
        if value is not None and name in block and block[name] != value:
            original[name], block[name] = block[name], value
    if "risk_score" in original and "risk_score_norm" in block:
        block["risk_score_norm"] = block["risk_score"]
    if original:
        suppression["original"] = original
    before = event.get("tags", [])
    if added := [tag for tag in verdict.tags if tag not in before]:
        event["tags"] = [*before, *added]
        suppression["tags"] = added
    event.setdefault("netad", {})["suppression"] = suppression


def _named(rules: tuple[Rule, ...], *, hidden: bool) -> dict[str, Any]:
    named: dict[str, Any] = {
        "suppressed": hidden,
        "rule_ids": [rule.id for rule in rules],
        "actions": [rule.action for rule in rules],
        "owner": [rule.created_by for rule in rules],
        "reason": [rule.comment for rule in rules],
    }
    if expires := [iso(rule.expires_ns) for rule in rules if rule.expires_ns is not None]:
        named["expires"] = expires
    return named


def unmark(event: dict[str, Any]) -> None:
    """Take the verdict out of an event that `mark` wrote one into, so that other rules may judge it anew."""
    suppression = event.get("netad", {}).get("suppression", {})
    block = event.get("event", {})
    if suppression.get("suppressed"):
        block["kind"] = "alert"
    block.update(suppression.get("original", {}))
    if "risk_score" in suppression.get("original", {}) and "risk_score_norm" in block:
        block["risk_score_norm"] = block["risk_score"]
    if added := suppression.get("tags"):
        event["tags"] = [tag for tag in event.get("tags", []) if tag not in added]
        if not event["tags"]:
            del event["tags"]
    if suppression:
        event["netad"]["suppression"] = {"suppressed": False}
