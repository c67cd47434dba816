"""Threat lists: files of addresses, networks, domains and TLS fingerprints that are known to be bad."""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from netad.core.errors import ConfigError
from netad.outputs.enrich.address_table import AddressTable
from netad.outputs.wording import counted

MAX_BYTES = 256 << 20
MAX_INDICATORS = 2_000_000
_COMMENT = re.compile(r"\s*(?:#|;|//).*")
_JA3 = re.compile(r"[0-9a-f]{32}")
_JA4 = re.compile(r"[tqd][0-9a-z]{2}[di]\d{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}")
_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """Something that a list holds: `matched` was seen, `indicator` is what the list has, such as its network.

    `kind` is the type of the indicator: `address`, `domain`, `ja3` or `ja4`.
    """

    list: str
    kind: str
    indicator: str
    matched: str


@dataclass(frozen=True)
class ThreatLists:
    """What lists hold, by what it is looked up with; a list is called as its file."""

    _networks: AddressTable[tuple[str, str]] = field(default_factory=AddressTable)
    _domains: dict[str, list[str]] = field(default_factory=dict)
    _fingerprints: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, paths: Iterable[str]) -> "ThreatLists":
        """Read files: an indicator a line; what follows `#`, `;` or `//` is a comment.

        Lines that are no indicator are counted in a warning: one odd line of a feed is no reason to go without it.

        Raises:
            ConfigError: a file cannot be read, holds no indicator, or too many.
        """
        lists = cls()
        for path in paths:
            lists._read(Path(path))
        return lists

    def of_address(self, address: str) -> Iterator[Hit]:
        """Yield what lists say of an address."""
        for name, network in self._networks.find(address):
            yield Hit(name, "address", network, address)

    def of_domain(self, domain: str) -> Iterator[Hit]:
        """Yield what lists say of a name, or of a domain that it lies in."""
        parts = domain.lower().rstrip(".").split(".")
        for place in range(len(parts) - 1):
            listed = ".".join(parts[place:])
            for name in self._domains.get(listed, ()):
                yield Hit(name, "domain", listed, domain)

    def of_fingerprint(self, kind: str, fingerprint: str) -> Iterator[Hit]:
        """Yield what lists say of a fingerprint of a `kind` (`ja3`, `ja4`)."""
        for name in self._fingerprints.get((kind, fingerprint), ()):
            yield Hit(name, kind, fingerprint, fingerprint)

    def _read(self, path: Path) -> None:
        odd: list[int] = []
        held = 0
        for number, line in enumerate(_lines(path), 1):
            text = _COMMENT.sub("", line).strip().lower()
            if text and not self._add(path.stem, text):
                odd.append(number)
            held += bool(text)
            if held > MAX_INDICATORS:
                raise ConfigError(f"the threat list {path} holds more than {MAX_INDICATORS:,} indicators")
        if held == len(odd):
            raise ConfigError(f"the threat list {path} holds no address, network, domain, JA3 or JA4")
        if odd:
            log.warning("%s: %s no address, network, domain, JA3 or JA4 and passed over, the first is line %d", path,
                        f"{counted(len(odd), 'line')} {'is' if len(odd) == 1 else 'are'}", odd[0])  # fmt: skip

    def _add(self, name: str, text: str) -> bool:
        """Take an indicator; tell whether it is one."""
        for kind, form in (("ja3", _JA3), ("ja4", _JA4)):
            if form.fullmatch(text):
                self._fingerprints.setdefault((kind, text), []).append(name)
                return True
        domain = text.removeprefix("*.").removeprefix(".").rstrip(".")
        if _DOMAIN.fullmatch(domain):
            self._domains.setdefault(domain, []).append(name)
            return True
        try:
            self._networks.add(text, (name, text))
        except ValueError:
            return False
        return True


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"the threat list {path} cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(f"the threat list {path} is larger than {MAX_BYTES >> 20} MiB")
    return content.decode("utf-8-sig", "replace").splitlines()
