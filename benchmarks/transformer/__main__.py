"""`python -m benchmarks.transformer`: how long the transformer detector trains and scores, and its size on disk."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.ingest.machine import this_machine
from benchmarks.transformer.profiles import made_profiles


def main() -> None:
    """Measure, and print a table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", type=int, default=1000, help="profiles that train and are scored [1000]")
    parser.add_argument("--threads", type=int, default=1, help="threads [1]")
    parser.add_argument("--runs", type=int, default=3, help="scoring runs, of which the median is told [3]")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(given.threads)
    # ONNX Runtime takes as many threads as there are cores, so it is given no more.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.threads])

    import torch

    torch.set_num_threads(given.threads)
    rows = _measured(given.profiles, given.runs)
    machine = this_machine()
    print(f"{machine.date}, {machine.cpu}, {given.threads} thread(s), load {machine.load:.2f}, {machine.system}, "
          f"Python {machine.python}, torch {torch.__version__}, {given.profiles:,} profiles\n")  # fmt: skip
    print("| what | figure |\n|---|---:|")
    for what, figure in rows:
        print(f"| {what} | {figure} |")


def _measured(count: int, runs: int) -> list[tuple[str, str]]:
    from scipy.stats import spearmanr

    from netad.detectors.transformer.detector import HuggingfaceDetector
    from netad.detectors.transformer.onnx_export import export
    from netad.detectors.transformer.settings import TransformerSettings

    train, test = made_profiles(count, seed=1), made_profiles(count, seed=2)
    detector = HuggingfaceDetector(TransformerSettings(device="cpu", on_step=_told))
    began = time.perf_counter()
    detector.fit(train, seed=0)
    rows = [("training", f"{time.perf_counter() - began:.0f} s")]
    bare = test.assign(said="")
    texts = {"58 tokens, no names": detector.texts(bare), "with names": detector.texts(test)}
    scores = {}
    for precision in ("fp32", "bf16"):
        detector.use("cpu", precision)
        scores[precision] = detector.score(test)
        for what, each in texts.items():
            rows.append((f"scoring, {precision}, {what}", _rate(detector.reading, each, runs)))
    with tempfile.TemporaryDirectory() as place:
        rows.append(("on disk", _size(detector.save, Path(place) / "whole")))
        detector.use("cpu", "fp32")
        done = export(detector, test)
        rows.append(("on disk, 8 bits (ONNX)", _size(detector.save, Path(place) / "small")))
    for what, each in texts.items():
        rows.append((f"scoring, int8 (ONNX), {what}", _rate(detector.reading, each, runs)))
    rows.append(("rank correlation, bf16 with fp32", f"{spearmanr(*scores.values()).statistic:.4f}"))
    rows.append(("rank correlation, int8 with fp32", f"{done.correlation:.4f}"))
    return rows


def _rate(read: Callable[[Sequence[Any]], object], texts: Sequence[Any], runs: int) -> str:
    distinct = list(dict.fromkeys(texts))
    read(distinct[:32])
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        read(distinct)
        times.append(time.perf_counter() - began)
    return f"{len(distinct) / sorted(times)[runs // 2]:.0f} texts/s"


def _size(save: Callable[[Path], None], folder: Path) -> str:
    folder.mkdir()
    save(folder)
    return f"{sum(path.stat().st_size for path in folder.iterdir()) / 1e6:.1f} MB"


def _told(done: int, total: int) -> None:
    print(f"\rtraining: step {done} of {total}", end="" if done < total else "\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
