"""What the slices and facts of profiles met, brought into the table of Meetings."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from netad.ingest.facts.batch import FactKind
from netad.ingest.facts.domains import registered_domains
from netad.profiles.digest import UInt64
from netad.profiles.groups import PORT_COLUMNS, STATE_COLUMNS, Contacts, Groups, distinct_pairs
from netad.profiles.meetings import MeetingKind, Meetings, address_hash, numbers_hash, texts_hash
from netad.profiles.row_facts import RowFacts

_MOST = np.iinfo(np.int32).max
# Where facts name somebody. Host headers that are addresses have no registered domain and drop out.
_NAMES = {FactKind.DNS: "query", FactKind.TLS: "server_name", FactKind.HTTP: "host"}


def meetings_of(groups: Groups, facts: Mapping[FactKind, RowFacts]) -> Meetings:
    """Return what each group met: group i is row i. A kind that an input does not tell of has no entries for it."""
    met = groups.met_destinations
    high, low = groups["resp_hi"][groups.destination_example], groups["resp_lo"][groups.destination_example]
    destinations = address_hash(MeetingKind.DESTINATION, high, low)
    networks = address_hash(MeetingKind.NETWORK, high, low)
    parts = [
        _flow_part(MeetingKind.DESTINATION, met, destinations[met.code]),
        _flow_part(MeetingKind.NETWORK, groups.met_networks, networks[groups.met_networks.code]),
        _ports(groups),
        _states(groups),
        _services(groups),
        _domains(facts),
        _fact_part(MeetingKind.SERVER_NAME, facts.get(FactKind.TLS), "server_name"),
        _fact_part(MeetingKind.TLS_CLIENT, facts.get(FactKind.TLS), "ja4", "ja3"),
        _fact_part(MeetingKind.USER_AGENT, facts.get(FactKind.HTTP), "user_agent"),
    ]
    # Kind after kind, so the whole is sorted.
    return Meetings(
        *(np.concatenate([getattr(part, name) for part in parts])
          for name in ("row", "kind", "item", "count", "failed"))
    )  # fmt: skip


def _flow_part(kind: MeetingKind, met: Contacts, items: UInt64) -> Meetings:
    return Meetings(
        met.group.astype(np.int32),
        np.full(len(items), kind, dtype=np.uint8),
        items,
        np.minimum(met.count, _MOST).astype(np.int32),
        np.minimum(met.failed, _MOST).astype(np.int32),
    )


def _ports(groups: Groups) -> Meetings:
    if not groups.columns.keys() >= set(PORT_COLUMNS):
        return Meetings.empty()
    met = groups.met_ports
    return _flow_part(MeetingKind.PORT, met, numbers_hash(MeetingKind.PORT, met.code))


def _states(groups: Groups) -> Meetings:
    if not groups.columns.keys() >= set(STATE_COLUMNS):
        return Meetings.empty()
    met = groups.met_states
    return _flow_part(MeetingKind.STATE, met, numbers_hash(MeetingKind.STATE, met.code))


def _services(groups: Groups) -> Meetings:
    if "service" not in groups.columns:
        return Meetings.empty()
    named = groups["service"] != 0
    distinct, code = np.unique(groups["service"][named], return_inverse=True)
    codes = np.zeros(len(named), dtype=np.int64)
    codes[named] = code
    met = groups.contacts(codes, named)
    return _flow_part(MeetingKind.SERVICE, met, distinct[met.code] if len(distinct) else np.empty(0, np.uint64))


def _domains(facts: Mapping[FactKind, RowFacts]) -> Meetings:
    """Count the registered domains that look-ups, TLS and HTTP greetings name."""
    told = [(facts[kind], name) for kind, name in _NAMES.items() if kind in facts]
    if not told:
        return Meetings.empty()
    names = np.concatenate([one.facts[name] for one, name in told])
    row = np.concatenate([one.row for one, _ in told])
    return text_meetings(MeetingKind.DOMAIN, row, texts_hash(registered_domains(names)))


def _fact_part(kind: MeetingKind, told: RowFacts | None, *columns: str) -> Meetings:
    """Count a text column of facts by row; where it is empty, the next column stands in."""
    if told is None:
        return Meetings.empty()
    items = np.zeros(len(told), dtype=np.uint64)
    for name in columns:
        items = np.where(items != 0, items, texts_hash(told.facts[name]))
    return text_meetings(kind, told.row, items)


def text_meetings(kind: MeetingKind, row: NDArray[np.int32], items: UInt64) -> Meetings:
    """Count items by row; the item 0 stands for none and is left out."""
    named = items != 0
    distinct, code = np.unique(items[named], return_inverse=True)
    group, code, count = distinct_pairs(row[named].astype(np.int64), code.astype(np.int64), max(len(distinct), 1))
    size = len(group)
    return Meetings(
        group.astype(np.int32),
        np.full(size, kind, dtype=np.uint8),
        distinct[code] if size else np.empty(0, dtype=np.uint64),
        count.astype(np.int32),
        np.zeros(size, dtype=np.int32),
    )
