"""What clients say first on TCP connections: TLS ClientHellos and HTTP requests, over several segments if need be."""

from typing import Final

from netad.core.carried import State, numbers_of
from netad.ingest.decode import TCP
from netad.ingest.facts.batch import FactKind
from netad.ingest.facts.client_hello import ClientHello, is_handshake, read_client_hello
from netad.ingest.facts.fingerprints import fingerprints
from netad.ingest.facts.http_request import Request, may_be_request, read_request
from netad.ingest.facts.rows import Ends, FactRows
from netad.ingest.facts.spoken import Spoken
from netad.ingest.facts.streams import Stream, StreamKey, Streams, key_of

# No longer greeting is put together: post-quantum ClientHellos take about 2 KiB, cookies make requests long.
_MAX_GREETING: Final = 8192


class _Greeting(Stream):
    """The beginning of what a client sends; `done` once its fact is told, so that repeated segments say nothing new."""

    __slots__ = ("done", "is_tls")

    def __init__(self, seq: int, time_ns: int, is_tls: bool) -> None:
        super().__init__(seq, time_ns, _MAX_GREETING)
        self.is_tls = is_tls
        self.done = False

    def carry(self) -> State:
        """Return the stream, and what it is (netad.core.carried)."""
        return {**super().carry(), "marks": [int(self.is_tls), int(self.done)]}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        super().resume(state)
        self.is_tls, self.done = map(bool, numbers_of(state, "marks", 2))


class Greetings:
    """Adds TLS and HTTP facts to `rows`: a connection's first ClientHello, and each request that begins a segment."""

    def __init__(self, rows: FactRows) -> None:
        self._rows = rows
        self._streams: Streams[_Greeting] = Streams(lambda: _Greeting(0, 0, is_tls=False))

    def add(self, packet: Spoken) -> None:
        """Take a segment with payload."""
        self.expire(packet.time_ns)
        key = key_of(packet)
        greeting = self._streams.find(key, packet.time_ns)
        if greeting is None or (greeting.done and not greeting.is_tls):
            greeting = self._begin(key, packet, greeting)
        if greeting is None or greeting.done:
            return
        greeting.add(packet.seq, packet.payload)
        was_cut = len(packet.payload) < packet.payload_length or packet.seq < 0
        self._tell(key, greeting, was_cut or len(greeting.octets) >= _MAX_GREETING)

    def expire(self, now_ns: int | None = None) -> None:
        """Tell what is known of greetings that do not go on."""
        for key, greeting in self._streams.given_up(now_ns):
            if not greeting.done:
                self._tell(key, greeting, True)

    def carry(self) -> State:
        """Return the greetings that go on, or were told (netad.core.carried)."""
        return self._streams.carry()

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        self._streams.resume(state)

    def _begin(self, key: StreamKey, packet: Spoken, before: _Greeting | None) -> _Greeting | None:
        is_tls = is_handshake(packet.payload)
        if not is_tls and not may_be_request(packet.payload):
            return None
        if before is not None and before.holds(packet.seq):
            return None
        greeting = _Greeting(packet.seq, packet.time_ns, is_tls)
        self._streams.put(key, greeting)
        return greeting

    def _tell(self, key: StreamKey, greeting: _Greeting, last: bool) -> None:
        octets = bytes(greeting.octets)
        said = read_client_hello(octets, last) if greeting.is_tls else read_request(octets, last)
        if said == "more":
            return
        greeting.done = True
        greeting.take(len(octets))
        ends = Ends(key[0], key[1], key[2], key[3], TCP)
        if isinstance(said, ClientHello):
            self._tell_tls(greeting.start_ns, ends, said)
        elif isinstance(said, Request):
            self._rows.add(FactKind.HTTP, greeting.start_ns, ends, said.host, said.user_agent, said.method)

    def _tell_tls(self, time_ns: int, ends: Ends, hello: ClientHello) -> None:
        """Add a fact; of a ClientHello that is not whole only if it is known which server it names."""
        if hello.whole:
            self._rows.add(FactKind.TLS, time_ns, ends, hello.server_name, *fingerprints(hello))
        elif hello.server_name:
            self._rows.add(FactKind.TLS, time_ns, ends, hello.server_name, "", "")
