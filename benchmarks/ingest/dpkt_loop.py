"""What a Python program does first: dpkt's objects for every packet, a dict of flows, CSV. A program of its own."""

import csv
import sys
from pathlib import Path

import dpkt

_Key = tuple[bytes, bytes, int, int, int]


def main() -> None:
    """Read the capture argv[1] and write its flows to argv[2]: end points, packets and bytes per direction, flags."""
    flows: dict[_Key, list[float]] = {}
    with Path(sys.argv[1]).open("rb") as file:
        for time, frame in dpkt.pcap.Reader(file):
            ip = dpkt.ethernet.Ethernet(frame).data
            if isinstance(ip, dpkt.ip.IP):
                length = ip.len
            elif isinstance(ip, dpkt.ip6.IP6):
                length = ip.plen + 40
            else:
                continue
            segment = ip.data
            with_ports = isinstance(segment, dpkt.tcp.TCP | dpkt.udp.UDP)
            ports = (segment.sport, segment.dport) if with_ports else (0, 0)
            flags = segment.flags if isinstance(segment, dpkt.tcp.TCP) else 0
            _count(flows, (ip.src, ip.dst, *ports, ip.p), time, length, flags)
    with Path(sys.argv[2]).open("w", newline="") as file:
        writer = csv.writer(file)
        for key, numbers in flows.items():
            writer.writerow((key[0].hex(), key[1].hex(), *key[2:], *numbers))
    print(f"{len(flows)} flows")


def _count(flows: dict[_Key, list[float]], key: _Key, time: float, length: int, flags: int) -> None:
    """Add a packet to its flow: first and last time, packets and bytes forward, packets and bytes backward, flags."""
    forward = flows.get(key)
    if forward is not None:
        _add(forward, 2, time, length, flags)
        return
    backward = flows.get((key[1], key[0], key[3], key[2], key[4]))
    if backward is not None:
        _add(backward, 4, time, length, flags)
    else:
        flows[key] = [time, time, 1, length, 0, 0, flags]


def _add(flow: list[float], at: int, time: float, length: int, flags: int) -> None:
    flow[1] = time
    flow[at] += 1
    flow[at + 1] += length
    flow[6] = int(flow[6]) | flags


if __name__ == "__main__":
    main()
