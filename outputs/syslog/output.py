"""`--to syslog:…`: each wanted event once to a syslog receiver, or in the spool, or named."""

from collections.abc import Sequence
from typing import ClassVar, Self

from netad.core.errors import OutputError
from netad.outputs.base import Event
from netad.outputs.ledger import open_ledger
from netad.outputs.retrying import Trouble
from netad.outputs.sending import Outcome
from netad.outputs.spool import open_spool
from netad.outputs.spooled import SpooledOutput
from netad.outputs.syslog.message import Messages
from netad.outputs.syslog.target import SyslogConfig
from netad.outputs.syslog.transport import Transport, UnreachableError, transport
from netad.outputs.wording import counted

AT_ONCE = 100


class SyslogOutput(SpooledOutput):
    """Sends events to the receiver that `--to syslog[:URL]` names."""

    name: ClassVar[str] = "syslog"

    @classmethod
    def from_target(cls, target: str | None) -> Self:
        """Return the output that `--to syslog[:URL]` and the environment name.

        Raises:
            ConfigError: the URL, a variable or a certificate file is wrong.
            SpoolError: there is no place for unsent events.
        """
        config = SyslogConfig.from_target(target)
        sender = SyslogSender(config, Messages(config), transport(config))
        return cls(sender, open_spool(config.target), open_ledger(), config.selection)


class SyslogSender:
    """The way to one receiver: see `netad.outputs.spooled.Sender`."""

    def __init__(self, config: SyslogConfig, messages: Messages, way: Transport, at_once: int = AT_ONCE) -> None:
        self.target = config.target
        self.place = config.place
        self.at_once = at_once
        self._most = config.max_bytes
        self._messages = messages
        self._way = way
        self._sent = self._shortened = self._in_doubt = 0

    @property
    def notes(self) -> Sequence[str]:
        """What was shortened, what may have arrived twice, and that UDP confirms nothing."""
        found = []
        if self._sent and not self._way.confirms:
            found.append("sent over UDP, which confirms nothing")
        if self._shortened:
            found.append(f"{counted(self._shortened, 'message')} shortened to {self._most:,} bytes")
        if self._in_doubt:
            found.append(f"{counted(self._in_doubt, 'event')} may be there twice, the connection broke on the way")
        return found

    def open(self) -> None:
        """Connect, or find the address."""
        self._way.open()

    def attempt(self, events: list[Event], outcome: Outcome) -> Trouble | None:
        """Send events over the connection, which is made first where it has broken."""
        made = [(event, self._messages.of(event)) for event in events]
        fitting = [(event, message) for event, message in made if message.content is not None]
        outcome.refused += [(event, self._too_long) for event, message in made if message.content is None]
        try:
            self._way.open()
            sent = self._way.send([message.content for _, message in fitting if message.content is not None])
        except UnreachableError as error:
            return self._trouble(error, [event for event, _ in fitting])
        outcome.delivered += sent.count
        self._sent += sent.count
        self._shortened += sum(message.shortened for _, message in fitting[: sent.count])
        if sent.broken is None:
            return None
        self._in_doubt += sent.in_doubt
        return self._trouble(sent.broken, [event for event, _ in fitting[sent.count :]])

    def close(self) -> None:
        """Hang up."""
        self._way.close()

    @property
    def _too_long(self) -> str:
        return f"it does not fit into {self._most:,} bytes: the option max, or format=cef, makes room"

    def _trouble(self, error: UnreachableError, left: list[Event]) -> Trouble:
        return Trouble("stop" if error.final else "again", OutputError(error.message), left)
