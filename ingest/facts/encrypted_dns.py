"""Look-ups that cannot be read: DNS over TLS, QUIC and HTTPS, told by port and server name."""

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from netad.ingest.decode import TCP, UDP

if TYPE_CHECKING:
    from netad.ingest.facts.batch import FactBatch

# RFC 7858 (TCP) and RFC 9250 (UDP).
ENCRYPTED_DNS_PORT: Final = 853


class EncryptedDns(IntEnum):
    """How look-ups are hidden."""

    NONE, DOT, DOQ, DOH = range(4)


# Servers of the resolvers that Chrome's and Firefox' settings offer (Chromium: net/dns/public/doh_provider_entry.cc;
# Mozilla: wiki.mozilla.org/Security/DOH-resolver-policy) and of other large ones on curl's list
# (github.com/curl/curl/wiki/DNS-over-HTTPS). Names below one of these count too: some providers give each customer one.
DOH_SERVERS: Final = frozenset(
    (
        "dns.google",
        "dns64.dns.google",
        "cloudflare-dns.com",
        "one.one.one.one",
        "cloudflare-gateway.com",
        "dns.quad9.net",
        "dns9.quad9.net",
        "dns10.quad9.net",
        "dns11.quad9.net",
        "doh.opendns.com",
        "doh.familyshield.opendns.com",
        "dns.nextdns.io",
        "doh.cleanbrowsing.org",
        "dns.adguard.com",
        "dns.adguard-dns.com",
        "family.adguard-dns.com",
        "unfiltered.adguard-dns.com",
        "dns.controld.com",
        "freedns.controld.com",
        "dns.mullvad.net",
        "doh.mullvad.net",
        "doh.dns.sb",
        "dns.alidns.com",
        "doh.pub",
        "doh.360.cn",
        "dns0.eu",
        "doh.xfinity.com",
        "doh.cox.net",
        "doh.quickline.ch",
        "doh-01.spectrum.com",
        "doh-02.spectrum.com",
        "joindns4.eu",
        "dns.switch.ch",
        "odvr.nic.cz",
        "private.canadianshield.cira.ca",
        "protected.canadianshield.cira.ca",
        "family.canadianshield.cira.ca",
        "public.dns.iij.jp",
        "doh.libredns.gr",
        "dns.digitale-gesellschaft.ch",
        "dnsforge.de",
        "doh.applied-privacy.net",
    )
)


def encrypted_dns_of_tls(tls: "FactBatch") -> NDArray[np.uint8]:
    """Return the EncryptedDns of every TLS fact, shape (n,): by port, else by a server name of `DOH_SERVERS`.

    A provider that serves its website under the same name counts too; a resolver that nobody lists is missed.
    """
    found = encrypted_dns_by_port(tls["protocol"], tls["resp_port"])
    if "server_name" in tls:
        known: dict[str, bool] = {}
        names = tls["server_name"].tolist()
        for name in names:
            if name not in known:
                known[name] = is_doh_server(name)
        doh = np.fromiter((known[name] for name in names), dtype=bool, count=len(names))
        found[doh & (found == EncryptedDns.NONE)] = EncryptedDns.DOH
    return found


def encrypted_dns_by_port(protocol: NDArray[Any], resp_port: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the EncryptedDns that protocol and responder port tell, shape (n,)."""
    here = resp_port == ENCRYPTED_DNS_PORT
    found = np.full(len(here), EncryptedDns.NONE, dtype=np.uint8)
    found[here & (protocol == TCP)] = EncryptedDns.DOT
    found[here & (protocol == UDP)] = EncryptedDns.DOQ
    return found


def is_doh_server(name: str) -> bool:
    """Tell whether a server name, lower case, is one of `DOH_SERVERS` or below one of them."""
    while name:
        if name in DOH_SERVERS:
            return True
        name = name.partition(".")[2]
    return False
