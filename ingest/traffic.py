"""What one side of a flow sent: counters and statistics that can be joined, part by part, without loss.

Sums are exact integers; means and deviations become float64 only in the record.
"""

import math
from typing import Final

from netad.ingest.decode import ACK, FIN, PSH, RST, SYN, URG, Packet
from netad.ingest.flows import NO_WINDOW, TCP_FLAGS

_FLAG_BITS: Final = tuple(zip(TCP_FLAGS, (FIN, SYN, RST, PSH, ACK, URG), strict=True))
_NO_TTL: Final = 256


class Traffic:
    """Packets of one direction. A gap is the time since the packet before, 0 where the clock of the capture ran back.

    `lead_ns` is the gap before the first packet of this part, to the last one of the part before; it counts once the
    parts are joined.
    """

    __slots__ = ("flags", "gap_squares", "gaps_ns", "ip_bytes", "last_ns", "lead_ns", "length_max", "length_min",
                 "length_squares", "packets", "payload_bytes", "ttl_max", "ttl_min", "window")  # fmt: skip

    def __init__(self, previous_ns: int | None = None) -> None:
        self.packets = self.ip_bytes = self.payload_bytes = 0
        self.length_min = self.length_max = self.length_squares = 0
        self.gaps_ns = self.gap_squares = 0
        self.last_ns = previous_ns
        self.lead_ns: int | None = None
        self.ttl_min, self.ttl_max = _NO_TTL, 0
        self.window = NO_WINDOW
        self.flags: dict[int, int] = {}  # TCP flags -> packets

    def add(self, packet: Packet) -> None:
        """Count a packet."""
        length, ttl = packet.length, packet.ttl
        if self.last_ns is not None:
            self._gap(max(packet.time_ns - self.last_ns, 0))
            self.last_ns = max(packet.time_ns, self.last_ns)
        else:
            self.last_ns = packet.time_ns
        self.packets += 1
        self.ip_bytes += length
        self.payload_bytes += packet.payload_length
        self.length_squares += length * length
        self.length_min = min(length, self.length_min) if self.packets > 1 else length
        self.length_max = max(length, self.length_max)
        self.ttl_min, self.ttl_max = min(ttl, self.ttl_min), max(ttl, self.ttl_max)
        flags = packet.tcp_flags
        if flags is not None:
            self.flags[flags] = self.flags.get(flags, 0) + 1
            if self.window == NO_WINDOW:
                self.window = packet.tcp_window

    def _gap(self, gap_ns: int) -> None:
        if not self.packets:
            self.lead_ns = gap_ns
        else:
            self.gaps_ns += gap_ns
            self.gap_squares += gap_ns * gap_ns

    def join(self, later: "Traffic") -> None:
        """Add the part that came after this one."""
        if not later.packets:
            return
        if self.packets and later.lead_ns is not None:
            self.gaps_ns += later.lead_ns
            self.gap_squares += later.lead_ns * later.lead_ns
        self.length_min = min(later.length_min, self.length_min) if self.packets else later.length_min
        self.length_max = max(later.length_max, self.length_max)
        self.packets += later.packets
        self.ip_bytes += later.ip_bytes
        self.payload_bytes += later.payload_bytes
        self.length_squares += later.length_squares
        self.gaps_ns += later.gaps_ns
        self.gap_squares += later.gap_squares
        self.last_ns = later.last_ns
        self.ttl_min, self.ttl_max = min(later.ttl_min, self.ttl_min), max(later.ttl_max, self.ttl_max)
        self.window = self.window if self.window != NO_WINDOW else later.window
        for flags, packets in later.flags.items():
            self.flags[flags] = self.flags.get(flags, 0) + packets

    def columns(self, prefix: str) -> dict[str, int | float]:
        """Return this side's columns of FLOW_COLUMNS, `prefix` being `orig` or `resp`."""
        length_mean, length_std = _moments(self.packets, self.ip_bytes, self.length_squares)
        gap_mean, gap_std = _moments(self.packets - 1, self.gaps_ns, self.gap_squares)
        seen = 0
        for flags in self.flags:
            seen |= flags
        values: dict[str, int | float] = {
            "packets": self.packets,
            "ip_bytes": self.ip_bytes,
            "payload_bytes": self.payload_bytes,
            "length_min": self.length_min,
            "length_max": self.length_max,
            "length_mean": length_mean,
            "length_std": length_std,
            "gap_mean_ns": gap_mean,
            "gap_std_ns": gap_std,
            "ttl_min": self.ttl_min if self.packets else 0,
            "ttl_max": self.ttl_max,
            "tcp_flags": seen,
            "window": self.window,
        }
        for name, bit in _FLAG_BITS:
            values[name] = sum(packets for flags, packets in self.flags.items() if flags & bit)
        return {f"{prefix}_{name}": value for name, value in values.items()}


def _moments(count: int, total: int, squares: int) -> tuple[float, float]:
    """Return mean and population standard deviation of `count` integers from their sum and sum of squares."""
    if count < 1:
        return 0.0, 0.0
    return total / count, math.sqrt(count * squares - total * total) / count
