"""Makes the captures that the harness times, by seed: `python -m benchmarks.ingest.captures FOLDER NAME...`."""

import argparse
import hashlib
import json
import math
import struct
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.ingest.frames import MAX_FRAME, RECORD_HEADER, shift_times, write_records
from benchmarks.ingest.payloads import payloads, templates_of
from benchmarks.ingest.specs import CAPTURES, CaptureFile, CaptureSpec, capture_path, keep_capture, kept_capture
from benchmarks.ingest.traffic import plan

_FILE_HEADER: Final = struct.Struct("<IHHiIII")
_BLOCK_PACKETS: Final = 200_000
_ETHERNET: Final = 1

_Write = Callable[[bytes | memoryview], None]


def make_capture(folder: Path, spec: CaptureSpec) -> CaptureFile:
    """Return the capture of `spec` in `folder`, made if it is not there yet.

    Making one holds its plan in memory: about 4 GB for 10 M packets.
    """
    kept = kept_capture(folder, spec)
    if kept is not None:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    path = capture_path(folder, spec)
    partial = path.with_suffix(".partial")
    digest = hashlib.sha256()
    with partial.open("wb") as file:

        def write(block: bytes | memoryview) -> None:
            file.write(block)
            digest.update(block)

        write(_FILE_HEADER.pack(0xA1B2C3D4, 2, 4, 0, 0, spec.snaplen, _ETHERNET))
        packets, flows = _write_repeated(folder, spec, write) if spec.repeats > 1 else _write_planned(spec, write)
        size = file.tell()
    partial.replace(path)
    capture = CaptureFile(spec.name, spec.what, str(path), packets, flows, size, digest.hexdigest())
    keep_capture(capture, spec)
    return capture


def _write_planned(spec: CaptureSpec, write: _Write) -> tuple[int, int]:
    """Write the records of planned traffic; return the numbers of packets and flows."""
    flows, packets = plan(spec.traffic)
    templates = templates_of(flows, packets)
    texts = payloads(spec.traffic.seed)
    count = packets.flow.size
    out = np.empty(_BLOCK_PACKETS * (RECORD_HEADER + min(spec.snaplen, MAX_FRAME)), np.uint8)
    for begin in range(0, count, _BLOCK_PACKETS):
        end = min(begin + _BLOCK_PACKETS, count)
        used = write_records(out, flows, packets, templates, texts, begin, end, spec.snaplen)
        write(out[:used].data)
    return count, spec.traffic.flows


def _write_repeated(folder: Path, spec: CaptureSpec, write: _Write) -> tuple[int, int]:
    """Write the records of a capture that is played once, several times over, each time later by its duration.

    No flow goes on in the next repetition: planned flows end 0.1 durations before their addresses and ports come again.
    """
    once = make_capture(folder, _played_once(spec))
    records: npt.NDArray[np.uint8] = np.fromfile(once.path, np.uint8, offset=_FILE_HEADER.size)
    for repetition in range(spec.repeats):
        if repetition:
            shift_times(records, math.ceil(spec.traffic.duration_s) + 1)
        write(records.data)
    return once.packets * spec.repeats, once.flows * spec.repeats


def _played_once(spec: CaptureSpec) -> CaptureSpec:
    """Return the listed capture with the same traffic played once, or one of its own without it."""
    for listed in CAPTURES.values():
        if (listed.traffic, listed.snaplen, listed.repeats) == (spec.traffic, spec.snaplen, 1):
            return listed
    return replace(spec, name=f"{spec.name}-once", repeats=1)


def main() -> None:
    """Make the named captures and print one line of JSON for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest.captures", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="+", choices=list(CAPTURES), metavar="NAME", help=", ".join(CAPTURES))
    arguments = parser.parse_args()
    for name in arguments.names:
        print(json.dumps(asdict(make_capture(arguments.folder, CAPTURES[name]))), flush=True)


if __name__ == "__main__":
    main()
