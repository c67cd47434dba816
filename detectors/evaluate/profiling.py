"""Recordings to the profiles of their samples, as recorded and with malicious traffic moved among a host's own."""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from netad.core.addresses import format_addresses
from netad.detectors.behaviour.behaviours import Behaviours
from netad.detectors.evaluate.recording import MALICIOUS, Part, Recording
from netad.detectors.evaluate.splits import Move
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.profiles.batch import ProfileBatch
from netad.profiles.windows import WindowAggregator

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Profiled:
    """The profiles of a suite: row i of `recorded` is sample i, row j of `moved` is `moves[j]`.

    Sources have stand-in addresses, one a host: the same address in two recordings is two hosts.
    """

    samples: pd.DataFrame
    recorded: ProfileBatch
    moves: tuple[Move, ...]
    moved: ProfileBatch


def profile(recordings: Sequence[Recording], moves: Iterable[Move], window_ns: int) -> Profiled:
    """Profile every sample of the recordings and every move; rows of `Move` count through all recordings' samples."""
    samples = pd.concat([one.samples for one in recordings], ignore_index=True)
    offsets = np.cumsum([0, *(len(one.samples) for one in recordings)])
    recording_of = np.repeat(np.arange(len(recordings)), np.diff(offsets))
    distinct = sorted(set(moves), key=lambda move: (move.target, move.donor))
    recorded, moved, order = [], [], []
    for number, one in enumerate(recordings):
        own = [move for move in distinct if recording_of[move.target] == number]
        joined = [_joined(recordings, recording_of, samples, move, window_ns) for move in own]
        batch, changed = _profile_recording(one, joined, window_ns)
        recorded.append(batch)
        moved.append(changed)
        order.extend(own)
    stand_in = _stand_ins(samples, recording_of)
    return Profiled(
        samples,
        _renamed(ProfileBatch.join(recorded), stand_in),
        tuple(order),
        _renamed(ProfileBatch.join(moved), stand_in.iloc[[move.target for move in order]]),
    )


@dataclass(frozen=True)
class _Joined:
    """A host's own traffic of one window with what was moved into it."""

    source: tuple[int, int]
    start_ns: int
    parts: tuple[Part, ...]


def _joined(
    recordings: Sequence[Recording], recording_of: Rows, samples: pd.DataFrame, move: Move, window_ns: int
) -> _Joined:
    host, guest = recordings[recording_of[move.target]], recordings[recording_of[move.donor]]
    target, donor = samples.iloc[move.target], samples.iloc[move.donor]
    source = (int(target["source_hi"]), int(target["source_lo"]))
    given = (int(donor["source_hi"]), int(donor["source_lo"]))
    here, there = int(target["window"]), int(donor["window"])
    told = _told(host.parts)
    parts = [part.select(part.at(source, here, window_ns)) for part in host.parts]
    for part in guest.parts:
        # A recording without, say, dns.log would not have told of the guest's look-ups either: that a host alone has
        # such facts would give it away.
        if isinstance(part.batch, FactBatch) and part.batch.kind not in told:
            continue
        chosen = part.at(given, there, window_ns) & (part.truth == MALICIOUS)
        parts.append(part.select(chosen).moved(source, (here - there) * window_ns))
    return _Joined(source, here * window_ns, tuple(part for part in parts if len(part)))


def _told(parts: Iterable[Part]) -> frozenset[FactKind]:
    return frozenset(part.batch.kind for part in parts if isinstance(part.batch, FactBatch))


def _profile_recording(
    recording: Recording, joined: Sequence[_Joined], window_ns: int
) -> tuple[ProfileBatch, ProfileBatch]:
    """Return the profiles of the recording's samples and those of the joined windows, both in their order.

    Behaviours watch the recording window by window. A joined window is watched, beside the recorded one, by behaviours
    that have seen the same windows before.
    """
    rounds = _rounds(joined)
    waiting: dict[int, list[tuple[int, ProfileBatch]]] = {}
    for number, each in enumerate(rounds):
        for batch in _windows(recording, [part for one in each for part in joined[one].parts], window_ns):
            waiting.setdefault(_start_ns(batch), []).append((number, batch))
    watch = Behaviours(None, recording.inside)
    own: list[ProfileBatch] = []
    changed: list[list[ProfileBatch]] = [[] for _ in rounds]
    for batch in _windows(recording, recording.parts, window_ns):
        for number, other in waiting.get(_start_ns(batch), ()):
            changed[number].append(deepcopy(watch).watch(other).batch)
        own.append(watch.watch(batch).batch)
    samples = recording.samples
    starts = samples["window"].to_numpy(np.int64) * window_ns
    recorded = _rows(own, samples["source_hi"].to_numpy(np.uint64), samples["source_lo"].to_numpy(np.uint64), starts)
    found = []
    for each, batches in zip(rounds, changed, strict=True):
        high, low = (np.array([joined[one].source[half] for one in each], dtype=np.uint64) for half in (0, 1))
        found.append(_rows(batches, high, low, np.array([joined[one].start_ns for one in each], dtype=np.int64)))
    order = np.array([one for each in rounds for one in each], dtype=np.intp)
    return recorded, ProfileBatch.join(found).select(np.argsort(order))


