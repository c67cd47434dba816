"""Names to registered domains, by the public suffix list that the package publicsuffixlist brings: nothing is fetched.

The list's private section counts (https://publicsuffix.org/list/): two tenants of github.io, or two names that a
provider of dynamic DNS gave away, are two domains.
"""

import ipaddress
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

Names = NDArray[Any]

_CACHED: Final = 1 << 17
_ARPA: Final = "arpa"
_CHUNK: Final = 4096


def registered_domains(names: Names) -> Names:
    """Return the registered domain of every name, object array of shape (n,): `example.co.uk` of `www.example.co.uk`.

    Below a top-level domain that the list does not have (`.local`, `.corp`) it is the last two labels. "" stands for
    names that have none: addresses, single labels, public suffixes themselves, all below `.arpa` (reverse look-ups name
    an address), names of mDNS service types (`_ipp._tcp.local`), and names with an empty label.
    """
    distinct, rows = _distinct(names)
    found = np.empty(len(distinct), dtype=object)
    found[:] = [registered_domain(name) for name in distinct]
    return found[rows]


def label_entropy(names: Names) -> NDArray[np.float64]:
    """Return the Shannon entropy of the characters of every name in bits per character, shape (n,).

    Public suffix and dots are left out: `www.example.co.uk` counts as `wwwexample`. NaN where nothing is left, and for
    addresses and names below `.arpa`, which nobody chose.
    """
    distinct, rows = _distinct(names)
    parts = [_own_part(name).encode("utf-8", "replace") for name in distinct]
    found = np.empty(len(parts))
    for start in range(0, len(parts), _CHUNK):
        found[start : start + _CHUNK] = _entropy(parts[start : start + _CHUNK])
    return found[rows]


@lru_cache(maxsize=_CACHED)
def registered_domain(name: str) -> str:
    """Return the registered domain of one name, as `registered_domains` does."""
    name = name.removesuffix(".")
    if "." not in name or _is_address(name) or name.endswith("." + _ARPA):
        return ""
    found = _suffixes().privatesuffix(name)
    return "" if found is None or found.startswith("_") else str(found)


@lru_cache(maxsize=_CACHED)
def _own_part(name: str) -> str:
    """Return what of a name its owner chose: labels in front of the public suffix, without dots."""
    name = name.removesuffix(".")
    if name == _ARPA or name.endswith("." + _ARPA) or _is_address(name):
        return ""
    suffix = _suffixes().publicsuffix(name) if "." in name else None
    return name.removesuffix(suffix or "").replace(".", "")


def _is_address(name: str) -> bool:
    if not (name[-1:].isdigit() or ":" in name):
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # reads its list once, 40 ms

    return PublicSuffixList()


def _distinct(names: Names) -> tuple[list[str], NDArray[np.int64]]:
    """Return the distinct names and, for every name, which of them it is."""
    places: dict[str, int] = {}
    rows = np.fromiter((places.setdefault(name, len(places)) for name in names.tolist()), np.int64, len(names))
    return list(places), rows


def _entropy(texts: list[bytes]) -> NDArray[np.float64]:
    sizes = np.array([len(text) for text in texts])
    octets = np.frombuffer(b"".join(texts), dtype=np.uint8)
    places = np.repeat(np.arange(len(texts)) * 256, sizes) + octets
    counts = np.bincount(places, minlength=len(texts) * 256).reshape(-1, 256)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = counts / sizes[:, None]
        bits = np.where(counts > 0, -shares * np.log2(shares), 0.0).sum(axis=1)
    return np.where(sizes > 0, bits, np.nan)
