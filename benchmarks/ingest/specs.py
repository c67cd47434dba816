"""What the captures hold, and where they are kept. Light to import: the process that measures must stay small."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

# Goes up when the same specification makes other bytes than before, so that kept captures are made anew.
GENERATOR_VERSION: Final = 1


class Kind(IntEnum):
    """What a flow carries. FLOOD is a SYN flood from forged sources; SCAN a few inside hosts trying ports."""

    DNS, TLS, HTTP, TCP, SCAN, QUIC, NTP, ICMP, ARP, FLOOD = range(10)


Mix: TypeAlias = tuple[tuple[Kind, float], ...]

OFFICE_MIX: Final[Mix] = (
    (Kind.DNS, 0.42),
    (Kind.TLS, 0.30),
    (Kind.HTTP, 0.07),
    (Kind.TCP, 0.05),
    (Kind.SCAN, 0.06),
    (Kind.QUIC, 0.04),
    (Kind.NTP, 0.02),
    (Kind.ICMP, 0.03),
    (Kind.ARP, 0.01),
)
FLOOD_MIX: Final[Mix] = ((Kind.FLOOD, 0.9), *((kind, share / 10) for kind, share in OFFICE_MIX))


@dataclass(frozen=True, slots=True)
class TrafficSpec:
    """What to plan: about `packets` packets of exactly `flows` flows in `duration_s`, from `start_s` on.

    The same specification gives the same traffic with one version of NumPy (whose random streams may change between
    versions).
    """

    packets: int
    flows: int
    duration_s: float = 3600.0
    seed: int = 7
    start_s: int = 1_700_000_000
    mix: Mix = OFFICE_MIX


@dataclass(frozen=True, slots=True)
class CaptureSpec:
    """One capture: its traffic, how much of each frame is kept, and how often all of it comes, one after the other."""

    name: str
    what: str
    traffic: TrafficSpec
    snaplen: int = 65_535
    repeats: int = 1

    def fingerprint(self) -> str:
        """Return everything that decides the capture's bytes, as text."""
        traffic = self.traffic
        mix = {kind.name: share for kind, share in traffic.mix}
        numbers = [traffic.packets, traffic.flows, traffic.duration_s, traffic.seed, traffic.start_s]
        return json.dumps([GENERATOR_VERSION, numbers, mix, self.snaplen, self.repeats])


_HEADER: Final = TrafficSpec(packets=10_000_000, flows=1_000_000)
CAPTURES: Final[Mapping[str, CaptureSpec]] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            CaptureSpec("small", "20 k packets, whole", TrafficSpec(packets=20_000, flows=2_000)),
            CaptureSpec("full", "1.1 GB, 2 M whole packets", TrafficSpec(packets=2_000_000, flows=200_000)),
            CaptureSpec("header", "10 M packets, snapped to 96 bytes", _HEADER, snaplen=96),
            CaptureSpec(
                "flood",
                "SYN flood: 1 M flows in 4 s, all alive at its end",
                TrafficSpec(packets=2_100_000, flows=1_000_000, duration_s=4.0, mix=FLOOD_MIX),
                snaplen=96,
            ),
            CaptureSpec("long", "`header` ten times, one after the other", _HEADER, snaplen=96, repeats=10),
        )
    }
)


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """A capture on disk. `sha256` is the file's, so that two machines can tell whether they timed the same bytes."""

    name: str
    what: str
    path: str
    packets: int
    flows: int
    bytes: int
    sha256: str


def capture_path(folder: Path, spec: CaptureSpec) -> Path:
    """Return where a capture is kept."""
    return folder / f"{spec.name}.pcap"


def kept_capture(folder: Path, spec: CaptureSpec) -> CaptureFile | None:
    """Return the capture that an earlier run made to the same specification, None without one."""
    path = capture_path(folder, spec)
    try:
        sidecar = json.loads(path.with_suffix(".json").read_text())
        if sidecar.pop("fingerprint") != spec.fingerprint() or path.stat().st_size != sidecar["bytes"]:
            return None
        return CaptureFile(path=str(path), **sidecar)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_capture(capture: CaptureFile, spec: CaptureSpec) -> None:
    """Write the sidecar by which kept_capture() knows the capture again."""
    sidecar = asdict(capture) | {"fingerprint": spec.fingerprint()}
    del sidecar["path"]
    Path(capture.path).with_suffix(".json").write_text(json.dumps(sidecar, indent=2))
