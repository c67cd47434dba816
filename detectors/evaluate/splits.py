"""Splits of a suite's samples into what trains and what is tested, and which windows are moved where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

TRAINING_SHARE = 0.6
LEAST_DONATED, LEAST_TRAINED = 10, 3
MOST_MOVED = 4
CONTAMINATIONS = (0.01, 0.05)


@dataclass(frozen=True, slots=True)
class Move:
    """The malicious flows of the sample `donor`, moved into the window of the sample `target`: rows of the samples."""

    target: int
    donor: int


@dataclass(frozen=True)
class Trial:
    """What one split with one seed trains on and tests.

    `train`, `normal` and `malicious` are rows of the samples, `moved` takes the place of `malicious` where windows are
    moved. `contamination` is the share of the training windows that malicious ones replaced.
    """

    split: str
    seed: int
    train: Rows
    normal: Rows
    malicious: Rows
    moved: tuple[Move, ...] = ()
    contamination: float = 0.0


def training(samples: pd.DataFrame) -> Mask:
    """Return which samples train, shape (n,): for each source the first 60 % of its normal windows."""
    result = np.zeros(len(samples), dtype=bool)
    for rows in _by_host(samples, ~samples["malicious"].to_numpy(bool)).values():
        result[rows[: int(TRAINING_SHARE * len(rows))]] = True
    return result


def trials(samples: pd.DataFrame, splits: Sequence[str], seeds: Sequence[int]) -> Iterator[Trial]:
    """Yield what is to be tried, split by split in the order they are reported, and for each seed.

    `samples` is that of netad.detectors.evaluate.recording for all recordings, rows counted from 0.
    """
    trained = training(samples)
    malicious = samples["malicious"].to_numpy(bool)
    for split in splits:
        if split == "transplant":
            yield from (_transplant(samples, trained, seed) for seed in seeds)
        elif split == "recorded":
            for seed in seeds:
                yield _of_masks(split, seed, trained, ~malicious & ~trained, malicious)
        elif split == "hosts":
            yield from (_hosts(samples, trained, seed) for seed in seeds)
        else:
            for share in CONTAMINATIONS:
                yield from (_contaminated(samples, trained, seed, share) for seed in seeds)


def _of_masks(split: str, seed: int, train: Mask, normal: Mask, malicious: Mask) -> Trial:
    return Trial(split, seed, np.flatnonzero(train), np.flatnonzero(normal), np.flatnonzero(malicious))


def _by_host(samples: pd.DataFrame, chosen: Mask) -> dict[str, Rows]:
    """Return for each host, sorted by name, its chosen rows in time order."""
    rows = np.flatnonzero(chosen)
    table = samples.iloc[rows].assign(row=rows).sort_values(["host", "window"], kind="stable")
    return {str(host): group["row"].to_numpy(np.intp) for host, group in table.groupby("host", sort=True)}


def _clean(samples: pd.DataFrame) -> Mask:
    """Return the samples of sources that are never malicious."""
    ever = set(samples["host"][samples["malicious"].to_numpy(bool)])
    return ~samples["host"].isin(ever).to_numpy(bool)


def _transplant(samples: pd.DataFrame, trained: Mask, seed: int) -> Trial:
    draw = np.random.default_rng(seed)
    clean, malicious = _clean(samples), samples["malicious"].to_numpy(bool)
    train, test = _by_host(samples, trained & clean), _by_host(samples, ~trained & clean & ~malicious)
    hosts = [host for host, rows in train.items() if len(rows) >= LEAST_TRAINED and host in test]
    donors = malicious & (samples["bad"].to_numpy() >= LEAST_DONATED)
    moves = []
    for scenario in sorted(set(samples["scenario"][donors])):
        giving = np.flatnonzero(donors & (samples["scenario"] == scenario).to_numpy(bool))
        for host in hosts:
            for target in draw.choice(test[host], min(MOST_MOVED, len(test[host])), replace=False):
                donor = giving[draw.integers(len(giving))]
                moves.append(Move(int(target), int(donor)))
    normal = np.concatenate([np.empty(0, np.intp), *(test[host] for host in hosts)])
    return Trial("transplant", seed, np.flatnonzero(trained), normal, np.empty(0, np.intp), tuple(moves))


def _hosts(samples: pd.DataFrame, trained: Mask, seed: int) -> Trial:
    """Draw the half of the sources that train among those that can: a source with one window has nothing to train."""
    able = sorted(_by_host(samples, trained & _clean(samples)))
    drawn = np.random.default_rng(seed).permutation(len(able))[: max(len(able) // 2, 1)]
    known = samples["host"].isin({able[place] for place in drawn}).to_numpy(bool)
    malicious = samples["malicious"].to_numpy(bool)
    return _of_masks("hosts", seed, trained & known, ~malicious & ~known, malicious)


def _contaminated(samples: pd.DataFrame, trained: Mask, seed: int, share: float) -> Trial:
    """Replace training windows by malicious ones as recorded, at least one, as long as there are such windows."""
    clean = _transplant(samples, trained, seed)
    draw = np.random.default_rng([seed, round(share * 1000)])
    malicious = np.flatnonzero(samples["malicious"].to_numpy(bool))
    count = min(max(1, round(share * len(clean.train))), len(malicious), len(clean.train))
    kept = draw.permutation(clean.train)[count:]
    train = np.sort(np.concatenate([kept, draw.choice(malicious, count, replace=False)]))
    return Trial("contaminated", seed, train, clean.normal, clean.malicious, clean.moved, share)
