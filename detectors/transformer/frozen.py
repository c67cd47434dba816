"""What adapting has to beat: the base model as it is, and no network at all."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netad.detectors.transformer import base_model
from netad.detectors.transformer.encoding import CHOICES, ROWS, Ints, TextEncoder
from netad.detectors.transformer.likelihood import BELONGS, Float32
from netad.detectors.transformer.text import ProfileText

Float64 = NDArray[np.float64]

NEIGHBOURS = 3
_SURE = 20.0


class NoNetwork:
    """Runs nothing: a word is as unexpected as it is rare in its slot, and every name belongs."""

    rows = ROWS

    def run(self, ids: Ints) -> Float32:
        """Return scores that say nothing, shape (rows, pieces, outputs)."""
        scores = np.zeros((*ids.shape, len(CHOICES) + 1), dtype=np.float32)
        scores[..., BELONGS] = _SURE
        return scores

    def using(self, device: str, precision: str) -> "NoNetwork":
        """Return itself."""
        del device, precision
        return self

    def save(self, folder: Path) -> None:
        """Write nothing."""


def nearest(
    train: Sequence[ProfileText], test: Sequence[ProfileText], fields: Sequence[str], base: base_model.BaseModel
) -> Float64:
    """Return how far each text's frozen embedding is from its three nearest training texts', shape (len(test),).

    Embeddings are means over pieces of the base model's last layer, of length 1; `fields` are what the levels are of.

    Raises:
        ConfigError: the base model cannot be used.
    """
    import torch

    from netad.detectors.transformer.devices import autocast
    from netad.detectors.transformer.network import build

    encoder = TextEncoder.load(base.folder / base_model.TOKENIZER, fields, base.most_tokens)
    network = build(base, encoder.pad, seed=0).eval()

    def embedded(texts: Sequence[ProfileText]) -> Float64:
        parts = []
        for start in range(0, len(texts), ROWS):
            batch = encoder.batch([encoder.encode(text) for text in texts[start : start + ROWS]])
            with torch.inference_mode(), autocast("cpu"):
                hidden = network.hidden(torch.from_numpy(batch.ids)).float().numpy()
            there = (batch.ids != encoder.pad)[..., None]
            parts.append((hidden * there).sum(axis=1) / there.sum(axis=1))
        joined = np.concatenate(parts).astype(np.float64)
        return np.asarray(joined / np.linalg.norm(joined, axis=1, keepdims=True))

    known, asked = embedded(train), embedded(test)
    away = np.sqrt(np.maximum(2 - 2 * asked @ known.T, 0.0))
    return np.asarray(np.sort(away, axis=1)[:, :NEIGHBOURS].mean(axis=1))
