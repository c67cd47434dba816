"""The way to a server, step by step: its name, its port, its certificate, and what to do about each in words."""

import hashlib
import socket
import ssl
import time
from collections.abc import Callable, Generator, Iterator
from urllib.parse import urlsplit

from netad.core.checks import Check
from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.network import cause

TIMEOUT_S = 10.0
SOON_DAYS = 14
# OpenSSL's numbers, X509_V_ERR_…
_NOT_YET, _EXPIRED, _NAME, _ADDRESS = 9, 10, 62, 64


def check_ways(config: ElasticConfig, clock: Callable[[], float] = time.time) -> Generator[Check, None, bool]:
    """Yield the steps to each URL; return whether one of them can be reached."""
    reached = False
    for url in config.urls:
        checks = list(check_way(url, config, clock))
        yield from checks
        reached = reached or all(check.state != "FAILED" for check in checks)
    return reached


def check_way(url: str, config: ElasticConfig, clock: Callable[[], float] = time.time) -> Iterator[Check]:
    """Yield the steps to one URL; after one that failed there are no more. Through a proxy, the steps to the proxy."""
    parts = urlsplit(config.proxy or url)
    host, port = parts.hostname or "", parts.port or 0
    where = "the proxy " if config.proxy else ""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        told = f"{where}{host} has no address ({error.strerror or error}): is the name right?"
        yield Check("DNS", "FAILED", told)
        return
    addresses = ", ".join(dict.fromkeys(str(each[4][0]) for each in found))
    yield Check("DNS", "ok", f"{where}{host} is {'an address already' if addresses == host else addresses}")
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT_S) as connected:
            yield Check("TCP", "ok", f"{where}{host} listens on port {port}")
            if config.proxy:
                yield Check("TLS", "note", "not looked at through a proxy: the next step shows whether it works")
            elif parts.scheme == "https":
                yield _tls(connected, host, config, clock)
            elif config.is_local:
                yield Check("TLS", "ok", "not used, and nothing leaves this machine")
            else:
                yield Check("TLS", "note", "not used: events, and credentials, can be read on their way")
    except OSError as error:
        reason = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
        told = (
            f"nothing listens on port {port} of {where}{host} ({reason}): is it running, does a firewall stand between?"
        )
        yield Check("TCP", "FAILED", told)


def _tls(connected: socket.socket, host: str, config: ElasticConfig, clock: Callable[[], float]) -> Check:
    context = config.trust.context()
    if config.fingerprint:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with context.wrap_socket(connected, server_hostname=host) as encrypted:
            certificate = encrypted.getpeercert()
            shown = hashlib.sha256(encrypted.getpeercert(binary_form=True) or b"").hexdigest()
            version = encrypted.version()
    except ssl.SSLCertVerificationError as error:
        return Check("TLS", "FAILED", _refused(error, config))
    except OSError as error:
        told = f"no TLS on this port ({cause(error)}): is it http, or does the server want a certificate?"
        return Check("TLS", "FAILED", told)
    if config.fingerprint:
        # The chain may hold the fingerprint too: the client looks at it, here only the certificate itself is seen.
        own = shown == config.fingerprint
        told = "the certificate has the fingerprint that was given"
        other = f"the certificate's own fingerprint is {shown}: right only if the given one is its authority's"
        return Check("TLS", "ok", told) if own else Check("TLS", "note", other)
    ends_s = ssl.cert_time_to_seconds(str((certificate or {}).get("notAfter")))
    days = int((ends_s - clock()) / 86_400)
    if days < SOON_DAYS:
        return Check("TLS", "note", f"the certificate is trusted, and ends in {days} days: renew it")
    return Check("TLS", "ok", f"{version}, the certificate is trusted and ends in {days} days")


def _refused(error: ssl.SSLCertVerificationError, config: ElasticConfig) -> str:
    code, reason, prefix = error.verify_code, error.verify_message, config.prefix
    if code == _EXPIRED:
        return f"the server's certificate, or that of its authority, is over ({reason}): it has to be renewed there"
    if code == _NOT_YET:
        return f"the server's certificate is not valid yet ({reason}): is this machine's clock right?"
    if code in (_NAME, _ADDRESS):
        return (
            f"the certificate is somebody else's ({reason}): use the name that is in it, or have it made for this one"
        )
    if config.trust.ca_file is not None:
        return (
            f"the authority in {prefix}CA_FILE is not the one that stands for the server's certificate ({reason}): "
            f"name the file with the server's authority there"
        )
    return (
        f"nobody who is trusted stands for the server's certificate ({reason}): set {prefix}CA_FILE to its authority's "
        f"certificate, or {prefix}FINGERPRINT"
    )
