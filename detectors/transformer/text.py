"""A profile as text: the template, its version, and what of it a model predicts."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from netad.detectors.transformer.levels import MISSING, WORDS, Codes, Levels
from netad.detectors.transformer.names import Named, named
from netad.profiles.said import COLUMN

# Counts up when fields, words or their order change: a model reads only the text it was trained on.
VERSION = 1
KNOWN, NEW = "known", "new"

# What the text tells of, in order, each under one word of BERT's vocabulary.
FIELDS = {
    "flows": "flows", "bytes_out": "sent", "bytes_in": "received", "producer_consumer_ratio": "volume",
    "packet_length_mean": "length", "duration_mean": "duration", "flow_gap_variation": "rhythm",
    "regularity": "regular", "unique_destinations": "destinations", "unique_destination_ports": "ports",
    "failed_share": "failed", "failed_destination_ports": "attempts", "rejected_share": "refused",
    "low_port_share": "system", "admin_port_share": "control", "udp_share": "spread", "web_share": "web",
    "new_destination_share": "strangers", "failed_new_destinations": "lost", "new_network_share": "foreign",
    "new_networks": "networks", "new_ports": "doors", "port_surprise_mean": "unusual", "port_surprise_max": "odd",
    "state_surprise_max": "states", "own_new_network_share": "places", "own_port_surprise_mean": "own",
    "own_state_surprise_max": "rest",
}  # fmt: skip


@dataclass(frozen=True)
class ProfileText:
    """One profile in words: the level of each field of the template (`MISSING`: left out), and what it named."""

    levels: tuple[int, ...]
    names: tuple[Named, ...]


def read(codes: Codes, profiles: pd.DataFrame, *, with_names: bool) -> list[ProfileText]:
    """Return the texts of profiles whose levels are known, codes of shape (n, fields)."""
    said: Sequence[object] = profiles[COLUMN].tolist() if with_names and COLUMN in profiles else [""] * len(profiles)
    return [ProfileText(tuple(row), named(words)) for row, words in zip(codes.tolist(), said, strict=True)]


def shown(text: ProfileText, fields: Sequence[str]) -> str:
    """Return the text as people read it; `fields` are the features that the levels are of."""
    words = [f"{FIELDS[name]} {WORDS[level]}" for name, level in zip(fields, text.levels, strict=True)
             if level != MISSING]  # fmt: skip
    kind = ""
    for one in text.names:
        if one.kind != kind:
            words.append(one.kind)
            kind = one.kind
        words.append(f"{NEW if one.new else KNOWN} {one.text}")
    return " ".join(words)


def levels_of(profiles: pd.DataFrame) -> Levels:
    """Return the levels of the template's fields among the profiles of a baseline, novelty measured."""
    return Levels.fit(profiles, tuple(FIELDS))


def as_text(profiles: pd.DataFrame, levels: Levels) -> list[str]:
    """Return each profile of a ProfileFrame as people read what a model reads."""
    return [shown(one, levels.names) for one in read(levels.apply(profiles), profiles, with_names=True)]