def _start_ns(batch: ProfileBatch) -> int:
    return int(batch.frame["window_start_ns"].iloc[0])


def _rounds(joined: Sequence[_Joined]) -> list[list[int]]:
    """Deal the joined windows into rounds, so that each (source, window) comes once in a round."""
    rounds: list[list[int]] = []
    times: dict[tuple[tuple[int, int], int], int] = {}
    for number, one in enumerate(joined):
        turn = times.get((one.source, one.start_ns), 0)
        times[one.source, one.start_ns] = turn + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(number)
    return rounds


def _windows(recording: Recording, parts: Sequence[Part], window_ns: int) -> Iterator[ProfileBatch]:
    """Yield the profiles of parts, a batch a window, in order."""
    aggregator = WindowAggregator(window_ns, recording.inside, lateness_ns=0, facts=_told(recording.parts))
    # Facts before flows: what moves input time on closes windows.
    placed = [(part, part.windows(window_ns)) for part in sorted(parts, key=lambda part: part.is_flows)]
    ordered = [(part.select(order), windows[order]) for part, windows in placed
               for order in (np.argsort(windows, kind="stable"),)]  # fmt: skip
    for window in np.unique(np.concatenate([np.empty(0, np.int64), *(windows for _, windows in ordered)])).tolist():
        for part, windows in ordered:
            first, last = np.searchsorted(windows, (window, window + 1)).tolist()
            if last > first:
                yield from aggregator.add(part.select(np.arange(first, last)).batch)
    yield from aggregator.finish()


def _rows(
    batches: Sequence[ProfileBatch], high: NDArray[np.uint64], low: NDArray[np.uint64], start_ns: NDArray[np.int64]
) -> ProfileBatch:
    """Return the profile of each source and window, in their order.

    Raises:
        LookupError: there is none; samples and profiles come from the same slices.
    """
    joined = ProfileBatch.join(batches)
    places = pd.MultiIndex.from_frame(joined.frame[["source_hi", "source_lo", "window_start_ns"]])
    rows = places.get_indexer(pd.MultiIndex.from_arrays([high, low, start_ns]))
    if (rows < 0).any():
        raise LookupError("a sample has no profile")
    return joined.select(np.asarray(rows, dtype=np.intp))


def _stand_ins(samples: pd.DataFrame, recording_of: Rows) -> pd.DataFrame:
    """Return an address for every sample's source, `source`, `source_hi`, `source_lo`: one a host.

    The same address in two recordings is two hosts. Sources of one recording that share a /24 (/64 of IPv6) still do.
    """
    high, low = samples["source_hi"].to_numpy(np.uint64), samples["source_lo"].to_numpy(np.uint64)
    v4 = (high == 0) & (low >> np.uint64(32) == np.uint64(0xFFFF))
    network = pd.DataFrame(
        {"recording": recording_of, "v4": v4, "high": high, "low": np.where(v4, low >> np.uint64(8), 0)}
    )
    number = network.groupby(list(network.columns), sort=False).ngroup().to_numpy(np.uint64)
    ten = np.uint64(0xFFFF_0A00_0000)
    new_high = np.where(v4, np.uint64(0), np.uint64(0xFD00 << 48) + number)
    new_low = np.where(v4, ten + (number << np.uint64(8)) + (low & np.uint64(0xFF)), low)
    return pd.DataFrame({"source": format_addresses(new_high, new_low), "source_hi": new_high, "source_lo": new_low})


def _renamed(batch: ProfileBatch, stand_in: pd.DataFrame) -> ProfileBatch:
    columns = {name: stand_in[name].to_numpy() for name in ("source", "source_hi", "source_lo")}
    return replace(batch, frame=batch.frame.assign(**columns, inside=True))
