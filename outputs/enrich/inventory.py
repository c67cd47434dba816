"""The inventory: which hosts there are, what they are called, what they are for, and whose they are."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netad.core.errors import ConfigError
from netad.core.problems import Placed, Position, Problems, did_you_mean, shown
from netad.core.yaml_nodes import Items, Mapping, Node, Scalar, read_document
from netad.outputs.enrich.address_table import AddressTable

MAX_BYTES = 32 << 20
MAX_ENTRIES = 200_000
CRITICALITIES = ("low", "medium", "high", "critical")
_KEYS = ("address", "name", "roles", "owner", "criticality", "mac")
_SEVERAL = ("address", "roles")
_MAC = re.compile(r"(?:[0-9A-F]{2}-){5}[0-9A-F]{2}")
_LONGEST = 253  # of a name in DNS
_Entry = tuple[Placed, dict[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Asset:
    """A host, or what the hosts of a network have in common (`single` is False).

    `criticality` is one of `CRITICALITIES`, `mac` is in the form of ECS (00-00-5E-00-53-23); what is unknown is empty.
    """

    name: str = ""
    roles: tuple[str, ...] = ()
    owner: str = ""
    criticality: str = ""
    mac: str = ""
    single: bool = True


@dataclass(frozen=True)
class Inventory:
    """Assets by address, and the networks of each role."""

    _assets: AddressTable[Asset] = field(default_factory=AddressTable)
    _groups: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, paths: Iterable[str]) -> "Inventory":
        """Read files: YAML with `hosts:` at its top, else CSV with a line of names.

        Raises:
            ConfigError: a file cannot be read, or all that is wrong in it, one line each.
        """
        inventory = cls()
        for path in paths:
            problems = Problems(path)
            content = _content(path)
            yaml = Path(path).suffix.lower() in (".yaml", ".yml")
            for count, (place, entry) in enumerate((_from_yaml if yaml else _from_csv)(content, problems)):
                if count >= MAX_ENTRIES:
                    problems.add(place, f"the inventory has more than {MAX_ENTRIES:,} entries")
                    break
                inventory._add(place, entry, problems)
            if problems:
                raise ConfigError("\n".join(problems.lines()))
        return inventory

    def find(self, address: str) -> Asset | None:
        """Return what is known of the host with an address; an entry of its own counts before those of networks."""
        return next(self._assets.find(address), None)

    def names(self) -> tuple[str, ...]:
        """Return what single hosts are called."""
        return tuple(dict.fromkeys(asset.name for asset in self._assets.values() if asset.single and asset.name))

    def peer_groups(self) -> tuple[str, ...]:
        """Return the networks of each role, with spaces between: hosts with the same first role are peers."""
        return tuple(" ".join(dict.fromkeys(networks)) for networks in self._groups.values())

    def _add(self, place: Placed, entry: dict[str, tuple[str, ...]], problems: Problems) -> None:
        addresses = entry.pop("address", ())
        if not addresses:
            problems.add(place, "an entry needs an address, such as 10.0.0.5 or 10.0.8.0/22")
            return
        fields: dict[str, Any] = {name: texts if name in _SEVERAL else texts[0] for name, texts in entry.items()}
        for name, text in entry.items():
            if any(len(one) > _LONGEST or not one.isprintable() for one in text):
                problems.add(place, f"{name} is longer than {_LONGEST} characters, or cannot be printed")
        if fields.get("criticality", "low") not in CRITICALITIES:
            problems.add(place, f"criticality {shown(fields['criticality'])} is none of {', '.join(CRITICALITIES)}")
        if "mac" in fields:
            fields["mac"] = re.sub("[:.]", "-", fields["mac"].upper())
            if not _MAC.fullmatch(fields["mac"]):
                problems.add(place, f"{shown(fields['mac'])} is no MAC address such as 00:00:5e:00:53:23")
        for address in addresses:
            try:
                single = "/" not in address
                self._assets.add(address, Asset(**fields, single=single))
            except ValueError:
                problems.add(place, f"{shown(address)} is neither an address nor a network")
                continue
            for role in fields.get("roles", ())[:1]:
                self._groups.setdefault(role, []).append(address)


def _content(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"the inventory {path} cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(f"the inventory {path} is larger than {MAX_BYTES >> 20} MiB")
    return content


def _from_csv(content: bytes, problems: Problems) -> Iterator[_Entry]:
    """Yield the rows; columns beside those that are known are for others."""
    try:
        reader = csv.DictReader(content.decode("utf-8-sig").splitlines(), skipinitialspace=True)
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        if "address" not in names:
            problems.add(Position(1, 1), "the first line names the columns, and one of them is address")
            return
        for row in reader:
            texts = {name: (row.get(name) or "").strip() for name in _KEYS}
            entry = {name: tuple(re.split(r"[;,\s]+", text.strip(";, "))) if name in _SEVERAL else (text,)
                     for name, text in texts.items() if text}  # fmt: skip
            if entry:
                yield Position(reader.line_num, 1), entry
    except UnicodeDecodeError:
        problems.add(Position(1, 1), "the file is not UTF-8 text")
    except csv.Error as error:
        problems.add(Position(1, 1), f"this is not CSV: {error}")


def _from_yaml(content: bytes, problems: Problems) -> Iterator[_Entry]:
    root = read_document(content, problems)
    if root is None:
        return
    hosts = {key.text: node for key, node in root.entries} if isinstance(root, Mapping) else {}
    listed = hosts.pop("hosts", None)
    if hosts or not isinstance(listed, Items):
        problems.add(root, "an inventory is a list of hosts: {hosts: [{address: 10.0.0.5, name: printer}]}")
        return
    for item in listed.nodes:
        if not isinstance(item, Mapping):
            problems.add(item, "a host is a mapping, such as {address: 10.0.0.5, name: printer}")
            continue
        entry = {}
        for key, node in item.entries:
            if key.text not in _KEYS:
                problems.add(key, f"unknown key {shown(key.text)}{did_you_mean(key.text, _KEYS)}")
            elif texts := _texts(key.text, node, problems):
                entry[key.text] = texts
        yield item, entry


def _texts(key: str, node: Node, problems: Problems) -> tuple[str, ...]:
    nodes = node.nodes if isinstance(node, Items) and key in _SEVERAL else (node,)
    texts = tuple(one.text for one in nodes if isinstance(one, Scalar) and one.text)
    if len(texts) != len(nodes):
        problems.add(node, f"{key} must be text")
    return texts
