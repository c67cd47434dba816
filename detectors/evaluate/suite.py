"""Evaluation suites: the YAML that names recordings, where their truth comes from, and how they are split."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from netad.core.addresses import PRIVATE_NETWORKS, Networks, parse_address
from netad.core.errors import ConfigError
from netad.core.problems import Problems, did_you_mean, shown
from netad.core.timing import SECOND_NS, parse_duration
from netad.core.yaml_nodes import Items, Mapping, Node, Scalar, read_document

SPLITS = ("transplant", "recorded", "hosts", "contaminated")
MOST_SEEDS, MOST_INPUTS = 100, 10_000

_SUITE_KEYS = ("name", "window", "splits", "seeds", "inputs")
_INPUT_KEYS = ("scenario", "input", "inside", "labels")
_LABEL_KEYS = ("malicious", "normal", "verdicts")
# Of netad.outputs.stored, which is above this room.
STORES = ("parquet", "elastic")
_SEED = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_NO_SEED = "not a seed: a whole number from 0 to 999999999"

Address = tuple[int, int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Labels:
    """Where a recording's truth comes from.

    `column`: the label column of its logs. `verdicts`: what analysts said in this store (`parquet:DIR`, `elastic:URL`):
    windows with a true anomaly are malicious, those with a false alarm or without any anomaly normal.
    Otherwise addresses as (high, low): every flow of a `malicious` source is malicious, every one of a `normal` source
    benign; `all_normal` makes all other sources normal.
    """

    column: bool = False
    malicious: tuple[Address, ...] = ()
    normal: tuple[Address, ...] = ()
    all_normal: bool = False
    verdicts: str = ""


@dataclass(frozen=True, slots=True)
class SuiteInput:
    """One recording: its name, its files or folders, the networks whose sources are scored, and its truth."""

    scenario: str
    paths: tuple[Path, ...]
    inside: Networks
    labels: Labels


@dataclass(frozen=True, slots=True)
class Suite:
    """What is evaluated: recordings, the length of a window in ns, splits in the order they are reported, seeds."""

    name: str
    window: str
    window_ns: int
    splits: tuple[str, ...]
    seeds: tuple[int, ...]
    inputs: tuple[SuiteInput, ...]


def load_suite(path: Path) -> Suite:
    """Return the suite of a file; paths in it are relative to the file's folder.

    Raises:
        ConfigError: it cannot be read, or something is wrong in it; a line for each problem,
            `FILE:LINE:COLUMN: sentence`. Inputs that do not exist are among them.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    problems = Problems(str(path))
    root = read_document(content, problems)
    suite = _Reader(path.parent, problems).suite(root) if root is not None else None
    if len(problems) or suite is None:
        raise ConfigError("\n".join(problems.lines()))
    return suite


def narrowed(suite: Suite, splits: Sequence[str], seeds: Sequence[str]) -> Suite:
    """Return the suite with these splits and seeds, as they were typed; none of them leaves the suite's own.

    Raises:
        ConfigError: one of them is no split, or no seed.
    """
    for name in splits:
        if name not in SPLITS:
            raise ConfigError(f"{shown(name)} is no split; there are {', '.join(SPLITS)}{did_you_mean(name, SPLITS)}")
    for text in seeds:
        if not _SEED.fullmatch(text):
            raise ConfigError(f"{shown(text)} is {_NO_SEED}")
    return replace(
        suite,
        splits=tuple(split for split in SPLITS if split in splits) or suite.splits,
        seeds=tuple(dict.fromkeys(int(text) for text in seeds)) or suite.seeds,
    )


