"""What a profile named, as a few clean words: hostile text is bounded here, before any model reads it."""

from collections.abc import Iterator
from dataclasses import dataclass

KINDS = {"port": "services", "domain": "domains", "server": "servers", "agent": "agents"}
# Of each kind so many that are new to the baseline, and so many known ones.
MOST_NEW, MOST_KNOWN = 3, 2
MOST_CHARACTERS = 48

_SERVICES = {
    "tcp/20": "ftp data", "tcp/21": "ftp", "tcp/22": "ssh", "tcp/23": "telnet", "tcp/25": "mail", "tcp/53": "dns",
    "tcp/80": "http", "tcp/88": "kerberos", "tcp/110": "pop mail", "tcp/111": "rpc", "tcp/135": "windows rpc",
    "tcp/139": "netbios session", "tcp/143": "imap mail", "tcp/389": "ldap", "tcp/443": "https", "tcp/445": "smb files",
    "tcp/465": "mail", "tcp/514": "remote shell", "tcp/587": "mail", "tcp/631": "print", "tcp/636": "ldap",
    "tcp/853": "secure dns", "tcp/993": "imap mail", "tcp/995": "pop mail", "tcp/1080": "socks proxy",
    "tcp/1433": "sql server", "tcp/1521": "oracle", "tcp/1723": "vpn", "tcp/1883": "mqtt", "tcp/2323": "telnet",
    "tcp/3128": "web proxy", "tcp/3306": "mysql", "tcp/3389": "remote desktop", "tcp/5060": "voice",
    "tcp/5222": "chat", "tcp/5223": "push", "tcp/5432": "postgres", "tcp/5900": "remote desktop", "tcp/5985": "winrm",
    "tcp/6379": "redis", "tcp/6667": "irc chat", "tcp/8000": "web", "tcp/8080": "web proxy", "tcp/8443": "web",
    "tcp/8883": "mqtt", "tcp/9001": "tor", "tcp/9200": "elasticsearch", "tcp/27017": "mongo",
    "udp/53": "dns", "udp/67": "dhcp", "udp/68": "dhcp", "udp/69": "tftp", "udp/123": "time", "udp/137": "netbios name",
    "udp/138": "netbios datagram", "udp/161": "snmp", "udp/443": "quic", "udp/500": "vpn", "udp/514": "syslog",
    "udp/1194": "vpn", "udp/1900": "discovery", "udp/3478": "stun", "udp/3702": "discovery", "udp/4500": "vpn",
    "udp/5060": "voice", "udp/5353": "multicast dns", "udp/5355": "local names", "icmp/8": "ping",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that a profile named: `kind` is a word of `KINDS`, `new` whether the baseline never met it."""

    kind: str
    new: bool
    text: str


def named(said: object) -> tuple[Named, ...]:
    """Return what the column `said` of a row tells, kind after kind, new ones first; nothing of a row without.

    At most 20 entries of at most 48 printable ASCII characters each.
    """
    if not isinstance(said, str) or not said:
        return ()
    told: dict[str, tuple[list[str], list[str]]] = {word: ([], []) for word in KINDS.values()}
    for new, kind, text in _entries(said):
        places = told[KINDS[kind]][0 if new else 1]
        if len(places) < (MOST_NEW if new else MOST_KNOWN):
            shown = _service(text) if kind == "port" else printable(text)
            if shown and shown not in places:
                places.append(shown)
    return tuple(
        Named(kind, new, text)
        for kind, (fresh, known) in told.items()
        for new, texts in ((True, fresh), (False, known))
        for text in texts
    )


def printable(text: str) -> str:
    """Return text as a model may read it: lower case, printable ASCII, single spaces, at most 48 characters."""
    kept = "".join(one if " " < one <= "~" else " " for one in text[: 4 * MOST_CHARACTERS].lower())
    return " ".join(kept.split())[:MOST_CHARACTERS].rstrip()


def _entries(said: str) -> Iterator[tuple[bool, str, str]]:
    for line in said.split("\n"):
        new = line.startswith("new ")
        kind, _, text = line.removeprefix("new ").partition(" ")
        if kind in KINDS and text:
            yield new, kind, text


def _service(text: str) -> str:
    """Return what a port is for; the number of a port that has no name says nothing to a language model."""
    protocol, _, port = text.partition("/")
    if text in _SERVICES:
        return _SERVICES[text]
    if protocol in ("tcp", "udp"):
        return f"{protocol} {'port' if int(port) < 1024 else 'high port'}"
    return protocol if protocol.startswith("icmp") else "other protocol"
