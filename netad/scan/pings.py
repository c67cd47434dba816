"""Tells an address that a scan began, and how it ended, in the way of healthchecks.io."""

import logging
from collections import deque
from typing import Final

from netad.scan.settings import Pings

TIMEOUT_S: Final = 10.0
# What healthchecks.io keeps of a body.
_MOST_BYTES: Final = 100_000
_LINES: Final = 100
_ATTEMPTS: Final = 2

log = logging.getLogger(__name__)


class Tail(logging.Handler):
    """Keeps the last messages of a run, for whoever is told of its failure."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[str] = deque(maxlen=_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self._lines.append(f"{record.levelname.lower()}: {record.getMessage()}")

    @property
    def text(self) -> str:
        """The messages, one a line."""
        return "\n".join(self._lines)


class Pinger:
    """Sends pings; that one cannot be sent is a warning and no more: monitoring must not end what it watches."""

    def __init__(self, pings: Pings) -> None:
        self._pings = pings

    def started(self) -> None:
        """Tell that a run begins."""
        self._send(self._pings.start, "")

    def ended(self, code: int, text: str) -> None:
        """Tell how a run ended: `code` 0 is success, `text` what there is to say about it."""
        self._send(self._pings.success if code == 0 else self._pings.failure, text)

    def _send(self, url: str | None, text: str) -> None:
        if url is None:
            return
        import urllib3

        body = text.encode()[-_MOST_BYTES:]
        for left in reversed(range(_ATTEMPTS)):
            try:
                # Not its own retries: urllib3 logs the address, and who knows that can ping.
                with urllib3.PoolManager(timeout=TIMEOUT_S, retries=urllib3.Retry(0, redirect=3)) as pool:
                    status = pool.request("POST", url, body=body).status
            except (urllib3.exceptions.HTTPError, ValueError) as error:
                if not left:
                    log.warning("the ping could not be sent: %s", type(error).__name__)
                continue
            if status >= 400:
                log.warning("the ping was answered with HTTP %d", status)
            return
