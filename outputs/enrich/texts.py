"""Addresses as they stand in texts: found, so that each can be replaced."""

import re
from collections.abc import Callable
from ipaddress import IPv6Address

from netad.core.addresses import format_address, parse_address, split_address

Replace = Callable[[int, int], tuple[int, int]]

_FOUND = re.compile(
    r"(?P<mac>(?<![0-9A-Fa-f:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-]))"
    r"|(?P<arpa6>(?:[0-9A-Fa-f]\.){1,32}ip6\.arpa)"
    r"|(?P<arpa4>(?<![\d.])(?:\d{1,3}\.){1,4}in-addr\.arpa)"
    r"|(?P<v6>(?<![\w:.])[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:(?:[0-9A-Fa-f.:]*[0-9A-Fa-f:])?(?![\w:]))"
    r"|(?P<v4>(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d))"
    r"|(?P<dashed>(?<!\d)(?<!\d-)\d{1,3}(?:-\d{1,3}){3}(?!\d|-\d))"
)


def with_addresses(text: str, replace: Replace, mac: Callable[[str], str]) -> str:
    """Return a text in which every IP address is what `replace` makes of it, and every MAC address what `mac` does.

    Addresses are found plainly written, with dashes as in the names of providers, and backwards as in the names of
    reverse DNS, of which the known octets stay as many as they were.
    """

    def other(found: re.Match[str]) -> str:
        kind, whole = found.lastgroup or "", found.group()
        return mac(whole) if kind == "mac" else _FORMS[kind](whole, replace)

    return _FOUND.sub(other, text)


def _plain(text: str, replace: Replace) -> str:
    try:
        return format_address(*replace(*parse_address(text.rstrip(".")))) + text[len(text.rstrip(".")) :]
    except ValueError:  # a time of day, a version, a number of a section
        return text


def _octets(text: str, replace: Replace, joint: str = ".") -> str:
    octets = [int(octet) for octet in text.split(joint)]
    if max(octets) > 255:
        return text
    return format_address(*replace(*split_address(bytes(octets)))).replace(".", joint)


def _dashed(text: str, replace: Replace) -> str:
    return _octets(text, replace, "-")


def _arpa4(text: str, replace: Replace) -> str:
    octets = [int(octet) for octet in reversed(text.split(".")[:-2])]
    if max(octets) > 255:
        return text
    other = format_address(*replace(*split_address(bytes(octets).ljust(4, b"\0"))))
    return ".".join([*reversed(other.split(".")[: len(octets)]), "in-addr.arpa"])


def _arpa6(text: str, replace: Replace) -> str:
    digits = "".join(reversed(text.split(".")[:-2]))
    high, low = replace(*split_address(bytes.fromhex(digits.ljust(32, "0"))))
    other = IPv6Address(high << 64 | low).exploded.replace(":", "")[: len(digits)]
    return ".".join([*reversed(other), "ip6.arpa"])


_FORMS: dict[str, Callable[[str, Replace], str]] = {
    "v4": _octets, "v6": _plain, "dashed": _dashed, "arpa4": _arpa4, "arpa6": _arpa6,
}  # fmt: skip
