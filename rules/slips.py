"""Slips' whitelist.conf (https://stratospherelinuxips.readthedocs.io, "Whitelisting") to rules.

Its lines are `type,value,direction,what is ignored`: addresses, domains, organisations and MAC addresses, as source,
destination or both, in flows, alerts or both.
"""

import csv
from collections.abc import Mapping
from typing import Any

from netad.rules.importing import Imported
from netad.rules.networks import parse_network

_DIRECTIONS = {"src": "source.ip", "dst": "destination.ip", "both": "either.ip"}
_KINDS = ("ip", "domain", "organization", "mac")
_IGNORED = ("flows", "alerts", "both")


def import_slips(path: str, text: str, common: Mapping[str, Any]) -> Imported:
    """Return the rules that the lines come to: one for alerts, one for flows, or both."""
    found = Imported(path, dict(common))
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith(("#", ";", '"IoCType"', "IoCType")):
            continue
        found.lines += 1
        try:
            _line(line, number, found)
        except (ValueError, csv.Error) as error:
            found.leave_out(number, line, str(error))
    return found


def _line(line: str, number: int, found: Imported) -> None:
    """Add what one line says; raises ValueError, with the reason, when netad cannot say it."""
    row = [part.strip() for part in next(csv.reader([line], skipinitialspace=True))]
    if len(row) < 4:
        raise ValueError("it has fewer than the four parts type, value, direction and what is ignored")
    kind, value, direction, ignored = row[0].lower(), row[1], row[2].lower(), row[3].lower()
    if kind not in _KINDS or direction not in _DIRECTIONS or ignored not in _IGNORED:
        raise ValueError("this is not how Slips writes it")
    if kind == "domain":
        if ignored != "alerts":
            found.leave_out(number, line, "flows have no names: only alerts about the domain are said")
        if ignored != "flows":
            match = {"netad.findings.names|domain|only": _domain(value)}
            found.add(number, f"{found.path} line {number}: {line}"[:2000], match=match)
        return
    if kind != "ip":
        reasons = {
            "organization": "netad has no list of the networks of organisations: name them",
            "mac": "netad knows hosts by their addresses",
        }
        raise ValueError(reasons[kind])
    parse_network(value)
    comment = f"{found.path} line {number}: {line}"[:2000]
    match = {f"{_DIRECTIONS[direction]}|cidr": value}
    if ignored in ("alerts", "both"):
        found.add(number, comment, match=match)
    if ignored in ("flows", "both"):
        found.add(number, comment, "-flows", applies_to="flows", match=match)


def _domain(text: str) -> str:
    name = text.lower().strip().rstrip(".")
    if not name or not set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_."):
        raise ValueError("this is no domain")
    return name
