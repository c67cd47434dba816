"""A model: detectors fitted to normal profiles, what their scores mean, and what it knows of the normal."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad import __version__
from netad.core.errors import ConfigError, ModelError
from netad.detectors.anomaly import ONLY_OUTSIDE
from netad.detectors.base import Detector, WithSettings, reads_words
from netad.detectors.behaviour_detector import behaviour_columns
from netad.detectors.bundle import feature_set, library_versions
from netad.detectors.calibration import DECADES, Calibration, tail_to_score
from netad.detectors.habits import BehaviourHabits
from netad.detectors.history import KEYS, History
from netad.detectors.matrix import Scaling, judged
from netad.detectors.scores import Scores
from netad.detectors.seen import SeenProfiles
from netad.detectors.training import Learned, Prior, Trimmed, in_decades, learn, measured
from netad.detectors.training_rows import chosen, frame_of, rows_to_add, rows_to_train, training_notes
from netad.detectors.verdicts import NO_VERDICTS, Verdicts, left_out
from netad.profiles.baseline import Baseline
from netad.profiles.batch import ProfileBatch, Profiles
from netad.profiles.features import FEATURES
from netad.profiles.frame import feature_matrix
from netad.profiles.novelty import Knowledge

Float64 = NDArray[np.float64]
# Of what was set aside in training, so many are listed.
MOST_LISTED = 100
# A threshold is never wider than one false alarm in so many profiles for being trained on few.
WIDEST = 1 / 50


@dataclass(frozen=True)
class Model:
    """Fitted detectors with their calibrations, what is known of the normal, and where it comes from.

    `profiles` counts the profiles it was trained on, `first_ns` and `last_ns` are the span of their windows (ns since
    the epoch), `notes` sentences for the operator about the training, `trimmed` lists the most surprising of the
    `trimmed_count` profiles that were set aside. `version` depends on the training data, the settings, and the
    versions of netad and its libraries, and on nothing else. `seen` is what trained it or was set aside.
    `learned` is what came of training, None after loading.
    """

    name: str
    window: str
    seed: int
    created: str
    version: str
    profiles: int
    sources: int
    first_ns: int
    last_ns: int
    self_baseline: bool
    baseline: Baseline
    detectors: Mapping[str, Detector]
    calibrations: Mapping[str, Calibration]
    history: History
    seen: SeenProfiles
    knowledge: Knowledge | None = None
    habits: BehaviourHabits | None = None
    inputs: tuple[Mapping[str, Any], ...] = ()
    notes: list[str] = field(default_factory=list)
    trimmed: tuple[Trimmed, ...] = ()
    trimmed_count: int = 0
    learned: Learned | None = None

    @classmethod
    def train(
        cls,
        profiles: Profiles,
        *,
        detectors: Sequence[str],
        name: str,
        window: str,
        created: str,
        seed: int = 0,
        inputs: Sequence[Mapping[str, Any]] = (),
        self_baseline: bool = False,
        peer_networks: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
        verdicts: Verdicts = NO_VERDICTS,
    ) -> "Model":
        """Learn from profiles, all of which count as normal; the order of rows does not matter.

        Sources outside never train the baseline of those inside; they do where nothing is inside. The scores that
        calibrate are out of fold. Hosts of one of `peer_networks` (CIDR) are each other's peers, else those of a /24.
        Profiles that `verdicts` call true anomalies are left out; false alarms are normal, however odd they look.
        `settings` is by detector what it is made with.

        Raises:
            ModelError: there is no profile to learn from.
            ConfigError: an unknown detector, or none; a network that is none.
            MissingExtraError: a detector needs an optional dependency.
        """
        rows, notes = rows_to_train(profiles)
        rows, judged_notes = verdicts.to_learn_from(rows)
        notes += judged_notes
        learned = learn(
            rows, _names(detectors), seed=seed, peer_networks=peer_networks, self_baseline=self_baseline,
            settings=settings, verdicts=verdicts,
        )  # fmt: skip
        frame, set_aside = frame_of(rows), len(learned.trimmed)
        return cls(
            name=name,
            window=window,
            seed=seed,
            created=created,
            version=_version(learned.rows, tuple(learned.detectors), name, window, seed, self_baseline),
            profiles=len(frame),
            sources=int(frame["source"].nunique()),
            first_ns=int(frame["window_start_ns"].min()),
            last_ns=int(frame["window_end_ns"].max()),
            self_baseline=self_baseline,
            inputs=tuple(inputs),
            notes=[*notes, *training_notes(learned.rows, len(frame), learned.trimmed, set_aside), *_told(learned)],
            seen=SeenProfiles.of([frame]),
            trimmed=learned.trimmed[:MOST_LISTED],
            trimmed_count=set_aside,
            **_parts(learned),
        )

    def update(
        self,
        profiles: Profiles,
        *,
        created: str,
        inputs: Sequence[Mapping[str, Any]] = (),
        verdicts: Verdicts = NO_VERDICTS,
    ) -> "Model":
        """Return the model with more normal profiles learnt; those that it has seen already are left out.

        What is known grows by what they met. Detectors are fitted again, to them and to what the model kept of its
        earlier training. What was set aside once stays so. `verdicts` say the same as in `train`; what was kept of true
        anomalies goes, but what they met stays known.

        Raises:
            ModelError: there is no new profile, none of a source on the side (inside or outside) that trained the
                model, or the model came with meetings and these profiles come without.
        """
        rows = rows_to_add(profiles, self.name, self.notes)
        rows, judged_notes = verdicts.to_learn_from(rows)
        if (self.knowledge is None) == isinstance(rows, ProfileBatch):
            raise ModelError(f"the model {self.name} was trained on profiles of another kind: train it again")
        old = self.seen.holds(frame_of(rows))
        if old.all():
            raise ModelError(f"the model {self.name} was trained on all of these profiles already")
        notes = [*(note for note in self.notes if note == ONLY_OUTSIDE), *judged_notes]
        if old.any():
            notes.append(f"{int(old.sum())} profiles were part of the training already")
        rows = chosen(rows, np.flatnonzero(~old))
        frame = frame_of(rows)
        networks = self.knowledge.peer_networks if self.knowledge is not None else ()
        kept = self.history.rows
        if (true := verdicts.true(kept)).any():
            kept = kept[~true].reset_index(drop=True)
            notes.append(f"{left_out(true)}, of those the model kept")
        prior = Prior(kept, self.knowledge, self.habits)
        settings = {name: one.settings for name, one in self.detectors.items() if isinstance(one, WithSettings)}
        learned = learn(
            rows, tuple(self.detectors), seed=self.seed, prior=prior, peer_networks=networks, settings=settings,
            verdicts=verdicts,
        )  # fmt: skip
        known = pd.concat([self.history.rows[["source_hi", "source_lo"]], frame[["source_hi", "source_lo"]]])
        sources = len(known.drop_duplicates()) if learned.knowledge is None else len(learned.knowledge.hosts)
        count, set_aside = self.profiles + len(frame), self.trimmed_count + len(learned.trimmed)
        trimmed = tuple(sorted([*self.trimmed, *learned.trimmed], key=lambda one: -one.surprise))
        return Model(
            name=self.name,
            window=self.window,
            seed=self.seed,
            created=created,
            version=_version(learned.rows, tuple(learned.detectors), self.name, self.window, self.seed, False),
            profiles=count,
            sources=sources,
            first_ns=min(self.first_ns, int(frame["window_start_ns"].min())),
            last_ns=max(self.last_ns, int(frame["window_end_ns"].max())),
            self_baseline=False,
            inputs=(*self.inputs, *inputs),
            notes=[*notes, *training_notes(learned.rows, count, trimmed, set_aside), *_told(learned)],
            seen=self.seen.union(SeenProfiles.of([frame])),
            trimmed=trimmed[:MOST_LISTED],
            trimmed_count=set_aside,
            **_parts(learned),
        )

    @property
    def measured_training(self) -> pd.DataFrame:
        """The profiles that were learnt from, novelty measured: all after training, a sample after loading."""
        return self.history.rows if self.learned is None else self.learned.rows

    def measure(self, batch: ProfileBatch) -> ProfileBatch:
        """Return the batch with the features of novelty, and `known_source`, as this model knows them.

        In a self-baseline a training profile keeps what was measured against the others: to all together, itself
        among them, nothing is new.
        """
        if not reads_words(self.detectors.values()):
            batch = batch.without_words()
        frame = measured(batch, self.knowledge)
        if self.self_baseline and self.learned is not None:
            places, matched = _places(self.learned.rows, frame)
            for feature in FEATURES:
                if feature.group in ("novelty", "history"):
                    values = frame[feature.name].to_numpy(np.float64, copy=True)
                    values[matched] = self.learned.rows[feature.name].to_numpy(np.float64)[places]
                    frame = frame.assign(**{feature.name: values})
        return replace(batch, frame=frame)

    @cached_property
    def scaling(self) -> Scaling:
        """How far from typical a value is, by what the model kept of its training."""
        return Scaling.fit(self.history.rows, judged())

    def score(self, profiles: Profiles) -> Scores:
        """Score profiles; the score is the highest over the deciding detectors.

        A batch is measured, a frame taken as it is.
        """
        frame = self.measure(profiles).frame if isinstance(profiles, ProfileBatch) else profiles
        surprises = self.surprises(frame)
        names = np.array(self.deciding, dtype=object)
        table = np.array([surprises[name] for name in self.deciding]).reshape(len(names), len(frame))
        # Surprise goes on where scores end at 1, so the winner is the most surprised one even there.
        winner = table.argmax(axis=0)
        highest = table.max(axis=0)
        known = frame["known_source"].to_numpy(bool) if "known_source" in frame else np.ones(len(frame), dtype=bool)
        return Scores(
            score=np.minimum(highest / DECADES, 1.0),
            tail=10.0**-highest,
            detector=names[winner],
            by_detector={one: np.minimum(values / DECADES, 1.0) for one, values in surprises.items()},
            known=known,
        )

    @property
    def deciding(self) -> tuple[str, ...]:
        """The detectors that have a say in the score: all but those that only advise one that is there too."""
        return tuple(name for name, one in self.detectors.items() if getattr(one, "advises", "") not in self.detectors)

    def surprises(self, profiles: Profiles) -> dict[str, Float64]:
        """Return for each detector -log10 of the profiles' tail probabilities, shape (n,), without an upper end.

        In a self-baseline, where the profiles that trained are scored again, theirs are those out of fold, and named
        behaviours are taken at their word: that the input itself does it does not make it normal.
        """
        frame = self.measure(profiles).frame if isinstance(profiles, ProfileBatch) else profiles
        found = self.surprises_of(self.without_habits(frame))
        if self.self_baseline and self.learned is not None:
            places, matched = _places(self.learned.rows, frame)
            for name, raw in self.learned.raw.items():
                surprise = self.calibrations[name].surprise(raw[places])
                found[name][matched] = np.where(np.isnan(raw[places]), found[name][matched], surprise)
        return found

    def without_habits(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a ProfileFrame with each behaviour only as far as it is no habit of the source: what detectors see."""
        return frame if self.habits is None else self.habits.discounted(frame)

    def surprises_of(self, frame: pd.DataFrame, names: Sequence[str] | None = None) -> dict[str, Float64]:
        """Return the same of rows as detectors see them, whoever's they are; of the named detectors, or of all.

        What was learnt of sources inside says nothing about those outside, of which few flows are seen: they all would
        look alike, and odd. Of them only detectors that have learnt nothing speak, as named behaviours do.
        """
        strangers = self.strangers(frame)
        found = {}
        for name in self.detectors if names is None else names:
            surprise = self.calibrations[name].surprise(self.detectors[name].score(frame))
            found[name] = surprise if in_decades(self.detectors[name]) else np.where(strangers, 0.0, surprise)
        return found

    def strangers(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Tell which rows are of sources outside that this model, of sources inside, cannot judge, shape (n,)."""
        if ONLY_OUTSIDE in self.notes or "inside" not in frame:
            return np.zeros(len(frame), dtype=bool)
        return ~frame["inside"].to_numpy(bool)

    def threshold(self, budget: float) -> float:
        """Return the score from which a profile is anomalous, so that about `budget` of normal profiles are.

        Several detectors share the budget, for each of them may raise a false alarm; behaviours, which fire at one in
        a thousand by themselves, do not count. A budget that is finer than one in twice the training profiles, which
        they cannot tell apart, is widened to that, but not beyond one in 50.
        """
        sharing = sum(not in_decades(self.detectors[name]) for name in self.deciding)
        return tail_to_score(max(budget / max(sharing, 1), self.finest_budget))

    @property
    def finest_budget(self) -> float:
        """The least share of normal profiles that the training can tell."""
        return min(1 / (2 * max(self.profiles, 1)), WIDEST)

    def save(self, folder: Path) -> None:
        """Write the model as a folder; the same training data gives the same bytes but for `created`.

        Raises:
            ModelError: `folder` is something else than a model, or cannot be written.
        """
        from netad.detectors.model_files import save

        save(self, folder)

    @classmethod
    def load(cls, folder: Path) -> "Model":
        """Return the model in a folder.

        Raises:
            ModelError: it is missing, damaged, from another feature set or of another format version.
            MissingExtraError: a detector needs an optional dependency.
        """
        from netad.detectors.model_files import load

        return load(folder)


def _names(detectors: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(detectors))
    if not names:
        raise ConfigError("detectors: at least one is needed")
    return names


def _parts(learned: Learned) -> dict[str, Any]:
    """Return the fields of a model that follow from what was learnt."""
    return {
        "baseline": Baseline.fit(learned.rows),
        "detectors": learned.detectors,
        "calibrations": learned.calibrations,
        "history": History.of(learned.rows),
        "knowledge": learned.knowledge,
        "habits": learned.habits,
        "learned": learned,
    }


def _told(learned: Learned) -> list[str]:
    """Return what detectors have to say of their training."""
    return [note for one in learned.detectors.values() for note in getattr(one, "notes", ())]


def _version(
    rows: pd.DataFrame, detectors: tuple[str, ...], name: str, window: str, seed: int, self_baseline: bool
) -> str:
    """Return 12 hex digits of a hash over all that the model depends on."""
    settings = {
        "netad": __version__, "libraries": library_versions(), "features": feature_set()["hash"],
        "detectors": detectors, "name": name, "window": window, "seed": seed, "self_baseline": self_baseline,
    }  # fmt: skip
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for matrix in (feature_matrix(rows), rows[behaviour_columns(rows)]):
        values = matrix.to_numpy("<f8")
        digest.update(np.where(np.isnan(values), np.nan, values).tobytes())
    return digest.hexdigest()[:12]


def _places(rows: pd.DataFrame, frame: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return which rows of a frame, shape (n,), are among `rows`, and the places of those there."""
    if not set(KEYS) <= set(frame.columns):
        return np.empty(0, dtype=np.intp), np.zeros(len(frame), dtype=bool)
    numbered = rows[list(KEYS)].assign(place=np.arange(len(rows))).drop_duplicates(list(KEYS))
    place = frame[list(KEYS)].merge(numbered, how="left", on=list(KEYS))["place"].to_numpy(np.float64)
    matched = ~np.isnan(place)
    return place[matched].astype(np.intp), matched
