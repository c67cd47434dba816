"""`--to webhook:…`: each wanted event once in a POST request, or in the spool, or named."""

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import ClassVar, Self

from orjson import dumps

from netad import __version__
from netad.core.timing import now_iso
from netad.outputs.base import Event
from netad.outputs.ledger import open_ledger
from netad.outputs.origin import stamped
from netad.outputs.retrying import Trouble
from netad.outputs.sending import Outcome
from netad.outputs.spool import open_spool
from netad.outputs.spooled import SpooledOutput
from netad.outputs.webhook.posting import Post
from netad.outputs.webhook.signature import signature
from netad.outputs.webhook.target import BODIES, WebhookConfig
from netad.outputs.wording import counted


class WebhookOutput(SpooledOutput):
    """Posts events to the web hook that `--to webhook[:URL]` names."""

    name: ClassVar[str] = "webhook"

    @classmethod
    def from_target(cls, target: str | None) -> Self:
        """Return the output that `--to webhook[:URL]` and the environment name.

        Raises:
            ConfigError: the URL, an option, the template, a variable or a certificate file is wrong.
            SpoolError: there is no place for unsent events.
        """
        config = WebhookConfig.from_target(target)
        return cls(WebhookSender(config, Post(config)), open_spool(config.target), open_ledger(), config.selection)


class WebhookSender:
    """The way to one web hook: see `netad.outputs.spooled.Sender`."""

    def __init__(
        self,
        config: WebhookConfig,
        post: Post,
        clock: Callable[[], str] = now_iso,
        seconds: Callable[[], float] = time.time,
    ) -> None:
        self.target = config.target
        self.place = config.place
        self.at_once = config.batch
        self._config = config
        self._post = post
        self._clock = clock
        self._seconds = seconds
        self._in_doubt = 0

    @property
    def notes(self) -> Sequence[str]:
        """What may have arrived twice."""
        if not self._in_doubt:
            return ()
        asked = f"{counted(self._in_doubt, 'event')} went again after no answer came"
        return (f"{asked}: the header Idempotency-Key tells the receiver which",)

    def open(self) -> None:
        """Ask nothing: what a web hook would say to an empty request says nothing about events."""

    def attempt(self, events: list[Event], outcome: Outcome) -> Trouble | None:
        """Post events in one request."""
        body = self._body(events)
        answer = self._post(body, self._headers(events, body))
        if answer is None:
            outcome.delivered += len(events)
            return None
        if answer.in_doubt:
            self._in_doubt += len(events)
        return Trouble(answer.kind, answer.why, events, answer.pause_s)

    def close(self) -> None:
        """Let go of the connection."""
        self._post.close()

    def _body(self, events: list[Event]) -> bytes:
        now, template = self._clock(), self._config.template
        whole = [stamped(event, now) for event in events]
        trees = whole if template is None else [template.render(event) for event in whole]
        if self._config.body == "lines":
            return b"".join(dumps(tree) + b"\n" for tree in trees)
        return dumps(trees[0] if self._config.batch == 1 else trees)

    def _headers(self, events: list[Event], body: bytes) -> dict[str, str]:
        """Return the headers; the identity is the same whenever the same events are posted together."""
        ids = [event["event"]["id"] for event in events]
        identity = ids[0] if len(ids) == 1 else hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]
        now = int(self._seconds())
        headers = {
            "Content-Type": BODIES[self._config.body],
            "User-Agent": f"netad/{__version__}",
            "Idempotency-Key": identity,
            "webhook-id": identity,
            "webhook-timestamp": str(now),
        }
        if self._config.key is not None:
            headers["webhook-signature"] = signature(self._config.key, identity, now, body)
        if self._config.authorization is not None:
            headers["Authorization"] = self._config.authorization
        return headers
