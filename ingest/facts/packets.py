"""Facts from the packets that may carry some: DNS look-ups, TLS ClientHellos, HTTP requests.

Who offers packets need not be exact: whatever is neither of these gives no fact.
"""

from netad.core.carried import State, part_of
from netad.ingest.decode import UDP
from netad.ingest.facts.batch import FactBatch
from netad.ingest.facts.dns_packets import DNS_PORT, DnsPackets
from netad.ingest.facts.greetings import Greetings
from netad.ingest.facts.rows import FactRows
from netad.ingest.facts.spoken import Spoken, spoken_in_record
from netad.ingest.framing import Record


class PacketFacts:
    """Collects facts from records, which come in capture order; time is packet time. `decap` as for `decode`.

    Memory is bounded: what waits for its other half gives up after 10 s, or when too many wait. A fact is given once it
    is complete, so facts are in order of time only within seconds.
    """

    def __init__(self, decap: bool = True) -> None:
        self._decap = decap
        self._rows = FactRows()
        self._dns = DnsPackets(self._rows)
        self._greetings = Greetings(self._rows)

    def add(self, record: Record) -> None:
        """Look into one record. Never raises, whatever its bytes are."""
        spoken = spoken_in_record(record, self._decap)
        if spoken is not None:
            self.hear(spoken)

    def hear(self, spoken: Spoken) -> None:
        """Take what one packet says, which is something. Never raises, whatever its bytes are."""
        if spoken.protocol == UDP:
            self._dns.add_datagram(spoken)
        elif DNS_PORT in (spoken.src_port, spoken.dst_port):
            self._dns.add_segment(spoken)
        else:
            self._greetings.add(spoken)

    def drain(self) -> list[FactBatch]:
        """Return the facts that are complete, one batch a kind, without those given before."""
        return self._rows.take()

    def carry(self) -> State:
        """Return what waits for more packets (netad.core.carried); call `drain` before."""
        return {"dns": self._dns.carry(), "greetings": self._greetings.carry()}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        self._dns.resume(part_of(state, "dns"))
        self._greetings.resume(part_of(state, "greetings"))

    def finish(self) -> list[FactBatch]:
        """Return what is left at the end of the input: questions without an answer, greetings that were cut."""
        self._dns.expire()
        self._greetings.expire()
        return self.drain()
