"""DNS messages of packets: over UDP one a datagram, over TCP behind their lengths (RFC 1035, 4.2.2), any way cut."""

from typing import Final

from netad.core.carried import State, part_of
from netad.ingest.decode import TCP
from netad.ingest.facts.dns_message import Address, DnsMessage, parse_dns
from netad.ingest.facts.lookups import Lookups
from netad.ingest.facts.rows import Ends, FactRows
from netad.ingest.facts.spoken import Spoken
from netad.ingest.facts.streams import Stream, Streams, key_of

DNS_PORT, MDNS_PORT, LLMNR_PORT = 53, 5353, 5355
_UDP_PORTS: Final = frozenset((DNS_PORT, MDNS_PORT, LLMNR_PORT))
_LENGTH: Final = 2
# Of a longer message over TCP (zone transfers) the beginning is read.
_MAX_MESSAGE: Final = 8192


class DnsPackets:
    """Adds the facts of DNS packets to `rows`."""

    def __init__(self, rows: FactRows) -> None:
        self._lookups = Lookups(rows)
        self._streams: Streams[Stream] = Streams(_empty)

    def add_datagram(self, packet: Spoken) -> None:
        """Take a UDP packet; one without a DNS port is no DNS."""
        if packet.src_port in _UDP_PORTS or packet.dst_port in _UDP_PORTS:
            message = parse_dns(packet.payload)
            if message is not None:
                self._lookups.add(packet.time_ns, _ends(packet, message), message, packet.payload_length)

    def add_segment(self, packet: Spoken) -> None:
        """Take a TCP packet of port 53 that has a payload."""
        for _ in self._streams.given_up(packet.time_ns):
            pass  # what they hold is the beginning of a message that never went on
        key = key_of(packet)
        stream = self._streams.find(key, packet.time_ns)
        if stream is None:
            stream = _empty(packet.seq, packet.time_ns)
            self._streams.put(key, stream)
        stream.add(packet.seq, packet.payload)
        while len(stream.octets) > _LENGTH:
            length = int.from_bytes(stream.octets[:_LENGTH], "big")
            if len(stream.octets) < _LENGTH + min(length, _MAX_MESSAGE):
                break
            message = parse_dns(bytes(stream.octets[_LENGTH : _LENGTH + length]))
            stream.take(_LENGTH + length)
            if message is not None:
                self._lookups.add(packet.time_ns, _ends(packet, message), message, length)

    def expire(self, now_ns: int | None = None) -> None:
        """Give up questions that were not answered in time."""
        self._lookups.expire(now_ns)

    def carry(self) -> State:
        """Return halves of look-ups and beginnings of messages (netad.core.carried)."""
        return {"lookups": self._lookups.carry(), "streams": self._streams.carry()}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        self._lookups.resume(part_of(state, "lookups"))
        self._streams.resume(part_of(state, "streams"))


def _empty(seq: int = 0, time_ns: int = 0) -> Stream:
    return Stream(seq, time_ns, _MAX_MESSAGE)


def _ends(packet: Spoken, message: DnsMessage) -> Ends:
    """Return who asks whom: the server is at the end with the service's port.

    With the same port at both ends the message tells, unless it goes to a group: then its sender speaks for itself.
    """
    forth = Ends(packet.src, packet.src_port, packet.dst, packet.dst_port, packet.protocol)
    back = Ends(packet.dst, packet.dst_port, packet.src, packet.src_port, packet.protocol)
    ports = (DNS_PORT,) if packet.protocol == TCP else _UDP_PORTS
    if packet.src_port not in ports:
        return forth
    if packet.dst_port not in ports:
        return back
    return back if message.is_answer and not _is_multicast(packet.dst) else forth


def _is_multicast(address: Address) -> bool:
    high, low = address
    return low >> 28 == 0xFFFFE if high == 0 else high >> 56 == 0xFF
