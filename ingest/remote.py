"""Inputs behind URLs (`s3://bucket/captures`, `gs://`, `https://`), through fsspec and what it has for each scheme."""

import glob
import io
import re
from typing import Any, BinaryIO, Final, cast

from netad.core.errors import InputError, MissingExtraError

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII)
_BUFFER: Final = 1 << 20


def is_remote(named: str) -> bool:
    """Tell whether an input is a URL."""
    return _URL.match(named) is not None


def remote_files(url: str) -> list[str]:
    """Return the URLs of the files that a URL names: itself, those below a folder, or those that a pattern matches.

    Raises:
        MissingExtraError: fsspec, or what it needs for this scheme, is not installed.
        InputError: the place cannot be reached, or nothing is there; the message is a sentence that follows the URL.
    """
    files, path = _file_system(url)
    try:
        if glob.has_magic(path):
            found = [name for name in files.glob(path) if files.isfile(name)]
        else:
            found = files.find(path) if files.isdir(path) else [path] if files.exists(path) else []
    except Exception as error:
        raise _unreadable(error) from error
    if not found:
        raise InputError("matches nothing" if glob.has_magic(path) else "does not exist, or is empty")
    return [files.unstrip_protocol(name) for name in sorted(found) if not _is_hidden(name)]


def open_remote(url: str) -> BinaryIO:
    """Open a file behind a URL for reading.

    Raises:
        MissingExtraError: as in `remote_files`.
        OSError: it cannot be opened; reading raises it too, whatever the library behind it raises.
    """
    files, path = _file_system(url)
    try:
        opened = files.open(path, "rb")
    except Exception as error:
        raise OSError(_unreadable(error).message.removeprefix("cannot be read: ")) from error
    return cast("BinaryIO", io.BufferedReader(_Remote(opened), _BUFFER))


class _Remote(io.RawIOBase):
    """A file of fsspec's of which nothing but OSError is raised."""

    def __init__(self, opened: Any) -> None:  # noqa: ANN401 - fsspec has no types
        self._opened = opened

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return int(self._opened.seek(offset, whence))

    def tell(self) -> int:
        return int(self._opened.tell())

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        try:
            data = self._opened.read(len(buffer))
        except Exception as error:
            raise OSError(_unreadable(error).message.removeprefix("cannot be read: ")) from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._opened.close()
        super().close()


def _file_system(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtraError(f"{url} needs fsspec: install it with pip install 'netad[remote]'") from error
    try:
        files, path = fsspec.core.url_to_fs(url)
    except ImportError as error:  # fsspec knows the scheme, and names the package
        raise MissingExtraError(f"{url} needs a package that is not installed: {error}") from error
    except ValueError as error:
        raise InputError(f"cannot be read: {error}") from error
    return files, path


def _is_hidden(path: str) -> bool:
    return path.rpartition("/")[2].startswith(".")


def _unreadable(error: Exception) -> InputError:
    """Return a failure as a sentence, whatever the library behind a scheme has raised."""
    told = " ".join(str(getattr(error, "strerror", None) or error).split())[:300]
    return InputError(f"cannot be read: {told or type(error).__name__}")
