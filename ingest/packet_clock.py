"""The flow table's clock: packet time that disorder does not turn back, but that follows a capture starting over."""

from typing import Final

from netad.core.timing import SECOND_NS

DISORDER_NS: Final = 60 * SECOND_NS
BELIEVED_AFTER: Final = 1000


class PacketClock:
    """The highest packet time seen so far.

    Packets that are late by a minute or less are disorder, and one that is later may carry a wrong time: neither moves
    the clock. After 1,000 such packets in a row the clock was wrong: it starts over. Where another input begins, its
    first packet is believed at once.
    """

    def __init__(self, now_ns: int | None = None, behind: int = 0) -> None:
        self.now_ns = now_ns
        self._behind = behind

    def begin_input(self) -> None:
        """Let the next packet start the clock over if it is more than a minute late: it is another capture's first."""
        self._behind = BELIEVED_AFTER - 1

    def advance(self, time_ns: int) -> bool:
        """Take a packet's time; True when the clock started over, so that no flow of before can go on."""
        if self.now_ns is None or time_ns >= self.now_ns:
            self.now_ns, self._behind = time_ns, 0
            return False
        self._behind = self._behind + 1 if self.now_ns - time_ns > DISORDER_NS else 0
        if self._behind < BELIEVED_AFTER:
            return False
        self.now_ns, self._behind = time_ns, 0
        return True
