"""What `netad extract` must find, decided packet by packet with dpkt and without its kernels."""

import ipaddress

from netad.ingest.decode import decode
from netad.ingest.fragments import FragmentPorts
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport

WITH_PORTS = {6, 17, 33, 132, 136}


def records_of(source):
    """Return the records of a capture, whatever ends it."""
    with source.open() as stream:
        return list(read_records(stream, source.path, IngestReport()))


def filtered(records, source, peers=(), ports=(), since_ns=0, until_ns=1 << 62):
    """Return the records with a packet, the inner or the outer one, that is wanted."""
    fragments = FragmentPorts()
    kept = []
    for record in records:
        if not since_ns <= record.time_ns < until_ns:
            continue
        ways = [decode(record, decap) for decap in (True, False)]
        ways = [fragments.resolve(way, record.time_ns) for way in ways if not isinstance(way, str)]
        if any(is_wanted(way, source, peers, ports) for way in ways):
            kept.append(record)
    return kept


def is_wanted(packet, source, peers, ports):
    ends = [address(packet.src), address(packet.dst)]
    between = any(
        within(one, source) and (not peers or any(within(other, peer) for peer in peers))
        for one, other in (ends, reversed(ends))
    )
    on_port = packet.protocol in WITH_PORTS and {packet.src_port, packet.dst_port} & set(ports)
    return between and (not ports or bool(on_port))


def address(halves):
    whole = ipaddress.IPv6Address(halves[0] << 64 | halves[1])
    return whole.ipv4_mapped or whole


def within(one, network):
    network = ipaddress.ip_network(network)
    return one.version == network.version and one in network
