"""What the syslog tests share: outputs with a spool and ledger of the test's own."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from netad.outputs.ledger import Ledger
from netad.outputs.sending import RetryPolicy
from netad.outputs.spool import Spool
from netad.outputs.syslog.message import Messages
from netad.outputs.syslog.output import SyslogOutput, SyslogSender
from netad.outputs.syslog.target import SyslogConfig
from netad.outputs.syslog.transport import transport
from tests.syslog_server import Datagrams, Frames, receiving


def now() -> str:
    """A moment."""
    return "2026-01-12T09:00:00.000Z"


@pytest.fixture
def receive() -> Iterator[Callable[..., Frames]]:
    """Return a function that starts a receiver over TCP or TLS."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(receiving(**options))


@pytest.fixture
def datagrams() -> Iterator[Datagrams]:
    """A receiver over UDP."""
    with contextlib.closing(Datagrams()) as receiver:
        yield receiver


@pytest.fixture
def make_output(tmp_path: Path, pauses: Any) -> Callable[..., SyslogOutput]:
    """Return a maker of outputs to a URL, as the runs of one user are; nothing sleeps."""

    def make(
        url: str, environment: dict[str, str] | None = None, retry: RetryPolicy | None = None, at_once: int = 100
    ) -> SyslogOutput:
        config = SyslogConfig.from_target(url, environment or {})
        sender = SyslogSender(config, Messages(config, now), transport(config), at_once)
        spool, ledger = Spool(tmp_path / "spool", config.target), Ledger(tmp_path / "state" / "ledger.sqlite3")
        return SyslogOutput(sender, spool, ledger, config.selection, retry or pauses.policy())

    return make
