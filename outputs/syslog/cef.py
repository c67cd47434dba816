"""An event as a line of the Common Event Format, CEF:0 ("Implementing ArcSight Common Event Format", version 25)."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netad.core.timing import parse_time
from netad.outputs.base import Event
from netad.outputs.wording import printable

MOST_HEADER = 512  # the format's own ceiling on a name; the other fields of the header are far below it
LEAST_TEXT = 32  # bytes; less of a text is not worth its key
_MILLISECOND_NS = 1_000_000
_LINES = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_ELLIPSIS = "…"
# A cut may not leave half of an escape: an odd number of backslashes at the end.
_HALF_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\$")


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the extension: the event's field that fills it, and the label that custom keys have.

    `convert` returns None where the key does not apply; `longest` is the format's ceiling in characters.
    """

    name: str
    field: str
    convert: Callable[[Any], Any] = lambda value: value
    label: str = ""
    longest: int = 1023

    def value(self, event: Event) -> str | None:
        """Return the value as it is written, escaped; None if the event has none."""
        value: Any = event
        for part in self.field.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        converted = None if value is None else self.convert(value)
        return None if converted in (None, "") else escaped(str(converted)[: self.longest])


def escaped(text: str) -> str:
    r"""Return a value of the extension: no line ends, no control characters, `\\` and `=` escaped."""
    lines = [printable(line, "utf-8").replace("\\", "\\\\").replace("=", "\\=") for line in _LINES.split(text)]
    return "\\n".join(lines)


def header_escaped(text: str) -> str:
    r"""Return a field of the header: on one line, `\\` and `|` escaped."""
    line = printable(" ".join(text.split())[:MOST_HEADER], "utf-8")
    return line.replace("\\", "\\\\").replace("|", "\\|")


def _milliseconds(text: str) -> int:
    return parse_time(text) // _MILLISECOND_NS


def _ip(version: int) -> Callable[[str], str | None]:
    return lambda text: text if ipaddress.ip_address(text).version == version else None


def _joined(values: Any) -> str:  # noqa: ANN401 - a text or a list of them
    return ",".join(map(str, values)) if isinstance(values, list) else str(values)


# What an analyst needs most comes first: where a message must be short, the last keys are missing.
KEYS = (
    Key("rt", "event.created", _milliseconds),
    Key("start", "event.start", _milliseconds),
    Key("end", "event.end", _milliseconds),
    Key("externalId", "event.id", longest=40),
    Key("cat", "event.dataset"),
    Key("act", "netad.suppression.suppressed", lambda suppressed: "suppressed" if suppressed else None, longest=63),
    Key("dvchost", "observer.name", longest=100),
    Key("src", "source.ip", _ip(4)),
    Key("c6a2", "source.ip", _ip(6), "Source IPv6 Address"),
    Key("spt", "source.port"),
    Key("dst", "destination.ip", _ip(4)),
    Key("c6a3", "destination.ip", _ip(6), "Destination IPv6 Address"),
    Key("dpt", "destination.port"),
    Key("proto", "network.transport", str.upper, longest=31),
    Key("app", "network.protocol", str.upper, longest=31),
    Key("deviceDirection", "network.direction", {"inbound": 0, "outbound": 1}.get),
    Key("in", "source.bytes"),
    Key("out", "destination.bytes"),
    Key("cnt", "netad.anomaly.flow_count"),
    Key("cfp1", "netad.anomaly.score", label="score"),
    Key("cn1", "netad.anomaly.destination_count", label="destinations"),
    Key("cs1", "event.reason", label="reason"),
    Key("cs2", "netad.behaviours", _joined, "behaviours"),
    Key("cs3", "threat.technique.id", _joined, "techniques"),
    Key("cs4", "netad.model.name", label="model"),
    Key("cs5", "netad.suppression.rule_ids", _joined, "suppressedBy"),
    Key("cs6", "event.url", label="link"),
    Key("flexString1", "netad.incident.id", label="incident"),
    Key("flexString2", "network.community_id", label="communityId"),
    Key("msg", "message"),
)


def severity(event: Event) -> int:
    """Return `event.severity` (21, 47, 73, 99) on the format's scale of 0 to 10: 2, 5, 7, 10; a flow has 0."""
    level: int = event["event"].get("severity", 0)
    return round(level / 9.9)


def header(event: Event) -> str:
    """Return everything before the extension. Flows, which no rule raises, are named by what they are."""
    rule = event.get("rule", {"id": event["event"]["dataset"], "name": "Network flow"})
    fields = ("netad", "netad", event["agent"]["version"], rule["id"], rule["name"], str(severity(event)))
    return "CEF:0|" + "|".join(map(header_escaped, fields)) + "|"


def line(event: Event, most_bytes: int) -> tuple[str, bool]:
    """Return the event in at most so many bytes of UTF-8, and whether something had to be cut or left out for that.

    Only texts are cut, never within a character or an escape, and end with an ellipsis then; a key whose value is no
    text, or that would keep nothing of it, is left out as a whole, and so is what follows it.
    """
    text = header(event)
    room = most_bytes - len(text.encode())
    for key in KEYS:
        value = key.value(event)
        if value is None:
            continue
        label = f" {key.name}Label={key.label.replace('=', '')}" if key.label else ""
        before = f"{'' if text.endswith('|') else ' '}{key.name}="
        left = room - len(before) - len(label)
        if len(value.encode()) > left:
            if key.name in ("msg", "cs1") and left >= LEAST_TEXT:
                text += before + cut(value, left) + label
            return text, True
        text += before + value + label
        room = left - len(value.encode())
    return text, False


def cut(text: str, most_bytes: int) -> str:
    """Return the beginning of an escaped text with an ellipsis, in at most so many bytes of UTF-8."""
    kept = text.encode()[: most_bytes - len(_ELLIPSIS.encode())].decode("utf-8", "ignore")
    return _HALF_ESCAPE.sub(lambda match: match.group()[:-1], kept) + _ELLIPSIS
