"""Suricata's threshold.config (https://docs.suricata.io/en/latest/configuration/global-thresholds.html) to rules.

Suricata's lines are about signatures, netad's events are not: only lines for all signatures (`gen_id 0` or `sig_id 0`)
and those whose signature is given a netad behaviour say something that netad can do as it was meant.
"""

import re
from collections.abc import Mapping
from typing import Any

from netad.rules.importing import Imported
from netad.rules.networks import parse_network

_TRACKS = {"by_src": "source.ip", "by_dst": "destination.ip", "by_either": "either.ip"}
_GROUPS = {"by_src": ["source.ip"], "by_dst": ["destination.ip"], "by_both": ["source.ip", "destination.ip"]}
_OPTION = re.compile(r"\s*([a-z_]+)\s+((?:\[[^\]]*\]|[^,\[])+?)\s*(?:,|$)")


def import_suricata(path: str, text: str, common: Mapping[str, Any], behaviours: Mapping[int, str]) -> Imported:
    """Return the rules that the lines come to; `behaviours` is what netad calls what a signature (by its id) finds."""
    found = Imported(path, dict(common))
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        if not pending:
            start = number
        pending += raw.strip()
        if pending.endswith("\\"):
            pending = f"{pending[:-1].strip()} "
            continue
        line, pending = pending.partition("#")[0].strip(), ""
        if line:
            found.lines += 1
            try:
                _line(line, start, found, behaviours)
            except ValueError as error:
                found.leave_out(start, line, str(error))
    return found


def _line(line: str, number: int, found: Imported, behaviours: Mapping[int, str]) -> None:
    """Add what one line says; raises ValueError, with the reason, when netad cannot say it."""
    command, _, rest = line.partition(" ")
    if command not in ("suppress", "threshold", "event_filter"):
        raise ValueError(f"netad has nothing like {command!r}")
    options = dict(_options(rest))
    keys = _signature(options, behaviours)
    comment = f"{found.path} line {number}: {line}"[:2000]
    if command == "suppress":
        found.add(number, comment, **keys, **_suppressed(options))
        return
    if options.get("type") != "limit":
        raise ValueError(f"netad limits alerts to the first ones, it has nothing like type {options.get('type')!r}")
    group = _GROUPS.get(options.get("track", ""))
    if group is None:
        raise ValueError(f"netad has no limit by {options.get('track')!r}")
    count, seconds = _whole(options, "count"), _whole(options, "seconds")
    limit = {"group_by": group, "count": count, "per": f"{seconds}s"}
    found.add(number, comment, **keys, match_all=True, action="limit", limit=limit)


def _options(text: str) -> list[tuple[str, str]]:
    place, found = 0, []
    while place < len(text):
        option = _OPTION.match(text, place)
        if option is None:
            raise ValueError("this is not how Suricata writes it")
        found.append((option.group(1), option.group(2).strip()))
        place = option.end()
    return found


def _whole(options: Mapping[str, str], name: str) -> int:
    text = options.get(name, "")
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10**6:
        raise ValueError(f"it needs {name!r}, a number")
    return int(text)


def _signature(options: Mapping[str, str], behaviours: Mapping[int, str]) -> dict[str, Any]:
    generator, signature = options.get("gen_id", ""), options.get("sig_id", "")
    if not generator.isdigit() or not signature.isdigit():
        raise ValueError("it needs 'gen_id' and 'sig_id', numbers")
    if int(generator) == 0 or int(signature) == 0:
        return {}
    behaviour = behaviours.get(int(signature))
    if behaviour is None:
        raise ValueError(f"netad has no signatures: say what {signature} is with --signature {signature}=BEHAVIOUR")
    return {"scope": {"behaviours": [behaviour]}}


def _suppressed(options: Mapping[str, str]) -> dict[str, Any]:
    if "track" not in options:
        return {"match_all": True}
    field = _TRACKS.get(options["track"])
    if field is None or "ip" not in options:
        raise ValueError("it needs 'track' (by_src, by_dst or by_either) with 'ip'")
    addresses = [part.strip() for part in options["ip"].strip("[]").split(",")]
    for address in addresses:
        if address.startswith("!"):
            raise ValueError("an address that is not meant (!) must be written as an exception by hand")
        if address.startswith("$"):
            raise ValueError(f"the variable {address} is known to Suricata only: write a list of that name")
        parse_network(address)
    return {"match": {f"{field}|cidr": addresses if len(addresses) > 1 else addresses[0]}}
