"""The detector `huggingface`: how abnormally a profile reads to a language model that knows the normal ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.errors import ConfigError, MissingExtraError, ModelError
from netad.detectors.anomaly import UnexpectedWord
from netad.detectors.bundle import DAMAGED, read_json, write_json
from netad.detectors.transformer import base_model, onnx_runner
from netad.detectors.transformer.encoding import CHOICES, NAME_KINDS, TextEncoder
from netad.detectors.transformer.explaining import told
from netad.detectors.transformer.levels import Levels
from netad.detectors.transformer.likelihood import usual
from netad.detectors.transformer.scoring import Reader, Runner, Word
from netad.detectors.transformer.settings import FEW, MOST_STEPS, TransformerSettings
from netad.detectors.transformer.text import VERSION, ProfileText, levels_of, read

Float64 = NDArray[np.float64]

FOLDS = 5
_DETAILS = "detector.json"


@dataclass(frozen=True)
class _Learned:
    """What training gave: the levels, the reader, and what is said of it in the model's manifest."""

    levels: Levels
    reader: Reader
    about: Mapping[str, Any]


class HuggingfaceDetector:
    """A small pre-trained encoder adapted to normal profiles as text; the raw score is in nats.

    A fifth of the training profiles is not learnt from: it says when to stop, and its scores calibrate. Cross-fitting
    as other detectors do it would take five trainings.

    Attributes:
        notes: what the operator should know of the training.
    """

    name: ClassVar[str] = "huggingface"
    tail_shape: ClassVar[float] = 0.0
    reads_said: ClassVar[bool] = True
    # Beside this detector it explains, and has no say in the score: docs/evaluation/transformer.md has the evidence.
    advises: ClassVar[str] = "fusion"

    def __init__(self, settings: TransformerSettings | None = None) -> None:
        self.settings = settings or TransformerSettings()
        self.notes: list[str] = []
        self._learned: _Learned | None = None
        self._remembered: dict[ProfileText, float] = {}

    def fit(self, profiles: pd.DataFrame, *, seed: int) -> None:
        """Learn from profiles, shape (n, ...), n >= 1, with a fifth of them held out."""
        folds = np.random.default_rng(seed % (1 << 64)).permutation(len(profiles)) % FOLDS
        self.fit_folds(profiles, folds, seed=seed)

    def fit_folds(self, profiles: pd.DataFrame, folds: NDArray[np.intp], *, seed: int) -> Float64:
        """Learn from all but the first fold; return the raw scores of that one, shape (n,), NaN for the others.

        A single fold trains and is scored.

        Raises:
            ConfigError: the base model cannot be used.
            MissingExtraError: torch or transformers is not installed.
        """
        held = folds == folds.min()
        taught = ~held if (~held).any() else held
        levels = levels_of(profiles[taught])
        codes = levels.apply(profiles)
        codes[taught] = levels.apply_training(profiles[taught], seed)
        texts = read(codes, profiles, with_names=self.settings.names)
        self._learned, self._remembered = self._adapted(levels, texts, taught, seed), {}
        raw = np.full(len(profiles), np.nan)
        raw[held] = self._reader.scores([text for text, out in zip(texts, held, strict=True) if out], {})
        return raw

    def _adapted(self, levels: Levels, texts: Sequence[ProfileText], taught: NDArray[np.bool_], seed: int) -> _Learned:
        base = base_model.find(self.settings.base_model)
        encoder = TextEncoder.load(base.folder / base_model.TOKENIZER, levels.names, base.most_tokens)
        inside = [text for text, in_it in zip(texts, taught, strict=True) if in_it]
        outside = [text for text, in_it in zip(texts, taught, strict=True) if not in_it]
        marks = {kind: len(levels.names) + place for place, kind in enumerate(NAME_KINDS)}
        usual_log = usual(inside, marks, encoder.allowed)
        runner, adapted = _torch().adapted(base, encoder, usual_log, self.settings, (inside, outside), seed=seed)
        self.notes = []
        if len(inside) < FEW:
            self.notes.append(f"huggingface learnt from only {len(inside)} profiles, in {adapted.steps} steps instead "
                              f"of up to {MOST_STEPS}: its scores are rough")  # fmt: skip
        about = {
            "base_model": base.name, "objective": self.settings.objective, "names": self.settings.names,
            "pretrained": self.settings.pretrained, "most_tokens": base.most_tokens, "profiles": len(inside),
            "held_out": len(outside), "steps": adapted.steps, "kept_step": adapted.kept,
        }  # fmt: skip
        reader = Reader(encoder, usual_log, runner, self.settings.objective == "replaced")
        return _Learned(levels, reader, about)

    def score(self, profiles: pd.DataFrame) -> Float64:
        """Return raw scores, shape (n,), nats."""
        return self._reader.scores(self.texts(profiles), self._remembered)

    def texts(self, profiles: pd.DataFrame) -> list[ProfileText]:
        """Return the profiles as the texts that this detector reads."""
        learned = self._fitted
        return read(learned.levels.apply(profiles), profiles, with_names=bool(learned.about["names"]))

    def reading(self, texts: Sequence[ProfileText]) -> list[tuple[Word, ...]]:
        """Return for each text how unexpected its words and names are."""
        return self._reader.words(texts)

    def unexpected(self, profiles: pd.DataFrame) -> list[tuple[UnexpectedWord, ...]]:
        """Return for each profile the most unexpected words of its text, the most unexpected first."""
        texts = self.texts(profiles)
        expects = not self._reader.by_belonging
        pairs = zip(texts, self.reading(texts), strict=True)
        return [told(text, words, self.fields, expects=expects) for text, words in pairs]

    @property
    def _fitted(self) -> _Learned:
        if self._learned is None:
            raise ModelError("this detector has learnt nothing yet")
        return self._learned

    @property
    def _reader(self) -> Reader:
        return self._fitted.reader

    def use(self, device: str, precision: str) -> None:
        """Run on another device, or in another precision.

        Raises:
            ConfigError: there is no such device, or the exported model cannot run on it.
        """
        learned = self._fitted
        runner = learned.reader.runner.using(device, precision)
        self.settings = replace(self.settings, device=device, precision=precision)
        self.run_by(runner)

    def run_by(self, runner: Runner) -> None:
        """Let something else run the network."""
        learned = self._fitted
        self._learned, self._remembered = replace(learned, reader=replace(learned.reader, runner=runner)), {}

    @property
    def fields(self) -> tuple[str, ...]:
        """The features that the text tells of."""
        return self._fitted.levels.names

    @property
    def runner(self) -> Runner:
        """What runs the network."""
        return self._reader.runner

    def save(self, folder: Path) -> None:
        """Write levels and settings as JSON, the tokenizer, and the weights with safetensors or as ONNX."""
        learned = self._fitted
        details = {
            "text_version": VERSION,
            "levels": learned.levels.to_json(),
            "usual": learned.reader.usual_log.tolist(),
            "about": dict(learned.about),
        }
        write_json(folder / _DETAILS, details)
        learned.reader.encoder.save(folder / base_model.TOKENIZER)
        learned.reader.runner.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that was saved to `folder`.

        Raises:
            ModelError: a file is missing or damaged, or the text was another one when the model was trained.
            MissingExtraError: what runs the network is not installed.
        """
        details = read_json(folder / _DETAILS)
        if details.get("text_version") != VERSION:
            raise ModelError("the model reads another version of the text of profiles: train it again with netad train")
        levels = Levels.from_json(details.get("levels"))
        try:
            about = dict(details["about"])
            encoder = TextEncoder.load(folder / base_model.TOKENIZER, levels.names, int(about["most_tokens"]))
            usual_log = np.array(details["usual"], dtype=np.float64)
            settings = _settings(about)
            if usual_log.shape != (encoder.slots, len(CHOICES)) or not np.isfinite(usual_log).all():
                raise ValueError
        except (KeyError, TypeError, ValueError, OverflowError, ConfigError) as error:
            raise ModelError(DAMAGED) from error
        exported = (folder / onnx_runner.FILE).is_file()
        runner = onnx_runner.OnnxRunner.load(folder) if exported else _torch().TorchRunner.load(folder, encoder.pad)
        detector = cls(settings)
        reader = Reader(encoder, usual_log, runner, settings.objective == "replaced")
        detector._learned = _Learned(levels, reader, about)
        return detector


def _settings(about: Mapping[str, Any]) -> TransformerSettings:
    """Return the settings that a model of this manifest would be trained with again."""
    base = str(about["base_model"])
    return TransformerSettings(
        base_model=None if base == base_model.PACKAGED else base,
        objective=about["objective"],
        names=bool(about["names"]),
        pretrained=bool(about["pretrained"]),
    )


def _torch() -> Any:  # noqa: ANN401 - a module
    """Return netad's module that needs torch.

    Raises:
        MissingExtraError: torch, transformers or safetensors is not installed.
    """
    try:
        from netad.detectors.transformer import torch_runner
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("netad"):
            raise
        raise MissingExtraError(
            f"the detector huggingface needs {error.name}: install it with pip install 'netad[transformers]'"
        ) from error
    return torch_runner
