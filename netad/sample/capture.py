"""Write a sample: the capture and, beside it, the labels that say what in it was an attack."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from netad.core.errors import ConfigError, OutputError
from netad.core.files import atomic_path
from netad.core.timing import iso
from netad.sample.attacks import Attack, GroundTruth, attack_named, stage
from netad.sample.hosts import HOSTS
from netad.sample.office import normal_packets
from netad.sample.rhythm import Span, working_day
from netad.sample.sites import build_world
from netad.sample.wire import Packet, write_pcap

FORMAT_VERSION = 1
MOST_HOURS, MOST_DAYS, MOST_SCALE = 24.0, 1000, 10.0
DEFAULT_SEED, DEFAULT_HOURS = 7, 8.0


@dataclass(frozen=True, slots=True)
class SampleFiles:
    """What was written: the two files, and what the capture holds."""

    capture: Path
    labels: Path
    packets: int
    bytes: int
    span: Span
    attacks: tuple[GroundTruth, ...]


def sample_packets(
    *,
    seed: int = DEFAULT_SEED,
    day: int = 1,
    hours: float = DEFAULT_HOURS,
    attacks: Sequence[str | Attack] = (),
    packets_scale: float = 1.0,
) -> tuple[list[Packet], tuple[GroundTruth, ...]]:
    """Return the packets of a day in time order, and the truth about its attacks.

    The normal packets are the same with and without attacks.

    Raises:
        ConfigError: an option is out of range, or an attack is unknown, asked for twice, or later than the capture.
    """
    _check(day, hours, packets_scale)
    span, world = working_day(day, hours), build_world(seed)
    wanted = [attack_named(attack) if isinstance(attack, str) else attack for attack in attacks]
    hostile, truths = stage(wanted, world, seed, day, span)
    packets = [packet for packet in normal_packets(world, seed, day, span, packets_scale) if packet[0] < span.end_ns]
    return sorted(packets + hostile, key=itemgetter(0)), truths


def write_sample(
    folder: Path,
    *,
    seed: int = DEFAULT_SEED,
    day: int = 1,
    hours: float = DEFAULT_HOURS,
    attacks: Sequence[str | Attack] = (),
    packets_scale: float = 1.0,
    name: str | None = None,
) -> SampleFiles:
    """Write a day of the sample office into a folder: the capture `name`, and its labels.

    `name` is `normal.pcap`, or `attacked.pcap` when there are attacks, unless given; the labels of `x.pcap` are in
    `x.labels.json`. The same options give the same bytes.

    Raises:
        ConfigError: an option is out of range or makes no sense.
        OutputError: the folder cannot be written.
    """
    file_name = name or ("attacked.pcap" if attacks else "normal.pcap")
    if Path(file_name).name != file_name or file_name in (".", ".."):
        raise ConfigError(f"{file_name!r} is not a plain file name")
    packets, truths = sample_packets(seed=seed, day=day, hours=hours, attacks=attacks, packets_scale=packets_scale)
    span = working_day(day, hours)
    capture, labels = folder / file_name, folder / f"{Path(file_name).stem}.labels.json"
    told = {
        "format_version": FORMAT_VERSION,
        "capture": file_name,
        "seed": seed,
        "day": day,
        "hours": hours,
        "packets_scale": packets_scale,
        "packets": len(packets),
        "start_ns": span.start_ns,
        "end_ns": span.end_ns,
        "start": iso(span.start_ns),
        "end": iso(span.end_ns),
        "attacks": [_attack_label(truth) for truth in truths],
        "sources": _source_labels(),
    }
    try:
        with atomic_path(capture) as part:
            write_pcap(part, packets)
        with atomic_path(labels) as part:
            part.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        size = capture.stat().st_size
    except OSError as error:
        raise OutputError(f"cannot write the sample to {folder}: {error.strerror or error}") from error
    return SampleFiles(capture, labels, len(packets), size, span, truths)


def _check(day: int, hours: float, packets_scale: float) -> None:
    if not 1 <= day <= MOST_DAYS:
        raise ConfigError(f"day {day} is not between 1 and {MOST_DAYS}")
    if not 0 < hours <= MOST_HOURS:
        raise ConfigError(f"{hours:g} hours are not more than 0 and at most {MOST_HOURS:g}")
    if not 0 < packets_scale <= MOST_SCALE:
        raise ConfigError(f"scale {packets_scale:g} is not more than 0 and at most {MOST_SCALE:g}")


def _attack_label(truth: GroundTruth) -> dict[str, Any]:
    return {
        "name": truth.name,
        "technique": truth.technique,
        "source": truth.source,
        "source_name": truth.source_name,
        "victims": list(truth.victims),
        "ports": list(truth.ports),
        "start_ns": truth.start_ns,
        "end_ns": truth.end_ns,
        "start": iso(truth.start_ns),
        "end": iso(truth.end_ns),
        "packets": truth.packets,
    }


def _source_labels() -> list[dict[str, Any]]:
    return [
        {"address": address, "name": host.name, "role": host.role, "vlan": host.v4.vlan}
        for host in HOSTS.values()
        for address in host.addresses
    ]
