"""Runs the exported network with ONNX Runtime, 8-bit weights, on the processor: no torch is needed."""

from pathlib import Path
from typing import Any

import numpy as np

from netad.core.errors import ConfigError, MissingExtraError, ModelError
from netad.detectors.bundle import DAMAGED
from netad.detectors.transformer.encoding import Ints
from netad.detectors.transformer.likelihood import Float32

FILE = "model.int8.onnx"


class OnnxRunner:
    """A network as ONNX Runtime takes it, of which `content` is the file.

    Numbers are rounded to 8 bits by the range of those beside them, so every text is a batch of its own.
    """

    rows = 1

    def __init__(self, content: bytes) -> None:
        """Open a network.

        Raises:
            MissingExtraError: ONNX Runtime is not installed.
            ModelError: the content is damaged.
        """
        try:
            import onnxruntime
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                "this model was exported for ONNX Runtime: install it with pip install 'netad[onnx]'"
            ) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelError(DAMAGED) from error
        self._content = content

    @classmethod
    def load(cls, folder: Path) -> "OnnxRunner":
        """Return the network in a folder.

        Raises:
            MissingExtraError: ONNX Runtime is not installed.
            ModelError: the file is missing or damaged.
        """
        try:
            content = (folder / FILE).read_bytes()
        except OSError as error:
            raise ModelError(DAMAGED) from error
        return cls(content)

    def run(self, ids: Ints) -> Float32:
        """Return the network's scores, shape (rows, pieces, outputs)."""
        (scores,) = self._session.run(None, {"ids": ids})
        found: Float32 = np.asarray(scores, dtype=np.float32)
        return found

    def using(self, device: str, precision: str) -> "OnnxRunner":
        """Return itself.

        Raises:
            ConfigError: another device or precision is asked for than it has.
        """
        if device == "cuda" or precision != "auto":
            raise ConfigError("this model was exported to 8 bits and runs on the processor: leave --device and "
                              "--precision out")  # fmt: skip
        return self

    def save(self, folder: Path) -> None:
        """Write the file."""
        (folder / FILE).write_bytes(self._content)
