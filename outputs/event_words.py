"""What an anomaly event says, in the words that the console and the report share."""

from collections.abc import Iterable, Iterator
from typing import Any

from netad.core.figures import figure, percent, quantity
from netad.outputs.base import Event
from netad.outputs.wording import counted

TOP = 3
MOST_PORTS = 5
LONGEST = 80  # characters of a name
SUPPRESSION = ("rule_ids", "owner", "reason")


def moment(iso_time: str) -> str:
    """Return an ISO 8601 time to the second, as people write it."""
    return iso_time[:19].replace("T", " ")


def when(event: Event) -> str:
    """Return an anomaly's window: from when to when, how long, and whether only a part of it was seen."""
    start, end = (moment(event["event"][name]) for name in ("start", "end"))
    if start[:10] == end[:10]:
        end = end[11:]
    details = event["netad"]["anomaly"]
    return f"{start} to {end} UTC ({details['window']}{', seen in part' if details['is_interim'] else ''})"


def behind(details: dict[str, Any]) -> str:
    """Return how many flows to how many addresses are behind it (`395 flows to 66 addresses`), empty for none."""
    flows, peers = details.get("flow_count", 0), details.get("destination_count", 0)
    told = [counted(flows, "flow")] if flows else []
    return " to ".join(told + ([counted(peers, "address", "addresses")] if peers else []))


def mostly(event: Event) -> str:
    """Return the addresses and ports of most flows behind an anomaly, empty where none are known."""
    details = event["netad"]["anomaly"]
    peers, ports = event.get("related", {}).get("ip", [])[1:], details.get("destination_ports", ())
    told = []
    if peers:
        known = {peer["ip"]: peer for peer in event["netad"].get("peers", ())}
        shown = ", ".join(_known(address, known.get(address, {})) for address in peers[:TOP])
        more = max(details.get("destination_count", 0), len(peers)) - len(peers[:TOP])
        told.append(f"to {shown}" + (f" and {more:,} more" if more > 0 else ""))
    if ports:
        shown = ", ".join(str(port) for port in ports[:MOST_PORTS])
        told.append(f"port{'s' if ports[1:] else ''} {shown}" + (", ..." if ports[MOST_PORTS:] else ""))
    return f"Most flows: {', '.join(told)}" if told else ""


def rarity(tail: float) -> str:
    """Return how rare such a score is among normal profiles, empty where nobody can say."""
    return f"about 1 in {figure(round(1 / tail))} normal profiles" if 1e-6 <= tail <= 1 else ""


def hiding_rules(event: Event) -> list[str]:
    """Return of every rule that marked the event its id, whose it is, and why."""
    marks = event["netad"]["suppression"]
    columns = (marks.get(name, []) for name in SUPPRESSION)
    return [f"rule {rule} of {owner}: {reason}" for rule, owner, reason in zip(*columns, strict=False)]


def _known(address: str, peer: dict[str, Any]) -> str:
    """Return an address with what is known of it in brackets."""
    told = [peer.get("name", ""), *peer.get("roles", ()), peer.get("country", ""), peer.get("as", "")]
    words = ", ".join(text[:LONGEST] for text in told if text)
    return f"{address} ({words})" if words else address


def host(event: Event) -> str:
    """Return who the source is, by inventory, names and places; empty where nothing is known of it."""
    source, asset = event["source"], event["netad"].get("asset", {})
    told = [
        asset.get("name") or source.get("domain", ""),
        *asset.get("roles", ()),
        f"owner {asset['owner']}" if "owner" in asset else "",
        f"criticality {asset['criticality']}" if "criticality" in asset else "",
        source.get("geo", {}).get("country_name", ""),
        source.get("as", {}).get("organization", {}).get("name", ""),
    ]
    words = ", ".join(text[:LONGEST] for text in told if text)
    return f"Host: {words}" if words else ""


def said(evidence: dict[str, Any]) -> Iterator[str]:
    """Yield what other tools said of the source, and what it named itself: at most a line each."""
    alerts = evidence.get("alerts", [])
    if alerts:
        told = "; ".join(
            f"{alert['count']:,} x {alert['signature']}"
            + (f" (severity {alert['severity']})" if "severity" in alert else "")
            for alert in alerts[:TOP]
        )
        more = evidence["alert_count"] - sum(alert["count"] for alert in alerts[:TOP])
        yield f"Alerts of other tools: {told}" + (f"; {more:,} more" if more else "")
    named = dict.fromkeys(name for kind in ("domains", "server_names", "http_hosts") for name in evidence.get(kind, ()))
    rare = evidence.get("rare_names", ())
    if rare:
        yield f"Named by no other source: {_first(rare)}"
    elif named:
        yield f"Names: {_first(named)}"
    clients = [*evidence.get("user_agents", ()), *evidence.get("ja4", ())]
    if clients:
        yield f"Clients: {_first(clients)}"


def oddly(details: dict[str, Any]) -> str:
    """Return the words of the profile that a language model did not expect, empty where there are none."""
    return f"Reads oddly: {'; '.join(details['unexpected'][:TOP])}" if details.get("unexpected") else ""


def normal_if(details: dict[str, Any]) -> str:
    """Return the smallest change that would have made the profile normal, empty where none was found."""
    changes = [_change(change) for change in details.get("normal_if", ()) if "target" in change and "actual" in change]
    return f"Normal with {', '.join(changes)}" if changes else ""


def _change(change: dict[str, Any]) -> str:
    label, unit = change.get("label", change["feature"]), change.get("unit", "")
    if unit == "decades":  # a behaviour
        return f"no {label}"
    return f"{label} {quantity(change['target'], unit)} instead of {quantity(change['actual'], unit)}"


def _first(texts: Iterable[str]) -> str:
    shown = [text if len(text) <= LONGEST else f"{text[:LONGEST]}..." for text in texts]
    return ", ".join(shown[:TOP]) + (f" and {len(shown) - TOP:,} more" if len(shown) > TOP else "")


def reason_cells(reason: dict[str, Any]) -> tuple[str, str, str, str]:
    """Return what a reason's feature is called, its value, the baseline's median, and the quantile it falls on."""
    unit = reason.get("unit", "")
    label = reason.get("label", reason["feature"])
    label += f" ({unit})" if unit in ("bytes", "s", "decades") and not label.startswith(unit) else ""
    actual, typical = (figure(reason[name], unit) if name in reason else "-" for name in ("actual", "typical"))
    return label, actual, typical, percent(reason["quantile"]) if "quantile" in reason else "-"


def weight_text(reason: dict[str, Any]) -> str:
    """Return a reason's share of the score."""
    return percent(reason["weight"]) if "weight" in reason else "-"
