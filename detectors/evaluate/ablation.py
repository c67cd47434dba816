"""What each part of the transformer detector is worth: left out, exchanged, alone, and beside the fusion."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    result = {}
    if {DETECTOR, FUSION} <= set(scores):
        for share in SHARES:
            mixed = (1 - share) * scores[FUSION] + share * scores[DETECTOR]
            result[f"{FUSION} + {100 * share:g} % {DETECTOR}"] = mixed
    for name, changed in VARIANTS.items():
        model = _trained(train, TransformerSettings(**changed), seed)
        result[f"{DETECTOR}, {name}"] = model.surprises(test)[DETECTOR]
    # Levels and texts are those of any of the trained ones that knows names; training is what is not needed here.
    model = _trained(train, TransformerSettings(steps=1), seed)
    detector = model.detectors[DETECTOR]
    if isinstance(detector, HuggingfaceDetector) and model.learned is not None:
        measured = model.measure(test).frame
        known, asked = detector.texts(model.learned.rows), detector.texts(measured)
        result[f"{DETECTOR}, {FROZEN}"] = nearest(known, asked, detector.fields, base_model.find())
        detector.run_by(NoNetwork())
        result[f"{DETECTOR}, {NO_NETWORK}"] = detector.score(measured)
    return result


def _trained(train: ProfileBatch, settings: TransformerSettings, seed: int) -> Model:
    return Model.train(
        train, detectors=(DETECTOR,), name="ablation", window="", seed=seed, created="", settings={DETECTOR: settings}
    )
