"""Ports of later fragments: they are in the first fragment only, so a bounded map remembers them."""

from collections import OrderedDict
from dataclasses import replace
from typing import Final

import numpy as np

from netad.core.carried import State, array_of
from netad.core.timing import SECOND_NS
from netad.ingest.decode import FragmentKey, Packet

# As long as hosts wait for the rest of a datagram (RFC 791 names 15 s, Linux takes 30), and a bound for floods.
_EXPIRY_NS: Final = 30 * SECOND_NS
_MAX_DATAGRAMS: Final = 8192


# A datagram as a row: its key flat, then what is known of it.
_ROW: Final = np.dtype(
    [
        *((name, "u8") for name in ("src_hi", "src_lo", "dst_hi", "dst_lo")),
        ("key_protocol", "i8"), ("identity", "i8"),
        ("time_ns", "i8"), ("protocol", "i8"), ("src_port", "i8"), ("dst_port", "i8"),
    ]
)  # fmt: skip


class FragmentPorts:
    """Gives later fragments the ports of their datagram. Those that come before their first keep ports 0."""

    def __init__(self) -> None:
        self._datagrams: OrderedDict[FragmentKey, tuple[int, int, int, int]] = OrderedDict()

    def resolve(self, packet: Packet, now_ns: int) -> Packet:
        """Return the packet, with ports if it is a later fragment of a known datagram; remember a first one's."""
        key = packet.fragment_key
        if key is None:
            return packet
        if not packet.is_fragment:
            self._datagrams.pop(key, None)
            self._datagrams[key] = (now_ns, packet.protocol, packet.src_port, packet.dst_port)
            if len(self._datagrams) > _MAX_DATAGRAMS:
                self._datagrams.popitem(last=False)
            return packet
        known = self._datagrams.get(key)
        if known is None or now_ns - known[0] > _EXPIRY_NS:
            return packet
        _, protocol, src_port, dst_port = known
        return replace(packet, protocol=protocol, src_port=src_port, dst_port=dst_port)

    def carry(self) -> State:
        """Return the datagrams that are remembered, the oldest first (netad.core.carried)."""
        rows = [
            (*source, *destination, protocol, identity, *known)
            for (source, destination, protocol, identity), known in self._datagrams.items()
        ]
        return {"datagrams": np.array(rows, _ROW)}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        for row in array_of(state, "datagrams", _ROW).tolist():
            time_ns, protocol, src_port, dst_port = row[6:]
            self._datagrams[row[:2], row[2:4], row[4], row[5]] = (time_ns, protocol, src_port, dst_port)
