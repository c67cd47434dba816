"""What each part of the transformer detector is worth: left out, exchanged, alone, and beside the fusion."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from netad.detectors.calibration import Calibration
from netad.detectors.model import Model
from netad.detectors.transformer import base_model
from netad.detectors.transformer.detector import HuggingfaceDetector
from netad.detectors.transformer.frozen import NoNetwork, nearest
from netad.detectors.transformer.settings import TransformerSettings
from netad.profiles.batch import ProfileBatch

Float64 = NDArray[np.float64]

DETECTOR, FUSION = "huggingface", "fusion"
# Shares of the transformer's surprise in a weighted mean with the fusion's.
SHARES = (0.1, 0.25, 0.5)
# The share with which counting words alone, without a network, is mixed in: what the network itself adds shows there.
LIKE = 0.25
# What is changed, in the order of the report; the settings that change it.
VARIANTS: dict[str, dict[str, Any]] = {
    "without names": {"names": False},
    "random weights": {"pretrained": False},
    "replaced fields": {"objective": "replaced"},
}
NO_NETWORK, FROZEN = "no network", "frozen embeddings"


def ablated(train: ProfileBatch, test: ProfileBatch, scores: dict[str, Float64], *, seed: int) -> dict[str, Float64]:
    """Return the scores of test profiles, shape (n,), by each variant and combination, in the order of the report.

    `scores` are the surprises, in decades, of the detectors that were trained already.

    Raises:
        ConfigError: the base model cannot be used.
        MissingExtraError: torch or transformers is not installed.
    """
    mixable = {DETECTOR, FUSION} <= set(scores)
    result = {}
    if mixable:
        for share in SHARES:
            result[_mix_name(share, DETECTOR)] = _mixed(scores[FUSION], scores[DETECTOR], share)
    for name, changed in VARIANTS.items():
        model = _trained(train, TransformerSettings(**changed), seed)
        result[f"{DETECTOR}, {name}"] = model.surprises(test)[DETECTOR]
    # For levels, texts and held-out profiles one step of training does.
    model = _trained(train, TransformerSettings(steps=1), seed)
    detector, learned = model.detectors[DETECTOR], model.learned
    if isinstance(detector, HuggingfaceDetector) and learned is not None:
        measured = model.measure(test).frame
        known, asked = detector.texts(learned.rows), detector.texts(measured)
        result[f"{DETECTOR}, {FROZEN}"] = nearest(known, asked, detector.fields, base_model.find())
        detector.run_by(NoNetwork())
        held_out = learned.rows[~np.isnan(learned.raw[DETECTOR])]
        calibration = Calibration.fit(detector.score(held_out), detector.tail_shape)
        counted = calibration.surprise(detector.score(measured))
        result[f"{DETECTOR}, {NO_NETWORK}"] = counted
        if mixable:
            result[_mix_name(LIKE, NO_NETWORK)] = _mixed(scores[FUSION], counted, LIKE)
    return result


def _mix_name(share: float, name: str) -> str:
    return f"{FUSION} + {100 * share:g} % {name}"


def _mixed(fusion: Float64, other: Float64, share: float) -> Float64:
    return (1 - share) * fusion + share * other


def _trained(train: ProfileBatch, settings: TransformerSettings, seed: int) -> Model:
    return Model.train(
        train, detectors=(DETECTOR,), name="ablation", window="", seed=seed, created="", settings={DETECTOR: settings}
    )
