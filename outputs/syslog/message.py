"""A syslog message as RFC 5424 has it: header, structured data with the event's id, and the event as CEF or JSON."""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass

from orjson import dumps

from netad.core.timing import now_iso
from netad.outputs.base import Event
from netad.outputs.origin import stamped
from netad.outputs.syslog.cef import line
from netad.outputs.syslog.target import SyslogConfig

# 32473 is the number that RFC 5612 sets aside for documentation: netad has no enterprise number of its own.
SD_ID = "netad@32473"
_NOT_IN_A_NAME = re.compile(r"[^\x21-\x7e]+")
# What a JSON event can do without where it is too long, the most dispensable first.
DETAILS = (
    ("netad", "anomaly", "profile"),
    ("netad", "anomaly", "features"),
    ("netad", "findings"),
    ("netad", "anomaly", "influencers"),
    ("netad", "anomaly", "normal_if"),
    ("netad", "anomaly", "sample_flow_ids"),
    ("netad", "evidence"),
    ("related",),
)


@dataclass(frozen=True, slots=True)
class Message:
    """The bytes of one message; None when the event does not fit even without its details."""

    content: bytes | None
    shortened: bool


class Messages:
    """Makes messages of events as a configuration says, stamped with the time they are made."""

    def __init__(self, config: SyslogConfig, clock: Callable[[], str] = now_iso) -> None:
        self._config = config
        self._clock = clock

    def of(self, event: Event) -> Message:
        """Return the event as a message of at most `config.max_bytes`."""
        now = self._clock()
        header = self._header(event, now)
        # The header says whether the message was shortened, which is known when the room after it is.
        whole, told = f"{header}] ", f'{header} shortened="yes"] '
        if self._config.format == "json":
            return self._json(stamped(event, now), whole, told)
        text, shortened = line(event, self._config.max_bytes - len(whole.encode()))
        if shortened:
            text, _ = line(event, self._config.max_bytes - len(told.encode()))
        return Message((f"{told if shortened else whole}{text}").encode(), shortened)

    def _header(self, event: Event, now: str) -> str:
        priority = self._config.facility * 8 + severity(event)
        host = _NOT_IN_A_NAME.sub("_", event["observer"]["name"])[:255] or "-"
        kind = _NOT_IN_A_NAME.sub("_", event["event"]["dataset"].rpartition(".")[2])[:32]
        return f'<{priority}>1 {now} {host} netad - {kind} [{SD_ID} id="{parameter(event["event"]["id"])}"'

    def _json(self, event: Event, whole: str, told: str) -> Message:
        content = whole.encode() + dumps(event)
        if len(content) <= self._config.max_bytes:
            return Message(content, False)
        event = copy.deepcopy(event)
        for *path, last in DETAILS:
            place = event
            for part in path:
                place = place.get(part, {})
            place.pop(last, None)
            content = told.encode() + dumps(event)
            if len(content) <= self._config.max_bytes:
                return Message(content, True)
        return Message(None, True)


def severity(event: Event) -> int:
    """Return the severity of RFC 5424: 2 (critical) to 5 (notice) by `event.severity`, 6 for what is no alert."""
    if event["event"]["kind"] != "alert":
        return 6
    return next((level for floor, level in ((99, 2), (73, 3), (47, 4)) if event["event"]["severity"] >= floor), 5)


def parameter(text: str) -> str:
    r"""Return a value of structured data: `"`, `\` and `]` escaped (RFC 5424, 6.3.3)."""
    return re.sub(r'(["\\\]])', r"\\\1", text)
