"""JA3 and JA4 of a ClientHello.

JA3: https://github.com/salesforce/ja3. JA4, the fingerprint of TLS clients and no other of its family:
https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md. Only TLS over TCP: QUIC and DTLS have ClientHellos
too, which netad does not read.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import md5, sha256
from typing import Final

from netad.ingest.facts.client_hello import ClientHello

_Numbers = tuple[int, ...]
_NO_VALUES: Final = "0" * 12
_MOST: Final = 99
_VERSIONS: Final = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2",
                    0xFEFF: "d1", 0xFEFD: "d2", 0xFEFC: "d3"}  # fmt: skip
_SERVER_NAME, _ALPN = 0x0000, 0x0010


def fingerprints(hello: ClientHello) -> tuple[str, str]:
    """Return JA3 and JA4. They are the same whatever server is named: those of known programs are kept."""
    return _fingerprints(hello.version, hello.ciphers, hello.extensions, hello.groups, hello.point_formats,
                         hello.signatures, hello.versions, hello.alpn)  # fmt: skip


@lru_cache(maxsize=4096)
def _fingerprints(
    version: int,
    ciphers: _Numbers,
    extensions: _Numbers,
    groups: _Numbers,
    point_formats: _Numbers,
    signatures: _Numbers,
    versions: _Numbers,
    alpn: bytes,
) -> tuple[str, str]:
    hello = ClientHello(version, ciphers, extensions, groups, point_formats, signatures, versions, alpn, "", True)
    return ja3(hello), ja4(hello)


def ja3_text(hello: ClientHello) -> str:
    """Return what JA3 is the MD5 of: version, ciphers, extensions, groups, point formats, as decimal numbers."""
    lists = (hello.ciphers, hello.extensions, hello.groups, hello.point_formats)
    return ",".join((str(hello.version), *("-".join(map(str, numbers)) for numbers in lists)))


def ja3(hello: ClientHello) -> str:
    """Return the JA3 fingerprint, 32 hexadecimal digits."""
    return md5(ja3_text(hello).encode(), usedforsecurity=False).hexdigest()


def ja4(hello: ClientHello) -> str:
    """Return the JA4 fingerprint, like `t13d1516h2_8daaf6152771_e5627efa2ab1`."""
    head, ciphers, extensions, signatures = _parts(hello)
    what = f"{extensions}_{signatures}" if signatures else extensions
    return "_".join((head, _hash(ciphers), _hash(what) if extensions else _NO_VALUES))


def _parts(hello: ClientHello) -> tuple[str, str, str, str]:
    version = _VERSIONS.get(max(hello.versions, default=hello.version), "00")
    destination = "d" if _SERVER_NAME in hello.extensions else "i"
    counts = f"{min(len(hello.ciphers), _MOST):02}{min(len(hello.extensions), _MOST):02}"
    told = (_SERVER_NAME, _ALPN)
    return (
        f"t{version}{destination}{counts}{_ends(hello.alpn)}",
        _listed(sorted(hello.ciphers)),
        _listed(sorted(kind for kind in hello.extensions if kind not in told)),
        _listed(hello.signatures),
    )


def _ends(alpn: bytes) -> str:
    """Return the first and last character of a protocol name, of its hexadecimal form if one is not alphanumeric."""
    if not alpn:
        return "00"
    ends = alpn[:1] + alpn[-1:]
    if ends.isalnum():
        return ends.decode("ascii")
    digits = alpn.hex()
    return digits[0] + digits[-1]


def _listed(numbers: Iterable[int]) -> str:
    return ",".join(f"{number:04x}" for number in numbers)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12] if text else _NO_VALUES
