"""Commands an analyst would type next: filters and queries for one anomaly, to be copied.

What stands in an event comes from outside, so addresses are parsed, numbers are numbers, and file names are quoted.
"""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from netad.core.timing import SECOND_NS, iso, parse_time
from netad.outputs.base import Event

ZEEK_FIELDS = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration",
               "orig_bytes", "resp_bytes", "conn_state")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """A text to copy and what it is for."""

    name: str
    purpose: str
    text: str


def commands(event: Event, paths: Iterable[str] = ()) -> list[Command]:
    """Return what looks at the packets, logs and events behind an anomaly; `paths` are inputs its flows came from.

    None where the event's source is no address.
    """
    try:
        source = ip_address(event["source"]["ip"])
    except ValueError:
        return []
    if getattr(source, "scope_id", None):  # may hold any text, and says which of this machine's interfaces
        return []
    start_ns, end_ns = (parse_time(event["event"][name]) for name in ("start", "end"))
    start, end = start_ns // SECOND_NS, -(-end_ns // SECOND_NS)
    family = "ip" if source.version == 4 else "ipv6"
    display = f"{family}.addr == {source} && frame.time_epoch >= {start} && frame.time_epoch < {end}"
    capture = next((path for path in paths if path and not path.startswith("-")), "capture.pcap")
    kql = (
        f'event.module : "netad" and related.ip : "{source}" '
        f'and @timestamp >= "{iso(start_ns)}" and @timestamp <= "{iso(end_ns)}"'
    )
    wanted = f'$1 >= {start} && $1 < {end} && ($3 == "{source}" || $5 == "{source}")'
    zeek = f"zeek-cut {' '.join(ZEEK_FIELDS)} < conn.log | awk -F'\\t' '{wanted}'"
    return [
        Command("Wireshark", "display filter: its packets in this window", display),
        Command("tshark", "the same on a terminal", f"tshark -r {shlex.quote(capture)} -Y '{display}'"),
        Command("KQL", "netad's events about it, in Kibana", kql),
        Command("Zeek", "its connections in this window", zeek),
    ]
