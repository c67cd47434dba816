"""DNS messages (RFC 1035, RFC 3596) as clients and resolvers exchange them; dpkt packs them."""

import dpkt.dns

A, PTR, MX, AAAA, SRV = dpkt.dns.DNS_A, dpkt.dns.DNS_PTR, dpkt.dns.DNS_MX, dpkt.dns.DNS_AAAA, dpkt.dns.DNS_SRV
TXT = dpkt.dns.DNS_TXT

_QUERY, _RESPONSE = 0x0100, 0x8180  # recursion desired; and available
_MDNS_RESPONSE = 0x8400
_NAME_ERROR = 3


def question(ident: int, name: str, kind: int = A) -> bytes:
    """Return a query for `name`."""
    return bytes(dpkt.dns.DNS(id=ident, op=_QUERY, qd=[dpkt.dns.DNS.Q(name=name, type=kind)]))


def answer(
    ident: int, name: str, kind: int, addresses: tuple[bytes, ...], ttl_s: int, alias: str | None = None
) -> bytes:
    """Return the answer with packed addresses of the kind asked for, behind a CNAME when there is an `alias`.

    No addresses make an empty answer, as for the AAAA of a name that has none.
    """
    records = []
    if alias is not None and addresses:
        records.append(dpkt.dns.DNS.RR(name=name, type=dpkt.dns.DNS_CNAME, ttl=ttl_s, cname=alias))
    owner = alias or name
    for address in addresses:
        records.append(dpkt.dns.DNS.RR(name=owner, type=kind, ttl=ttl_s, rdata=address))  # noqa: PERF401
    query = dpkt.dns.DNS.Q(name=name, type=kind)
    return bytes(dpkt.dns.DNS(id=ident, op=_RESPONSE, qd=[query], an=records))


def no_such_name(ident: int, name: str, kind: int = A) -> bytes:
    """Return the answer NXDOMAIN."""
    query = dpkt.dns.DNS.Q(name=name, type=kind)
    return bytes(dpkt.dns.DNS(id=ident, op=_RESPONSE | _NAME_ERROR, qd=[query]))


def mdns_question(service: str) -> bytes:
    """Return a multicast DNS query (RFC 6762) for the instances of a service."""
    return bytes(dpkt.dns.DNS(id=0, op=0, qd=[dpkt.dns.DNS.Q(name=service, type=PTR)]))


def mdns_announcement(service: str, host: str) -> bytes:
    """Return a multicast DNS answer that a host offers a service."""
    record = dpkt.dns.DNS.RR(name=service, type=PTR, ttl=4500, ptrname=f"{host}.{service}")
    return bytes(dpkt.dns.DNS(id=0, op=_MDNS_RESPONSE, an=[record], qd=[]))
