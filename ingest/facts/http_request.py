"""The head of an HTTP/1 request: method, Host and User-Agent.

dpkt.http is not used: it wants the whole head, and raises on what real clients and malware send. Nothing here raises,
whatever the bytes are.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from netad.ingest.facts.text import MAX_TEXT, printable

_MAX_AGENT: Final = 512
_METHOD: Final = re.compile(rb"[A-Z][A-Z-]{1,19} ")
# RFC 9112, 3: method, target, version; a lone line feed is let through, as servers do.
_LINE: Final = re.compile(rb"([A-Z][A-Z-]{1,19}) [^\r\n]{1,8192} HTTP/1\.[0-9]\r?\n")
_END: Final = re.compile(rb"\r?\n\r?\n")
_HOST: Final = re.compile(rb"\nHost:([^\r\n]*)\r?\n", re.IGNORECASE)
_AGENT: Final = re.compile(rb"\nUser-Agent:([^\r\n]*)\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """A request's `host` is lower case, without the port; "" stands for a header that is not there."""

    method: str
    host: str
    user_agent: str


def may_be_request(octets: bytes) -> bool:
    """Tell whether `octets` begin like a request line."""
    return _METHOD.match(octets) is not None


def read_request(octets: bytes, last: bool) -> Request | Literal["more", "none"]:
    """Return the request that a client's `octets` begin with.

    "more" if the head is not complete and these are not the `last` octets, "none" if it is something else.
    """
    line = _LINE.match(octets)
    if line is None:
        return "none" if last or b"\n" in octets else "more"
    end = _END.search(octets, line.end() - 2)
    head = octets[line.end() - 1 : end.end() if end else len(octets)]
    host, agent = _HOST.search(head), _AGENT.search(head)
    if not (last or end or (host and agent)):
        return "more"
    return Request(
        line[1].decode("ascii"),
        _without_port(printable(host[1].strip(b" \t").lower(), MAX_TEXT)) if host else "",
        printable(agent[1].strip(b" \t"), _MAX_AGENT) if agent else "",
    )


def _without_port(host: str) -> str:
    """Return a host without `:port`, and an IPv6 address without its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, _, port = host.partition(":")
    return name if port.isdecimal() or not port else host
