"""Messages on their way: datagrams (RFC 5426), or frames counted in octets over TCP (RFC 6587) and TLS (RFC 5425)."""

import contextlib
import errno
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

# How long a receiver may take to hang up after us, and once it is known that it does not.
HANG_UP_S = 2.0
LATER_HANG_UP_S = 0.05
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
        """Let go."""
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
        why = OSError("it has no address")
        try:
            found = socket.getaddrinfo(self._config.host, self._config.port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise _broken(self._config, error) from error
        for family, kind, protocol, _, address in found:
            made = socket.socket(family, kind, protocol)
            made.settimeout(self._config.timeout_s)
            try:
                made.connect(address)  # so that the kernel tells us of refusals
            except OSError as error:  # no way to it by IPv6, perhaps
                made.close()
                why = error
                continue
            self._socket = made
            return
        raise _broken(self._config, why) from why

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
    """Frames over TCP, with TLS if the configuration says so; each `send` is a connection of its own.

    Syslog has no acknowledgement, and a host acknowledges bytes that its receiver may never read. So we say that
    nothing more comes, and messages count as arrived when the receiver then hangs up in order: a connection that is
    closed over unread bytes is reset. Of a receiver that stays on the line only the host's acknowledgement is known.
    """

    confirms = True

    def __init__(self, config: SyslogConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        self._tls = config.trust.context() if config.transport == "tls" else None
        self._socket: socket.socket | None = None
        self._hang_up_s = HANG_UP_S

    def open(self) -> None:
        """Connect."""
        if self._socket is not None:
            return
        place = (self._config.host, self._config.port)
        try:
            connected = socket.create_connection(place, timeout=self._config.timeout_s)
        except OSError as error:
            raise _broken(self._config, error) from error
        if self._tls is not None:
            try:
                connected = self._tls.wrap_socket(connected, server_hostname=self._config.host)
            except (OSError, ValueError) as error:  # ValueError: a host name that no certificate can hold
                connected.close()
                raise _broken(self._config, error) from error
        self._socket = connected

    def send(self, messages: Sequence[bytes]) -> Sent:
        """Send frames and wait until the receiver has them all."""
        connected, self._socket = self._socket, None
        assert connected is not None  # noqa: S101 - opened before
        given = 0
        try:
            for message in messages:
                connected.sendall(b"%d %s" % (len(message), message))
                given += 1
            self._finish(connected)
        except OSError as error:
            told = _last_word(connected)
            # What the receiver said before it hung up says more than that it did.
            broken = _broken(self._config, told if _is_alert(told) else error, "take all")
            return Sent(0, broken, given)
        finally:
            connected.close()
        return Sent(len(messages))

    def close(self) -> None:
        """Let go of a connection over which nothing was sent."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _finish(self, connected: socket.socket) -> None:
        """Say that nothing more comes and wait for the receiver to hang up; raises OSError if it does not in order."""
        connected.settimeout(self._hang_up_s)
        if isinstance(connected, ssl.SSLSocket):
            with contextlib.suppress(TimeoutError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                connected = connected.unwrap()
        with contextlib.suppress(TimeoutError):
            connected.shutdown(socket.SHUT_WR)
            while connected.recv(4096):
                pass
            return
        # It stays on the line. Next time we do not wait as long.
        self._hang_up_s = LATER_HANG_UP_S
        poll = select.poll()
        poll.register(connected, select.POLLERR | select.POLLHUP)
        end = self._clock() + self._config.timeout_s
        while _unacknowledged(connected):
            if poll.poll(_LOOK_MS):
                raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
            if self._clock() > end:
                raise TimeoutError


def _last_word(connected: socket.socket) -> Exception:
    """Return what a receiver said before it hung up, an alert of TLS's perhaps."""
    try:
        connected.settimeout(0)
        while connected.recv(4096):
            pass
    except (OSError, ValueError) as error:
        return error
    return ConnectionResetError()


def _unacknowledged(connected: socket.socket) -> int:
    """Return how many bytes the other host has not acknowledged."""
    (count,) = struct.unpack("i", fcntl.ioctl(connected.fileno(), termios.TIOCOUTQ, struct.pack("i", 0)))
    return int(count)


def _is_alert(error: Exception) -> bool:
    """Tell whether TLS itself failed: a connection that merely ends in mid-record is like any other that breaks."""
    return isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)


def _broken(config: SyslogConfig, error: Exception, missed: str = "answer") -> UnreachableError:
    """Return a failure of the network as the operator needs it; `missed` says what took too long."""
    if isinstance(error, ssl.SSLCertVerificationError):
        trust = f"{PREFIX}CA_FILE names whom to trust"
        return UnreachableError(f"no trusted TLS connection to {config.place} ({cause(error)}): {trust}", final=True)
    if _is_alert(error):
        return UnreachableError(f"no TLS connection to {config.place} ({cause(error)})", final=True)
    if isinstance(error, TimeoutError):
        return UnreachableError(f"{config.place} did not {missed} within {config.timeout_s:g} s")
    return UnreachableError(f"{config.place} cannot be reached ({cause(error)})")
