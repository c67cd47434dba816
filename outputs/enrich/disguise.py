"""Addresses and names of inside hosts, hidden in all that leaves: events, flows, and what is said of a run.

`anonymize` makes other addresses of all addresses, by a key, so that what shares a network still does (Crypto-PAn);
`mask` takes the end of every address away. Ids come from content that holds addresses, and whoever knows how could try
all of them: they become others by the key, too.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd

from netad.core.addresses import Networks, UInt64, format_address, format_addresses, parse_address
from netad.core.errors import ConfigError
from netad.core.identity import start_of
from netad.ingest.facts.domains import registered_domains
from netad.ingest.flows import FlowBatch
from netad.outputs.base import STORE_ONLY, Event
from netad.outputs.enrich.crypto_pan import KEY_BYTES, CryptoPan
from netad.outputs.enrich.texts import with_addresses
from netad.outputs.variables import Variables

PREFIX: Final = "NETAD_ANONYMIZE_"
# No more names are noted: who makes so many fills memory with them.
MOST_NAMES: Final = 300_000
_HOST = re.compile(r"(?<![\w.-])[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63})+(?![\w-])")
# RFC 6762, RFC 8375, ICANN's .internal, and what networks that nobody asked have long used for themselves.
INSIDE_DOMAINS: Final = (".local", ".home.arpa", ".internal", ".lan", ".corp", ".home", ".localdomain", ".intranet",
                         ".private", ".localhost", ".test")  # fmt: skip
# What says whose an address is, or names what it hides.
_GONE: Final = {
    "source": ("geo", "as", "mac"), "destination": ("geo", "as", "mac"), "network": ("community_id",),
    "asset": ("owner",), "peers": ("owner", "country", "as"), "event": ("url",), "host": ("mac",),
    "netad": (STORE_ONLY,),
}  # fmt: skip
_MASKED_GONE: Final = {**_GONE, "source": ("mac",), "destination": ("mac",), "peers": ("owner",)}
_NAMES: Final = frozenset({"source.domain", "destination.domain", "host.name", "netad.asset.name", "netad.peers.name"})
# Where hosts may be called by names without a dot; elsewhere such a word is a word.
_NAMING: Final = ("related.hosts", "netad.evidence.", "netad.findings.names")
_LISTS: Final = frozenset({"related.ip", "related.hosts"})
_MASK_V4, _MASK_V6 = np.uint64(0xFFFFFFFFFFFFFF00), np.uint64(0xFFFFFFFFFFFF0000)

T = TypeVar("T")


class Disguise:
    """Hides addresses and names of inside hosts.

    Attributes:
        distinct: whether different addresses stay different ones, so that what was sent before can be gone on with.
    """

    def __init__(self, key: bytes | None, inside_names: Iterable[str] = ()) -> None:
        """Anonymise by a key of 32 bytes, or mask without one; `inside_names` are hidden too, wherever they stand."""
        self.distinct = key is not None
        self._pan = None if key is None else CryptoPan(key)
        # Of its own, so that nothing of the cipher's key can be learnt from ids.
        secret = secrets.token_bytes(KEY_BYTES) if key is None else key
        self._secret = hmac.digest(secret, b"netad ids and names", "sha256")
        self._names: set[str] = set()
        self._domains: set[str] = set()
        self._gone = _MASKED_GONE if key is None else _GONE
        self._other = lru_cache(maxsize=65_536)(self._one)
        self._text = lru_cache(maxsize=16_384)(self._other_text)
        self.add_names(inside_names)

    def names(self) -> list[str]:
        """Return the names that are hidden, in order."""
        return sorted(self._names)

    def add_names(self, names: Iterable[str]) -> None:
        """Take more names of inside hosts; all names of a domain that one of them is in are hidden with it.

        An address is no name: it becomes another address.
        """
        more = {name.lower() for name in names if not _is_address(name)} - self._names
        if more and len(self._names) < MOST_NAMES:
            self._names |= more
            self._domains |= set(registered_domains(np.array(sorted(more), dtype=object))) - {""}
            self._text.cache_clear()

    def addresses(self, high: UInt64, low: UInt64) -> tuple[UInt64, UInt64]:
        """Return what becomes of two columns of addresses, shape (n,) each."""
        if self._pan is not None:
            return self._pan.anonymise(high, low)
        v4 = (high == 0) & (low >> np.uint64(32) == np.uint64(0xFFFF))
        return np.where(v4, high, high & _MASK_V6), np.where(v4, low & _MASK_V4, np.uint64(0))

    def networks(self, networks: Networks) -> Networks:
        """Return the networks in which the disguised addresses of these networks are."""
        texts = []
        for text in networks.text:
            address, _, length = text.partition("/")
            texts.append(f"{format_address(*self._other(*parse_address(address)))}/{length}")
        return Networks.parse(texts)

    def flows(self, batch: FlowBatch) -> FlowBatch:
        """Return flows between other addresses; what comes from them, such as ids, is of the others."""
        columns = dict(batch.columns)
        for end in ("orig", "resp"):
            names = f"{end}_hi", f"{end}_lo"
            columns |= dict(zip(names, self.addresses(batch[names[0]], batch[names[1]]), strict=True))
        for name, column in columns.items():
            if column.dtype == object:
                codes, distinct = pd.factorize(column)
                others = np.empty(len(distinct) + 1, dtype=object)
                others[:-1] = [self.text(one) if isinstance(one, str) else one for one in distinct]
                columns[name] = others[codes]
        return FlowBatch(columns, tuple(map(self.text, batch.inputs)))

    def profiles(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a ProfileFrame of other sources; digests of windows, which are made of addresses, become others."""
        high, low = self.addresses(frame["source_hi"].to_numpy(np.uint64), frame["source_lo"].to_numpy(np.uint64))
        digests = [self._keyed(digest)[: len(digest)] for digest in frame["window_digest"].tolist()]
        return frame.assign(source=format_addresses(high, low), source_hi=high, source_lo=low, window_digest=digests)

    def event(self, event: Event, *, of_run: bool = False) -> Event:
        """Return an event of any kind in disguise; the one that was given stays as it is.

        `of_run` is for events whose origin is in disguise already and, where addresses stay distinct, so are incident
        and link (netad.enriching).
        """
        if not of_run:
            self.add_names(_names_of_inside(event))
        result: Event = self._walk(event, "")
        if of_run:
            result |= {name: event[name] for name in ("observer", "agent", "labels") if name in event}
            if self.distinct and "incident" in event["netad"]:
                result["netad"]["incident"] = dict(event["netad"]["incident"])
            if self.distinct and "url" in event["event"]:
                result["event"]["url"] = event["event"]["url"]
        return result

    def record(self, record: T) -> T:
        """Return a dataclass with its texts in disguise, those in lists and keys included."""
        assert is_dataclass(record) and not isinstance(record, type)  # noqa: S101, PT018 - for mypy
        return replace(record, **{one.name: self._walk(getattr(record, one.name), "") for one in fields(record)})

    def text(self, text: str) -> str:
        """Return a text with other addresses, other names of inside hosts and, where it is one, another id."""
        return self._text(text)

    def _walk(self, value: Any, path: str) -> Any:  # noqa: ANN401 - whatever a document holds
        if isinstance(value, str):
            named = path in _NAMES and self._is_inside(value, path)
            if named or (value.lower() in self._names and path.startswith(_NAMING)):
                return self._name(value)
            return self.text(value)
        if isinstance(value, dict):
            below = ((name, item, f"{path}.{name}" if path else name) for name, item in value.items())
            return {self.text(name): self._walk(item, place) for name, item, place in below if self._stays(place, item)}
        if isinstance(value, list | tuple):
            items = [self._walk(item, path) for item in value]
            return type(value)(dict.fromkeys(items) if path in _LISTS else items)
        return value

    def _stays(self, path: str, value: object) -> bool:
        """Tell whether a field leaves at all: what a name on the internet says of an address is all of it."""
        above, _, name = path.rpartition(".")
        if name in self._gone.get(above.rpartition(".")[2], ()):
            return False
        return not (self.distinct and path in _NAMES) or self._is_inside(str(value), path)

    def _is_inside(self, name: str, path: str) -> bool:
        return path.startswith(("host.", "netad.asset.")) or "." not in name or self._hidden(name)

    def _hidden(self, name: str) -> bool:
        lowered = name.lower()
        if lowered in self._names or lowered.endswith(INSIDE_DOMAINS):
            return True
        parts = lowered.split(".")
        return any(".".join(parts[place:]) in self._domains for place in range(len(parts) - 1))

    def _other_text(self, text: str) -> str:
        if start_of(text) is not None:
            moment, _, digest = text.partition("-")
            return f"{moment}-{self._keyed(digest)[:20]}"
        replaced = _HOST.sub(lambda found: self._name(one) if self._hidden(one := found.group()) else one, text)
        return with_addresses(replaced, self._other, self._mac)

    def _name(self, name: str) -> str:
        return f"host-{self._keyed(name.lower())[:10]}"

    def _mac(self, mac: str) -> str:
        joint, digest = mac[2], self._keyed(re.sub("[:-]", "", mac.lower()))
        other = joint.join(["02", *(digest[place : place + 2] for place in range(0, 10, 2))])
        return other if mac != mac.upper() else other.upper()

    def _keyed(self, text: str) -> str:
        return hmac.new(self._secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def _one(self, high: int, low: int) -> tuple[int, int]:
        others = self.addresses(np.array([high], dtype=np.uint64), np.array([low], dtype=np.uint64))
        return int(others[0][0]), int(others[1][0])


def _is_address(text: str) -> bool:
    try:
        parse_address(text)
    except ValueError:
        return False
    return True


def _names_of_inside(event: Event) -> list[str]:
    """Return what an event calls hosts of which it says that they are inside."""
    direction = event.get("network", {}).get("direction", "")
    source = event["netad"].get("entity", {}).get("inside", direction in ("internal", "outbound"))
    named = [event.get("host", {}).get("name", "")]
    named += [event.get("source", {}).get("domain", "")] if source else []
    named += [event.get("destination", {}).get("domain", "")] if direction in ("internal", "inbound") else []
    return [name for name in named if name]


def anonymize_key() -> bytes:
    """Return the key in NETAD_ANONYMIZE_KEY, in the file that NETAD_ANONYMIZE_KEY_FILE names, or in the keyring.

    Raises:
        ConfigError: there is none, or it is no key.
    """
    text = Variables.read(PREFIX, ("KEY", "KEY_FILE", "KEY_KEYRING")).secret("KEY")
    if text is None:
        raise ConfigError(f"--anonymize needs a key in {PREFIX}KEY, or in the file that {PREFIX}KEY_FILE names: "
                          f"openssl rand -hex {KEY_BYTES} makes one")  # fmt: skip
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{PREFIX}KEY is no key of {2 * KEY_BYTES} hexadecimal digits: "
                          f"openssl rand -hex {KEY_BYTES} makes one")  # fmt: skip
    return key
