"""Crypto-PAn: addresses to other addresses, one to one, so that what shares a prefix still does.

Xu, Fan, Ammar, Moon: Prefix-Preserving IP Address Anonymization (ICNP 2002). The first half of the key is that of the
cipher (AES-128), the second half, encrypted, pads what is enciphered. Bit i of the result is bit i of the address XOR
the first bit of the cipher over the i bits before it, followed by bits of the pad. IPv6 is done likewise over 128 bits.
"""

import numpy as np
from numpy.typing import NDArray

from netad.core.addresses import V4_PREFIX, UInt64
from netad.core.errors import MissingExtraError

KEY_BYTES = 32
_V4, _V6 = 32, 128
# Addresses that are enciphered together: 128 blocks of 16 bytes each.
_TOGETHER = 8192


class CryptoPan:
    """Anonymises addresses by one key."""

    def __init__(self, key: bytes) -> None:
        """Begin with a key of 32 bytes.

        Raises:
            ValueError: it has another length.
            MissingExtraError: the cipher is not installed.
        """
        try:
            from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        except ImportError as error:
            raise MissingExtraError("--anonymize needs the extra: pip install 'netad[anonymize]'") from error
        if len(key) != KEY_BYTES:
            raise ValueError("the key of Crypto-PAn has 32 bytes")
        # One block at a time and no chaining is what the method asks for: its blocks are the prefixes.
        self._cipher = Cipher(algorithms.AES(key[:16]), modes.ECB())  # noqa: S305
        self._pad = np.frombuffer(self._encrypted(key[16:]), dtype=np.uint8)

    def anonymise(self, high: UInt64, low: UInt64) -> tuple[UInt64, UInt64]:
        """Return other addresses for those of two columns, shape (n,) each; IPv4 stays IPv4."""
        pairs, inverse = np.unique(np.stack((high, low)), axis=1, return_inverse=True)
        distinct_high, distinct_low = pairs[0].copy(), pairs[1].copy()
        v4 = (distinct_high == 0) & (distinct_low >> np.uint64(32) == np.uint64(0xFFFF))
        if v4.any():
            octets = _octets(distinct_high[v4], distinct_low[v4])[:, 12:]
            other = self._bits_of(octets, _V4)
            distinct_low[v4] = np.uint64(V4_PREFIX) | other.view(">u4").astype(np.uint64).reshape(-1)
        if (~v4).any():
            other = self._bits_of(_octets(distinct_high[~v4], distinct_low[~v4]), _V6)
            distinct_high[~v4], distinct_low[~v4] = other.view(">u8").astype(np.uint64).T
        inverse = inverse.reshape(-1)
        return distinct_high[inverse], distinct_low[inverse]

    def _bits_of(self, octets: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
        """Return what becomes of addresses of so many bits, shape (n, bits / 8) as they came."""
        parts = [self._part(octets[start : start + _TOGETHER], bits) for start in range(0, len(octets), _TOGETHER)]
        return np.ascontiguousarray(np.concatenate(parts))

    def _part(self, octets: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
        address = np.unpackbits(octets, axis=1)
        pad = np.unpackbits(self._pad)
        before = np.tri(bits, _V6, -1, dtype=bool)  # row i: the bits before bit i
        padded = np.zeros((len(address), _V6), dtype=np.uint8)
        padded[:, :bits] = address
        blocks = np.where(before[None], padded[:, None, :], pad)
        enciphered = self._encrypted(np.packbits(blocks, axis=2).tobytes())
        first = np.frombuffer(enciphered, dtype=np.uint8).reshape(len(address), bits, 16)[:, :, 0] >> 7
        return np.packbits(address ^ first, axis=1)

    def _encrypted(self, content: bytes) -> bytes:
        encryptor = self._cipher.encryptor()
        return encryptor.update(content) + encryptor.finalize()


def _octets(high: UInt64, low: UInt64) -> NDArray[np.uint8]:
    """Return addresses as bytes in network order, shape (n, 16)."""
    return np.stack((high, low), axis=1).astype(">u8").view(np.uint8).reshape(-1, 16)
