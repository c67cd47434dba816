"""Turns a trained network into a file for ONNX Runtime with 8-bit weights: a quarter of the size, run without torch."""

import contextlib
import logging
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from netad.core.errors import MissingExtraError, ModelError
from netad.detectors.transformer.detector import HuggingfaceDetector
from netad.detectors.transformer.encoding import MOST_TOKENS, PIECES, ROWS
from netad.detectors.transformer.onnx_runner import OnnxRunner

# Profiles that both are compared on.
MOST_COMPARED = 1000


@dataclass(frozen=True)
class Exported:
    """How faithful an export is: Spearman's rank correlation of the raw scores of so many profiles, and its bytes."""

    correlation: float
    profiles: int
    size: int


def export(detector: HuggingfaceDetector, profiles: pd.DataFrame) -> Exported:
    """Let a trained detector be run by ONNX Runtime from now on, and compare its scores of profiles.

    Raises:
        MissingExtraError: what exporting needs is not installed.
        ModelError: the detector was exported already.
    """
    network = getattr(detector.runner, "network", None)
    if network is None:
        raise ModelError("this model was exported already")
    compared = profiles.iloc[:: -(-len(profiles) // MOST_COMPARED) or 1]
    before = detector.score(compared)
    content = exported(network)
    detector.run_by(OnnxRunner(content))
    after = detector.score(compared)
    return Exported(_correlation(before, after), len(compared), len(content))


def exported(network: Any) -> bytes:  # noqa: ANN401 - torch is imported where it is used
    """Return a network as a file for ONNX Runtime, its weights in 8 bits.

    Raises:
        MissingExtraError: what exporting needs is not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401
        import torch
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"exporting needs {error.name}: install it with pip install 'netad[transformers,onnx]'"
        ) from error
    network = network.cpu().eval()
    ids = torch.full((ROWS, PIECES * 2), 5, dtype=torch.int64)
    shapes = ({0: torch.export.Dim("rows"), 1: torch.export.Dim("pieces", max=MOST_TOKENS)},)
    with tempfile.TemporaryDirectory() as place, _quiet():
        whole, small = Path(place) / "whole.onnx", Path(place) / "small.onnx"
        program = torch.onnx.export(
            network, (ids,), input_names=["ids"], output_names=["scores"], dynamic_shapes=shapes, dynamo=True,
            verbose=False,
        )  # fmt: skip
        if program is None:
            raise ModelError("torch could not export the network")
        program.save(str(whole))
        quantize_dynamic(
            whole, small, op_types_to_quantize=["MatMul", "Gemm", "Gather"], per_channel=True,
            weight_type=QuantType.QInt8, extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )  # fmt: skip
        return small.read_bytes()


def _correlation(before: Any, after: Any) -> float:  # noqa: ANN401 - arrays
    from scipy.stats import spearmanr

    if len(before) < 2 or not (np.ptp(before) and np.ptp(after)):
        return 1.0 if np.allclose(before, after, atol=0.05) else 0.0
    return float(spearmanr(before, after).statistic)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporters from telling of what they cannot find and do not need."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
