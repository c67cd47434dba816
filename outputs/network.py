"""What a failure of the network means, in the words of the operating system or of TLS rather than of classes."""

import ssl
from collections.abc import Iterator

from netad.outputs.wording import printable

MOST_DEPTH = 10


def cause(error: BaseException) -> str:
    """Return the innermost reason of a failed connection, safe for a terminal."""
    tls = tls_error(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        found = tls.verify_message
    elif tls is not None and tls.reason:
        found = tls.reason.replace("_", " ").lower()
    else:
        found = str(error)
        for inner in _chain(error):
            found = getattr(inner, "strerror", None) or str(inner) or found
    return printable(" ".join(found.split())[:300], "utf-8")


def tls_error(error: BaseException) -> ssl.SSLError | None:
    """Return the error of TLS's that is behind a failure, None if it is of another kind."""
    return next((inner for inner in _chain(error) if isinstance(inner, ssl.SSLError)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it came from, whether chained or handed over as an argument."""
    inner: BaseException | None = error
    for _ in range(MOST_DEPTH):
        if inner is None:
            return
        yield inner
        handed = [argument for argument in inner.args if isinstance(argument, BaseException)]
        inner = inner.__cause__ or inner.__context__ or (handed[0] if handed else None)
