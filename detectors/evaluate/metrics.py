"""What a ranking is worth: AUROC, detection at a fixed false positive rate, PR-AUC, and how sure the figures are."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Mask = NDArray[np.bool_]
Names = NDArray[np.object_]

FALSE_POSITIVE_RATE = 0.01
RESAMPLES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Ranking:
    """Scores of n test samples (higher is more anomalous) and what they really are.

    `malicious`, `scenario` (of the malicious flows; anything for a normal sample) and `host` have shape (n,).
    """

    score: Float64
    malicious: Mask
    scenario: Names
    host: Names

    def scenarios(self) -> list[str]:
        """Return the scenarios of the malicious samples, sorted."""
        return sorted(set(self.scenario[self.malicious]))

    def normal(self) -> Float64:
        """Return the scores of the normal samples."""
        return self.score[~self.malicious]

    def of(self, scenario: str) -> Float64:
        """Return the scores of a scenario's malicious samples."""
        return np.asarray(self.score[self.malicious & (self.scenario == scenario)])

    def per_source(self) -> "Ranking":
        """Return one sample a source: the maximum over its normal windows, and over those of each scenario."""
        best: dict[tuple[str, str, bool], float] = {}
        for score, bad, scenario, host in zip(self.score, self.malicious, self.scenario, self.host, strict=True):
            key = (host, scenario if bad else "", bool(bad))
            best[key] = max(best.get(key, -np.inf), float(score))
        keys = sorted(best)
        return Ranking(
            score=np.array([best[key] for key in keys], dtype=np.float64),
            malicious=np.array([key[2] for key in keys], dtype=bool),
            scenario=np.array([key[1] for key in keys], dtype=object),
            host=np.array([key[0] for key in keys], dtype=object),
        )


@dataclass(frozen=True)
class Figures:
    """What is measured of one ranking, or the mean over several; NaN where there is nothing to measure it on."""

    auroc: Mapping[str, float]
    macro_auroc: float
    tpr: float
    pr_auc: float


def figures(ranking: Ranking) -> Figures:
    """Measure a ranking: AUROC a scenario and their mean, detection at 1 % false positives (macro), pooled PR-AUC."""
    normal = ranking.normal()
    by_scenario = {name: ranking.of(name) for name in ranking.scenarios()}
    if not len(normal) or not by_scenario:
        return Figures(dict.fromkeys(by_scenario, np.nan), np.nan, np.nan, np.nan)
    area = {name: auroc(normal, scores) for name, scores in by_scenario.items()}
    found = [detected(normal, scores) for scores in by_scenario.values()]
    return Figures(area, float(np.mean(list(area.values()))), float(np.mean(found)), _pr_auc(ranking))


def mean_figures(measured: Sequence[Figures]) -> Figures:
    """Return the mean over seeds; a scenario counts in the seeds that have it."""
    names = sorted({name for one in measured for name in one.auroc})
    return Figures(
        {name: _mean([one.auroc[name] for one in measured if name in one.auroc]) for name in names},
        _mean([one.macro_auroc for one in measured]),
        _mean([one.tpr for one in measured]),
        _mean([one.pr_auc for one in measured]),
    )


def auroc(normal: Float64, malicious: Float64) -> float:
    """Return the share of pairs in which the malicious sample scores higher, ties counting half (Mann and Whitney)."""
    return float(_wins(np.sort(normal), malicious).mean() / len(normal))


def detected(normal: Float64, malicious: Float64, rate: float = FALSE_POSITIVE_RATE) -> float:
    """Return the share of malicious samples above the normal ones' quantile 1 - `rate`."""
    return float((malicious > np.quantile(normal, 1 - rate)).mean())


def interval(rankings: Sequence[Ranking]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the macro AUROC, mean over `rankings` (one a seed), over hosts.

    Hosts are drawn with replacement, the same draw for every seed, each with all of its samples; a scenario that no
    drawn host has does not count in that draw. NaN where no draw has both kinds of samples. Percentile method
    (B. Efron, "Bootstrap methods: another look at the jackknife", 1979).
    """
    hosts = sorted({name for ranking in rankings for name in ranking.host})
    if not hosts:
        return np.nan, np.nan
    draws = np.random.default_rng(0).multinomial(len(hosts), np.full(len(hosts), 1 / len(hosts)), RESAMPLES)
    weights = draws.astype(np.float64)
    macro = _nanmean([_resampled_macro(ranking, hosts, weights) for ranking in rankings])
    if np.isnan(macro).all():
        return np.nan, np.nan
    low, high = np.nanquantile(macro, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _resampled_macro(ranking: Ranking, hosts: Sequence[str], weights: Float64) -> Float64:
    """Return the macro AUROC with each host counted so many times, shape (draws,), `weights` (draws, hosts).

    AUROC is a sum over pairs of hosts, so that a draw only weighs the pairs' sums.
    """
    number = {name: place for place, name in enumerate(hosts)}
    host = np.array([number[name] for name in ranking.host], dtype=np.intp)
    normal = np.bincount(host[~ranking.malicious], minlength=len(hosts)).astype(np.float64)
    ordered = [np.sort(ranking.score[~ranking.malicious & (host == place)]) for place in range(len(hosts))]
    areas = []
    for scenario in ranking.scenarios():
        rows = ranking.malicious & (ranking.scenario == scenario)
        wins = np.array(
            [np.bincount(host[rows], weights=_wins(one, ranking.score[rows]), minlength=len(hosts)) for one in ordered]
        )
        bad = np.bincount(host[rows], minlength=len(hosts)).astype(np.float64)
        pairs = (weights @ normal) * (weights @ bad)
        won = np.einsum("bh,hk,bk->b", weights, wins, weights)
        areas.append(np.divide(won, pairs, out=np.full(len(weights), np.nan), where=pairs > 0))
    return _nanmean(areas) if areas else np.full(len(weights), np.nan)


def _wins(ordered: Float64, scores: Float64) -> Float64:
    """Return how many of the ordered scores each score beats, ties counting half, shape (scores,)."""
    below = np.searchsorted(ordered, scores, side="left") + np.searchsorted(ordered, scores, side="right")
    return np.asarray(below / 2, dtype=np.float64)


def _pr_auc(ranking: Ranking) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(ranking.malicious, ranking.score))


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else np.nan


def _nanmean(rows: Sequence[Any]) -> Float64:
    with warnings.catch_warnings():  # a draw without a single pair is NaN, which is what is wanted
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        return np.asarray(np.nanmean(np.array(rows), axis=0), dtype=np.float64)
