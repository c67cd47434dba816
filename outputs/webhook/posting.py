"""One POST request and what its answer means: no redirects, no proxies from outside, verified TLS, bounded waits."""

import contextlib
import email.utils
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import urllib3

from netad.core.errors import OutputError
from netad.outputs.network import cause, tls_error
from netad.outputs.webhook.target import PREFIX, WebhookConfig
from netad.outputs.wording import printable

# Not now: a request still under way with the same key, too early, too many. All of 500 and above besides.
AGAIN = frozenset({408, 409, 425, 429})
# Not this one: the body itself is what does not please.
REFUSED = frozenset({400, 413, 415, 422})
MOST_ANSWER = 2048
MOST_REASON = 200
MOST_PAUSE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Why events did not arrive: the fields of `netad.outputs.retrying.Trouble`.

    `in_doubt` when the request may have been taken all the same, because no answer came.
    """

    kind: Literal["again", "smaller", "stop"]
    why: OutputError
    pause_s: float = 0.0
    in_doubt: bool = False


class Post:
    """Posts bodies to one web hook over one connection that is kept."""

    def __init__(self, config: WebhookConfig, seconds: Callable[[], float] = time.time) -> None:
        self._config = config
        self._seconds = seconds
        self._pool = urllib3.PoolManager(
            num_pools=1,
            maxsize=1,
            retries=False,
            timeout=urllib3.Timeout(connect=config.connect_s, read=config.answer_s),
            ssl_context=config.trust.context() if config.url.startswith("https:") else None,
        )

    def __call__(self, body: bytes, headers: dict[str, str]) -> Answer | None:
        """Post a body; return None when the web hook has taken it, or else why not."""
        try:
            response = self._pool.request(
                "POST", self._config.url, body=body, headers=headers, redirect=False, preload_content=False
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return self._failed(error)
        said = b""
        with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):  # the status alone says what counts
            said = response.read(MOST_ANSWER, decode_content=False)
        if response.length_remaining != 0:
            response.close()
        response.release_conn()
        return self._answered(response.status, said, response.headers)

    def close(self) -> None:
        """Let go of the connection."""
        self._pool.clear()

    def _answered(self, status: int, said: bytes, headers: urllib3.HTTPHeaderDict) -> Answer | None:
        place = self._config.place
        if 200 <= status < 300:
            return None
        if 300 <= status < 400:
            return Answer(
                "stop", OutputError(f"{place} sends us elsewhere ({status}): give the URL that answers itself")
            )
        why = OutputError(f"{place} answered {status}{self._reason(said)}")
        if status in AGAIN or status >= 500:
            return Answer("again", why, self._asked_pause(headers.get("Retry-After", "")))
        return Answer("smaller" if status in REFUSED else "stop", why)

    def _failed(self, error: Exception) -> Answer:
        place = self._config.place
        if tls_error(error) is not None:
            trust = f"{PREFIX}CA_FILE names whom to trust"
            return Answer("stop", OutputError(f"no trusted TLS connection to {place} ({cause(error)}): {trust}"))
        if isinstance(error, urllib3.exceptions.ReadTimeoutError):
            why = f"{place} did not answer within {self._config.answer_s:g} s"
            return Answer("again", OutputError(why), in_doubt=True)
        # Whoever did not even connect has not sent anything. (urllib3 2 takes a refused connection for one too late.)
        refused = isinstance(error, urllib3.exceptions.NewConnectionError)
        if isinstance(error, urllib3.exceptions.ConnectTimeoutError) and not refused:
            return Answer("again", OutputError(f"{place} did not answer within {self._config.connect_s:g} s"))
        return Answer("again", OutputError(f"{place} cannot be reached ({cause(error)})"), in_doubt=not refused)

    def _reason(self, said: bytes) -> str:
        """Return what the answer's body says, without our own secrets in it."""
        text = printable(" ".join(said.decode("utf-8", "replace").split()), "utf-8")
        for secret in self._config.secrets:
            text = text.replace(secret, "***")
        return f" ({text[:MOST_REASON]})" if text else ""

    def _asked_pause(self, text: str) -> float:
        """The seconds that `Retry-After` asks for, as a number or a date (RFC 9110, 10.2.3); 0 if it does not."""
        pause = 0.0
        if re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII):
            pause = float(text)
        elif text:
            with contextlib.suppress(ValueError, TypeError, OverflowError):
                pause = email.utils.parsedate_to_datetime(text).timestamp() - self._seconds()
        return min(max(pause, 0.0), MOST_PAUSE_S)
