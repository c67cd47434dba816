"""What is known of the hosts in events, written into them: names, places, assets, and what threat lists hold."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from typing import Any, Final

import numpy as np

from netad.core.addresses import Networks, parse_address
from netad.outputs.base import Event
from netad.outputs.enrich.geo import GeoDatabases
from netad.outputs.enrich.inventory import Asset, Inventory
from netad.outputs.enrich.names import ReverseNames
from netad.outputs.enrich.threat_lists import Hit
from netad.outputs.origin import storable

MOST_HITS: Final = 20
TOLD: Final = 3


class Enrichment:
    """Writes into events of any kind what an inventory, DNS answers and GeoIP databases say of their addresses."""

    def __init__(self, inside: Networks, inventory: Inventory, geo: GeoDatabases, names: ReverseNames) -> None:
        """Begin with what is known; `names` may come to know more while events are made."""
        self._inside, self._inventory, self._geo, self._names = inside, inventory, geo, names
        self._is_inside = lru_cache(maxsize=65_536)(self._looked_up)

    def add(self, event: Event) -> None:
        """Write into an event what is known of its ends and, into an anomaly, of the source and its peers."""
        for end in ("source", "destination"):
            if end in event:
                asker = event["source"]["ip"] if end == "destination" else ""
                event[end] |= self._of_end(event[end]["ip"], asker)
        if event["event"]["kind"] == "event":
            return
        self._add_asset(event)
        if event["event"]["kind"] == "alert" and (peers := self._peers(event)):
            event["netad"]["peers"] = peers

    def _of_end(self, address: str, asker: str) -> dict[str, Any]:
        """Return `domain`, `geo` and `as` of an address; places are those of outside addresses."""
        fields: dict[str, Any] = {}
        if name := self._name(address, asker):
            fields["domain"] = name
        return fields if self._is_inside(address) else {**fields, **deepcopy(self._geo.find(address))}

    def _name(self, address: str, asker: str) -> str:
        asset = self._inventory.find(address)
        if asset is not None and asset.single and asset.name:
            return asset.name
        return storable(self._names.find(address, asker))

    def _add_asset(self, event: Event) -> None:
        source = event["source"]["ip"]
        asset = self._inventory.find(source)
        if asset is None:
            return
        if asset.single and asset.name:
            event["host"] = {"name": asset.name, "ip": [source]} | ({"mac": [asset.mac]} if asset.mac else {})
        if told := _asset(asset):
            event["netad"]["asset"] = told

    def _peers(self, event: Event) -> list[dict[str, Any]]:
        """Return what is known of the addresses that most flows went to; those nobody knows are left out."""
        source, *peers = event["related"]["ip"]
        told = []
        for address in peers:
            asset = self._inventory.find(address) or Asset()
            where = {} if self._is_inside(address) else self._geo.find(address)
            known = {
                "name": self._name(address, source),
                **_asset(asset, named=False),
                "country": where.get("geo", {}).get("country_iso_code", ""),
                "as": _system(where.get("as", {})),
            }
            if known := {name: value for name, value in known.items() if value}:
                told.append({"ip": address, **known})
        return told

    def _looked_up(self, address: str) -> bool:
        try:
            high, low = parse_address(address)
        except ValueError:
            return False
        return bool(self._inside.contains(np.array([high], np.uint64), np.array([low], np.uint64))[0])


def add_threats(event: Event, hits: Sequence[Hit]) -> None:
    """Write into an anomaly event what threat lists hold of what its source did; scores stay as they are."""
    if not hits:
        return
    shown = hits[:MOST_HITS]
    event["netad"].setdefault("evidence", {})["threats"] = [
        {"list": storable(hit.list), "kind": hit.kind, "indicator": storable(hit.indicator),
         "matched": storable(hit.matched)} for hit in shown
    ]  # fmt: skip
    event["netad"]["evidence"]["threat_count"] = len(hits)
    event.setdefault("threat", {})["enrichments"] = [_enrichment(hit) for hit in shown]
    more = f" and {len(hits) - TOLD:,} more" if len(hits) > TOLD else ""
    event["message"] += f" On threat lists: {', '.join(map(_words, shown[:TOLD]))}{more}."


def _words(hit: Hit) -> str:
    """Return a hit as it stands in a sentence: `203.0.113.9 in 203.0.113.0/24 (feed)`."""
    within = f" in {hit.indicator}" if hit.indicator != hit.matched else ""
    return storable(f"{hit.matched}{within} ({hit.list})")


def _enrichment(hit: Hit) -> dict[str, Any]:
    indicator: dict[str, Any] = {"provider": storable(hit.list), "name": storable(hit.indicator)}
    if hit.kind == "address":
        indicator |= {"type": "ipv6-addr" if ":" in hit.matched else "ipv4-addr", "ip": hit.matched}
    elif hit.kind == "domain":
        indicator["type"] = "domain-name"
    field = {"address": "related.ip", "domain": "related.hosts"}.get(hit.kind, f"tls.client.{hit.kind}")
    return {"indicator": indicator, "matched": {"atomic": storable(hit.matched), "field": field}}


def _asset(asset: Asset, *, named: bool = True) -> dict[str, Any]:
    fields: Mapping[str, Any] = {
        "name": asset.name if named else "",
        "roles": list(asset.roles),
        "owner": asset.owner,
        "criticality": asset.criticality,
    }
    return {name: value for name, value in fields.items() if value}


def _system(known: Mapping[str, Any]) -> str:
    """Return an autonomous system in words: `AS64500 Example`."""
    number = f"AS{known['number']}" if "number" in known else ""
    return " ".join(filter(None, (number, known.get("organization", {}).get("name", ""))))
