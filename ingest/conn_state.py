"""Zeek's conn_state and history, one small state machine per flow: what all protocols share, and UDP, ICMP and others.

Behaviour: https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html (fields conn_state, history) and
Zeek 7 itself. TCP has a file of its own, netad.ingest.tcp_state.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from netad.core.timing import SECOND_NS
from netad.ingest.decode import Packet

HISTORY_LETTERS: Final = 24


@dataclass(frozen=True, slots=True)
class Timeouts:
    """When a flow ends, in ns of packet time. The defaults are Zeek's (base/init-bare.zeek).

    `dns_inactivity_ns` is for UDP to a DNS port: every 10 s or so Zeek ends such flows as were silent for 9.

    `tcp_attempt_ns` counts from the first SYN of a flow that nothing answered, `tcp_close_ns` from the packet that
    closed both sides or reset the connection, `tcp_linger_ns` from the last packet when only one side closed and a
    reset came with it; the others from the last packet.
    """

    tcp_inactivity_ns: int = 300 * SECOND_NS
    tcp_attempt_ns: int = 5 * SECOND_NS
    tcp_close_ns: int = 5 * SECOND_NS
    tcp_linger_ns: int = 5 * SECOND_NS
    udp_inactivity_ns: int = 60 * SECOND_NS
    dns_inactivity_ns: int = 9 * SECOND_NS
    icmp_inactivity_ns: int = 60 * SECOND_NS
    other_inactivity_ns: int = 60 * SECOND_NS


class History:
    """Zeek's history string: upper case for the originator, lower case for the responder, cut at 24 letters."""

    __slots__ = ("_letters",)

    def __init__(self) -> None:
        self._letters = ""

    def add(self, letter: str, from_originator: bool) -> None:
        """Append an event's letter (given in upper case)."""
        if len(self._letters) < HISTORY_LETTERS:
            self._letters += letter if from_originator else letter.lower()

    def __str__(self) -> str:
        return self._letters


class FlowState(Protocol):
    """What a flow knows of its connection. Times are the flow table's clock, in ns."""

    history: History

    def update(self, packet: Packet, from_originator: bool, now_ns: int) -> bool:
        """Take a packet of the flow; True when it shows that the roles are the other way round from now on."""

    def restarts(self, packet: Packet) -> bool:
        """Tell whether the packet, though of the same ends, opens a new connection."""

    def deadline_ns(self, last_ns: int) -> int:
        """Return when the flow ends if nothing more comes; `last_ns` is when its last packet came."""

    def conn_state(self) -> str:
        """Return Zeek's conn_state as it is now."""


class UdpState:
    """UDP: who has sent at all."""

    __slots__ = ("_heard", "_inactivity_ns", "history")

    def __init__(self, inactivity_ns: int) -> None:
        self.history = History()
        self._inactivity_ns = inactivity_ns
        self._heard = [False, False]  # responder, originator

    def update(self, packet: Packet, from_originator: bool, now_ns: int) -> bool:  # noqa: ARG002 - FlowState's
        """Note the sender."""
        if not self._heard[from_originator]:
            self._heard[from_originator] = True
            self.history.add("D", from_originator)
        return False

    def restarts(self, packet: Packet) -> bool:  # noqa: ARG002 - FlowState's
        """Never: only silence ends a UDP flow."""
        return False

    def deadline_ns(self, last_ns: int) -> int:
        """Return the end of the inactivity timeout."""
        return last_ns + self._inactivity_ns

    def conn_state(self) -> str:
        """Return SF (both sent), S0 (only the originator) or SHR (only the responder)."""
        responder, originator = self._heard
        if originator:
            return "SF" if responder else "S0"
        return "SHR" if responder else "OTH"


class SilentState:
    """ICMP and every other protocol: Zeek logs OTH and no history."""

    __slots__ = ("_inactivity_ns", "history")

    def __init__(self, inactivity_ns: int) -> None:
        self.history = History()
        self._inactivity_ns = inactivity_ns

    def update(self, packet: Packet, from_originator: bool, now_ns: int) -> bool:  # noqa: ARG002 - FlowState's
        """Nothing to learn."""
        return False

    def restarts(self, packet: Packet) -> bool:  # noqa: ARG002 - FlowState's
        """Never."""
        return False

    def deadline_ns(self, last_ns: int) -> int:
        """Return the end of the inactivity timeout."""
        return last_ns + self._inactivity_ns

    def conn_state(self) -> str:
        """Return OTH."""
        return "OTH"
