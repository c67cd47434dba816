"""Real syslog receivers on loopback: datagrams, and frames counted in octets over TCP or TLS, that may break off."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.elastic_server import TLS

ANY = ("127.0.0.1", 0)


class Datagrams:
    """A receiver over UDP. Loopback delivers at once, so what was sent can be read without waiting."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(ANY)
        self._socket.setblocking(False)
        self.url = f"udp://127.0.0.1:{self._socket.getsockname()[1]}"

    def read(self) -> list[bytes]:
        """The messages that arrived since the last call."""
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(self._socket.recv(1 << 16))
        return found

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


@dataclass
class Frames:
    """A receiver over TCP, or TLS with `tls`. It hangs up when the sender has.

    `plan` is asked with the number of each connection (from 0) for how many messages it takes; after these it breaks
    the connection off in the middle of the next. `file` gets every message as a line.
    """

    tls: bool = False
    ca_file: Path | None = None  # whose certificates clients must show
    newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
    plan: Callable[[int], int | None] = lambda number: None  # noqa: ARG005 - for every connection
    file: Path | None = None
    messages: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        """What `--to syslog:` takes."""
        return f"{'tls' if self.tls else 'tcp'}://127.0.0.1:{self.port}"

    def start(self) -> "Frames":
        """Listen, again on the same port if it was stopped."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            with connection, contextlib.suppress(OSError):
                connection.settimeout(20)
                self._serve(self._wrapped(connection), self.plan(number))

    def _wrapped(self, connection: socket.socket) -> socket.socket:
        if not self.tls:
            return connection
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
        context.maximum_version = self.newest
        if self.ca_file:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca_file)
        return context.wrap_socket(connection, server_side=True)

    def _serve(self, connection: socket.socket, takes: int | None) -> None:
        with connection:
            stream = connection.makefile("rb")
            for taken, message in enumerate(frames(stream)):
                if taken == takes:
                    break_off(connection)
                    return
                self.messages.append(message)
                if self.file:
                    with self.file.open("ab") as opened:
                        opened.write(message + b"\n")


def frames(stream) -> Iterator[bytes]:
    """Yield the messages of a stream of frames (RFC 6587, 3.4.1); a cut one at the end is none."""
    while True:
        length = b""
        while (character := stream.read(1)) not in (b" ", b""):
            assert character.isdigit(), character
            length += character
        message = stream.read(int(length or b"0"))
        if not length or len(message) < int(length):
            return
        yield message


def break_off(connection: socket.socket) -> None:
    """Reset a connection, as a process that is killed with unread bytes does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextlib.contextmanager
def receiving(**options: object) -> Iterator[Frames]:
    """Run a receiver of frames."""
    receiver = Frames(**options).start()
    try:
        yield receiver
    finally:
        receiver.stop()