class _Reader:
    """Reads the nodes of one suite; what is wrong is noted, and what stands there instead is never used."""

    def __init__(self, folder: Path, problems: Problems) -> None:
        self._folder = folder
        self._problems = problems

    def suite(self, root: Node) -> Suite | None:
        """Return the suite, or None with problems noted."""
        if not isinstance(root, Mapping):
            self._problems.add(root, "a suite is a map with name, window, splits, seeds and inputs")
            return None
        entries = self._entries(root, _SUITE_KEYS, required=("name", "inputs"))
        name = self._text(entries.get("name"), "name")
        window = self._text(entries["window"], "window") if "window" in entries else "1h"
        window_ns = self._window(entries.get("window"), window)
        splits = self._choices(entries["splits"]) if "splits" in entries else SPLITS
        seeds = self._seeds(entries["seeds"]) if "seeds" in entries else (0,)
        inputs = self._inputs(entries["inputs"]) if "inputs" in entries else ()
        return Suite(name, window, window_ns, splits, seeds, inputs)

    def _entries(self, node: Mapping, known: Sequence[str], required: Sequence[str]) -> dict[str, Node]:
        entries = {}
        for key, value in node.entries:
            if key.text in known:
                entries[key.text] = value
            else:
                self._problems.add(key, f"unknown key {shown(key.text)}{did_you_mean(key.text, known)}")
        for name in required:
            if name not in entries:
                self._problems.add(node, f"the key {name!r} is missing")
        return entries

    def _text(self, node: Node | None, what: str) -> str:
        if isinstance(node, Scalar) and node.text.strip():
            return node.text
        if node is not None:
            self._problems.add(node, f"{what!r} must be a text")
        return ""

    def _list(self, node: Node, what: str) -> list[Scalar]:
        """Return the scalars of a list, or the only one."""
        items = node.nodes if isinstance(node, Items) else (node,)
        found = [item for item in items if isinstance(item, Scalar) and item.text.strip()]
        if not items or len(found) < len(items):
            self._problems.add(node, f"{what!r} must be a text or a list of texts, not empty")
        return found

    def _window(self, node: Node | None, text: str) -> int:
        try:
            window_ns = parse_duration(text) if text else SECOND_NS
            if window_ns < SECOND_NS:
                raise ConfigError("a window lasts at least 1s")
        except ConfigError as error:
            self._problems.add(node or Scalar(1, 1, text, plain=True), error.message)
            return SECOND_NS
        return window_ns

    def _choices(self, node: Node) -> tuple[str, ...]:
        for item in (found := self._list(node, "splits")):
            if item.text not in SPLITS:
                near = did_you_mean(item.text, SPLITS)
                self._problems.add(item, f"{shown(item.text)} is no split; there are {', '.join(SPLITS)}{near}")
        named = {item.text for item in found}
        return tuple(split for split in SPLITS if split in named)

    def _seeds(self, node: Node) -> tuple[int, ...]:
        found = self._list(node, "seeds")
        if len(found) > MOST_SEEDS:
            self._problems.add(node, f"more than {MOST_SEEDS} seeds")
        for item in found:
            if not _SEED.fullmatch(item.text):
                self._problems.add(item, f"{shown(item.text)} is {_NO_SEED}")
        return tuple(dict.fromkeys(int(item.text) for item in found if _SEED.fullmatch(item.text)))

    def _inputs(self, node: Node) -> tuple[SuiteInput, ...]:
        if not isinstance(node, Items) or not 0 < len(node.nodes) <= MOST_INPUTS:
            self._problems.add(
                node, "'inputs' must be a list of recordings, each a map with scenario, input and labels"
            )
            return ()
        found: list[SuiteInput] = []
        taken: dict[str, int] = {}
        for item in node.nodes:
            if not isinstance(item, Mapping):
                self._problems.add(item, "a recording must be a map with scenario, input and labels")
                continue
            one = self._input(item)
            if one.scenario in taken:
                said = f"the scenario {shown(one.scenario)} is named twice, first on line {taken[one.scenario]}"
                self._problems.add(item, said)
            taken.setdefault(one.scenario, item.line)
            found.append(one)
        return tuple(found)

    def _input(self, node: Mapping) -> SuiteInput:
        entries = self._entries(node, _INPUT_KEYS, required=("scenario", "input", "labels"))
        return SuiteInput(
            scenario=self._text(entries.get("scenario"), "scenario"),
            paths=self._paths(entries["input"]) if "input" in entries else (),
            inside=self._inside(entries["inside"]) if "inside" in entries else Networks.parse(PRIVATE_NETWORKS),
            labels=self._labels(entries["labels"]) if "labels" in entries else Labels(),
        )

    def _paths(self, node: Node) -> tuple[Path, ...]:
        paths = []
        for item in self._list(node, "input"):
            path = self._folder / item.text
            try:
                if not path.exists():
                    self._problems.add(item, f"the input {shown(item.text)} does not exist")
            except (OSError, ValueError):
                self._problems.add(item, f"{shown(item.text)} cannot be a path")
            paths.append(path)
        return tuple(paths)

    def _inside(self, node: Node) -> Networks:
        return Networks.parse(self._parsed(node, "inside", lambda text: Networks.parse((text,)).text[0]))

    def _labels(self, node: Node) -> Labels:
        if isinstance(node, Scalar) and node.text == "column":
            return Labels(column=True)
        if not isinstance(node, Mapping):
            self._problems.add(node, "'labels' must be 'column' or a map with malicious, normal or both, or verdicts")
            return Labels()
        entries = self._entries(node, _LABEL_KEYS, required=())
        if not entries:
            self._problems.add(node, "'labels' names neither malicious nor normal sources, nor a store of verdicts")
        if "verdicts" in entries:
            if len(entries) > 1:
                self._problems.add(node, "'verdicts' say all of the truth: leave malicious and normal out")
            return Labels(verdicts=self._store(entries["verdicts"]))
        normal = entries.get("normal")
        everybody = isinstance(normal, Scalar) and normal.text == "all"
        return Labels(
            malicious=self._addresses(entries.get("malicious"), "malicious"),
            normal=() if everybody else self._addresses(normal, "normal"),
            all_normal=everybody,
        )

    def _store(self, node: Node) -> str:
        """Return the store of verdicts, its folder relative to the suite's."""
        target = self._text(node, "verdicts")
        name, _, place = target.partition(":")
        if target and name not in STORES:
            self._problems.add(node, f"{shown(target)} is no store of events: write parquet:DIR or elastic[:URL]")
        if name != "parquet":
            return target
        folder = self._folder / (place or "netad-store")
        if not folder.is_dir():
            self._problems.add(node, f"the store {shown(place)} does not exist")
        return f"parquet:{folder}"

    def _addresses(self, node: Node | None, what: str) -> tuple[Address, ...]:
        return tuple(self._parsed(node, what, parse_address)) if node is not None else ()

    def _parsed(self, node: Node, what: str, parse: Callable[[str], T]) -> list[T]:
        values = []
        for item in self._list(node, what):
            try:
                values.append(parse(item.text))
            except (ValueError, ConfigError):
                kind = "a network such as 10.0.0.0/8" if what == "inside" else "an address"
                self._problems.add(item, f"{shown(item.text)} is not {kind}")
        return values
