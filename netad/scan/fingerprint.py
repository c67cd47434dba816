"""What tells a file by its content, so that another name, another inode or compression do not make it another file."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netad.core.errors import InputError
from netad.ingest.compression import Decompressed, decompressed

# A file is told by its first bytes: captures hold times in them, rotated logs their beginning. Those of a shorter file
# are all of it, and when it has grown, it is known by them still.
HEAD_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The first `length` bytes of a file, compression taken off, as the hex digits of their SHA-256."""

    length: int
    digest: str


@dataclass(frozen=True, slots=True)
class Head:
    """The first bytes of a file, compression taken off, and whether there was any."""

    content: bytes
    compressed: bool

    @property
    def fingerprint(self) -> Fingerprint:
        """That of all of it."""
        return Fingerprint(len(self.content), hashlib.sha256(self.content).hexdigest())

    def beginnings(self, lengths: Iterable[int]) -> list[Fingerprint]:
        """Return the fingerprints of its beginnings of those lengths that it has, the longest first."""
        digest, at = hashlib.sha256(), 0
        found: list[Fingerprint] = []
        for length in sorted(set(lengths)):
            if length > len(self.content):
                break
            digest.update(self.content[at:length])
            at = length
            found.append(Fingerprint(length, digest.copy().hexdigest()))
        return found[::-1]


def read_head(path: str) -> Head:
    """Return the beginning of a file; of compressed data that is cut or damaged, what comes out of it.

    Raises:
        OSError, ValueError: it cannot be opened or read.
    """
    content = b""
    # What may come out is bounded by the head, so that no ratio is needed here.
    with decompressed(Path(path).open("rb"), None, ahead=False) as stream:
        try:
            while len(content) < HEAD_BYTES and (data := stream.read(HEAD_BYTES - len(content))):
                content += data
        except InputError:
            pass  # reading it will say what is wrong
        return Head(content, isinstance(stream, Decompressed))
