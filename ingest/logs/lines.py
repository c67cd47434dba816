"""A log as chunks of whole lines, with bounds on what one line may be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from netad.core.errors import InputError

Bytes = NDArray[np.uint8]

MAX_LINE: Final = 1 << 20
_CHUNK: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines of a log, each with its newline; `line` is the number of the first one, from 1.

    `cut` marks an input's last line when no newline was behind it: one was put there, and the line is alone.
    """

    raw: bytes
    line: int
    cut: bool = False

    @property
    def data(self) -> Bytes:
        """The bytes, shape (n,), uint8, read-only."""
        return np.frombuffer(self.raw, dtype=np.uint8)


class Lines:
    """Reads a stream in chunks of about 1 MiB; a line beyond that is left out.

    Attributes:
        taken: bytes read so far.
        left_out: numbers of the lines left out, and not taken from here yet.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.taken = 0
        self.left_out: list[int] = []

    def chunks(self) -> Iterator[Chunk]:
        """Yield chunks in order.

        Raises:
            InputError, OSError: the stream cannot be read to its end. All whole lines before were yielded.
        """
        line, rest, skipping = 1, b"", False
        for block in self._blocks():
            start = block.find(b"\n") + 1 if skipping else 0
            if skipping and not start:
                continue
            skipping, line = False, line + (start > 0)
            end = block.rfind(b"\n") + 1
            if end > start or (end and rest):
                whole = rest + block[start:end]
                yield Chunk(whole, line)
                line += whole.count(b"\n")
                rest = b""
            rest += block[max(start, end) :]
            if len(rest) > MAX_LINE:
                self.left_out.append(line)
                rest, skipping = b"", True
        if rest:
            yield Chunk(rest + b"\n", line, cut=True)

    def _blocks(self) -> Iterator[bytes]:
        """Yield what the stream gives, short reads put together."""
        failure: InputError | OSError | None = None
        ended = False
        while not ended:
            parts: list[bytes] = []
            size = 0
            while size < _CHUNK and not ended:
                try:
                    data = self._stream.read(_CHUNK - size) or b""
                except (InputError, OSError) as error:
                    failure, data = error, b""
                ended = not data
                size += len(data)
                parts.append(data if self.taken else data.removeprefix(_BOM))
                self.taken += len(data)
            yield b"".join(parts)
        if failure is not None:
            raise failure
