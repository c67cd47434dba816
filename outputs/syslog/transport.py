"""Messages on their way: datagrams (RFC 5426), or frames counted in octets over TCP (RFC 6587) and TLS (RFC 5425)."""

import contextlib
import fcntl
import os
import select
import socket
import ssl
import struct
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from netad.core.errors import OutputError
from netad.outputs.network import cause
from netad.outputs.syslog.target import PREFIX, SyslogConfig

FAREWELL_S = 2.0  # how long a receiver may take to hang up after us
_GONE = select.POLLRDHUP | select.POLLERR | select.POLLHUP
_LOOK_MS = 5


class UnreachableError(OutputError):
    """A connection cannot be had, or no longer; `final` when trying again would change nothing."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


@dataclass(frozen=True, slots=True)
class Sent:
    """How many messages, from the first on, have arrived as far as can be known.

    `broken` says why not all; `in_doubt` is how many of the others were handed over, so that they may have arrived.
    """

    count: int
    broken: UnreachableError | None = None
    in_doubt: int = 0


class Transport(Protocol):
    """A way for messages. What has failed may be opened again."""

    confirms: bool

    def open(self) -> None:
        """Reach the receiver, unless that is so already; raises UnreachableError."""
        ...

    def send(self, messages: Sequence[bytes]) -> Sent:
        """Hand messages over, in order."""
        ...

    def close(self) -> None:
        """Hang up, so that nothing on its way is lost."""
        ...


def transport(config: SyslogConfig) -> Transport:
    """Return the way that the configuration names."""
    return Datagrams(config) if config.transport == "udp" else Stream(config)


class Datagrams:
    """One message a datagram. All that is known is that it was sent, or that nobody listens if the host says so."""

    confirms = False

    def __init__(self, config: SyslogConfig) -> None:
        self._config = config
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Find the receiver's address."""
        if self._socket is not None:
            return
        try:
            found = socket.getaddrinfo(self._config.host, self._config.port, type=socket.SOCK_DGRAM)
            family, kind, protocol, _, address = found[0]
            made = socket.socket(family, kind, protocol)
            made.settimeout(self._config.timeout_s)
            self._socket = made
            made.connect(address)  # so that the kernel tells us of refusals
        except OSError as error:
            self.close()
            raise _broken(self._config, error) from error

    def send(self, messages: Sequence[bytes]) -> Sent:
        """Send datagrams, up to the first of which the host says that nobody takes it."""
        assert self._socket is not None  # noqa: S101 - opened before
        for number, message in enumerate(messages):
            try:
                self._socket.send(message)
                refused = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if refused:
                    raise OSError(refused, os.strerror(refused))
            except OSError as error:
                self.close()
                return Sent(number, _broken(self._config, error))
        return Sent(len(messages))

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Stream:
    """A TCP connection, with TLS if the configuration says so.

    Syslog has no acknowledgement. A message counts as arrived when the receiver's host has acknowledged its bytes and
    the connection stands; what a receiver has not yet read when it dies is lost without anybody knowing.
    """

    confirms = True

    def __init__(self, config: SyslogConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Connect."""
        if self._socket is not None:
            return
        place = (self._config.host, self._config.port)
        try:
            connected = socket.create_connection(place, timeout=self._config.timeout_s)
        except OSError as error:
            raise _broken(self._config, error) from error
        if self._config.transport == "tls":
            try:
                connected = self._config.trust.context().wrap_socket(connected, server_hostname=self._config.host)
            except (OSError, ValueError) as error:  # ValueError: a host name that no certificate can hold
                connected.close()
                raise _broken(self._config, error) from error
        self._socket = connected

    def send(self, messages: Sequence[bytes]) -> Sent:
        """Send frames and wait until the receiver's host has them all."""
        assert self._socket is not None  # noqa: S101 - opened before
        frames = [b"%d %s" % (len(message), message) for message in messages]
        given = 0
        try:
            for frame in frames:
                self._socket.sendall(frame)
                given += 1
            self._settle(self._socket)
        except OSError as error:
            self.close()
            return Sent(0, _broken(self._config, error), given)
        return Sent(len(messages))

    def _settle(self, connected: socket.socket) -> None:
        """Wait until nothing is left to be acknowledged (Linux' SIOCOUTQ); raises OSError if the connection breaks."""
        poll = select.poll()
        poll.register(connected, _GONE)
        end = self._clock() + self._config.timeout_s
        # Looked at before the state of the connection: a reset one has nothing left either.
        while (left := _unacknowledged(connected)) or poll.poll(0):
            if poll.poll(_LOOK_MS):
                raise self._farewell(connected)
            if left and self._clock() > end:
                raise TimeoutError(f"no acknowledgement within {self._config.timeout_s:g} s")

    def _farewell(self, connected: socket.socket) -> OSError:
        """Return why the receiver has hung up: an alert of TLS's if it sent one."""
        try:
            connected.settimeout(0)
            while connected.recv(4096):
                pass
        except ssl.SSLError as error:
            return error
        except OSError as error:
            return error if error.errno else ConnectionResetError("the receiver has hung up")
        return ConnectionResetError("the receiver has hung up")

    def close(self) -> None:
        """Say good-bye and read until the receiver hangs up: closing over unread bytes would take back sent ones."""
        connected, self._socket = self._socket, None
        if connected is None:
            return
        with contextlib.suppress(OSError, ValueError):
            connected.settimeout(FAREWELL_S)
            if isinstance(connected, ssl.SSLSocket):
                connected = connected.unwrap()
            connected.shutdown(socket.SHUT_WR)
            end = self._clock() + FAREWELL_S
            while connected.recv(4096) and self._clock() < end:
                pass
        connected.close()


def _unacknowledged(connected: socket.socket) -> int:
    """Return how many bytes the other host has not acknowledged."""
    (count,) = struct.unpack("i", fcntl.ioctl(connected.fileno(), termios.TIOCOUTQ, struct.pack("i", 0)))
    return int(count)


def _broken(config: SyslogConfig, error: Exception) -> UnreachableError:
    """Return what a failure of the network means for the operator."""
    if isinstance(error, ssl.SSLCertVerificationError):
        trust = f"{PREFIX}CA_FILE names whom to trust"
        return UnreachableError(f"no trusted TLS connection to {config.place} ({cause(error)}): {trust}", final=True)
    if isinstance(error, ssl.SSLError):
        return UnreachableError(f"no TLS connection to {config.place} ({cause(error)})", final=True)
    if isinstance(error, TimeoutError):
        return UnreachableError(f"{config.place} did not answer within {config.timeout_s:g} s")
    return UnreachableError(f"{config.place} cannot be reached ({cause(error)})")
