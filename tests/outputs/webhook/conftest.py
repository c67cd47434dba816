"""What the web hook tests share: a real server, and outputs with a spool and ledger of the test's own."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from netad.outputs.ledger import Ledger
from netad.outputs.sending import RetryPolicy
from netad.outputs.spool import Spool
from netad.outputs.webhook.output import WebhookOutput, WebhookSender
from netad.outputs.webhook.posting import Post
from netad.outputs.webhook.target import WebhookConfig
from tests.elastic_server import Server, serving


def now() -> str:
    """A moment, 1768208400 seconds after 1970."""
    return "2026-01-12T09:00:00.000Z"


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Return a function that starts a server with a script, with TLS if asked."""
    with contextlib.ExitStack() as stack:
        yield lambda script, tls=False: stack.enter_context(serving(script, tls=tls))


@pytest.fixture
def make_output(tmp_path: Path, pauses: Any) -> Callable[..., WebhookOutput]:
    """Return a maker of outputs to a URL, as the runs of one user are; nothing sleeps."""

    def make(
        url: str, environment: dict[str, str] | None = None, retry: RetryPolicy | None = None, **options: Any
    ) -> WebhookOutput:
        config = WebhookConfig.from_target(url, environment or {})
        sender = WebhookSender(config, Post(config), now, lambda: 1768208400.5)
        spool, ledger = (
            Spool(tmp_path / "spool", config.target, **options),
            Ledger(tmp_path / "state" / "ledger.sqlite3"),
        )
        return WebhookOutput(sender, spool, ledger, config.selection, retry or pauses.policy())

    return make
