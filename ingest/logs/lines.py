"""A log as chunks of whole lines, with bounds on what one line may be."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from netad.core.errors import InputError

Bytes = NDArray[np.uint8]

MAX_LINE: Final = 1 << 20
_CHUNK: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"


class Heading(Enum):
    """Which lines of a log say how its other lines are to be read."""

    NONE, FIRST, REMARKS = range(3)  # the first one; all that begin with '#'


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
        whole: how many of them are whole lines, those that were passed over or left out included.
        left_out: numbers of the lines left out, and not taken from here yet.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.taken = self.whole = 0
        self.left_out: list[int] = []
        self._line = 1

    def pass_over(self, size: int, heading: Heading) -> Iterator[Chunk]:
        """Pass over so many bytes, whole lines, before anything else; yield those lines of them that are a heading.

        Raises:
            InputError, OSError: the stream cannot be read as far.
        """
        rest = b""
        while self.taken < size and (data := self._stream.read(min(_CHUNK, size - self.taken))):
            block = rest + (data if self.taken else data.removeprefix(_BOM))
            self.taken += len(data)
            end = block.rfind(b"\n") + 1
            rest = block[end:]
            if len(rest) > MAX_LINE:
                rest = rest[:1]  # which tells that it is a remark, but not of what
            if found := b"".join(_headings(block[:end], heading, first=self._line == 1)):
                yield Chunk(found, self._line)
            self._line += block.count(b"\n", 0, end)
        self.whole = self.taken

    def chunks(self) -> Iterator[Chunk]:
        """Yield chunks in order.

        Raises:
            InputError, OSError: the stream cannot be read to its end. All whole lines before were yielded.
        """
        line, rest, skipping = self._line, b"", False
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
            self.whole = self.taken - len(rest)
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


def _headings(block: bytes, heading: Heading, *, first: bool) -> Iterator[bytes]:
    """Yield the lines of a heading among whole lines, which are the `first` ones of the log or not."""
    if heading is Heading.FIRST:
        if first:
            yield block[: block.find(b"\n") + 1]
    elif heading is Heading.REMARKS:
        at = 0 if block.startswith(b"#") else block.find(b"\n#") + 1
        while block.startswith(b"#", at):
            end = block.index(b"\n", at)
            yield block[at : end + 1]
            at = block.find(b"\n#", end) + 1 or len(block)
