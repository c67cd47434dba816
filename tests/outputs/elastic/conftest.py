"""What the Elasticsearch tests share: configurations, events of the test's own namespace, and a server that refuses."""

import contextlib
import copy
import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from netad.core.identity import content_id
from netad.outputs.base import Event
from netad.outputs.elastic.bulk import RetryPolicy
from netad.outputs.elastic.connection import ElasticConfig, connect
from netad.outputs.elastic.spool import Spool
from netad.outputs.events import Origin

# A certificate for 127.0.0.1 (2020 to 2120) that signs itself, and its key: of no use anywhere but here.
TLS = Path(__file__).with_name("tls")
INGESTED = "2026-01-12T09:00:00.000Z"


@dataclass
class Asked:
    """A request as a server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def call(self) -> str:
        """The last part of the path: `_bulk`, `_search`, …"""
        return urlsplit(self.path).path.rpartition("/")[2]

    @property
    def ids(self) -> list[str]:
        """The ids in a bulk request."""
        return [orjson.loads(line)["create"]["_id"] for line in self.body.splitlines()[::2]]


@dataclass
class Answer:
    """What a server says; `cut` closes the connection without a word."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: {"X-Elastic-Product": "Elasticsearch"})
    cut: bool = False


Script = Callable[[Asked], Answer | None]


@dataclass
class Server:
    """A real HTTP server on loopback that answers by `script`; None passes the request on to the real Elasticsearch."""

    url: str
    script: Script
    upstream: str | None
    asked: list[Asked] = field(default_factory=list)

    def calls(self, call: str) -> list[Asked]:
        """The requests of one kind, in order."""
        return [asked for asked in self.asked if asked.call == call]

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        answer = self.script(asked)
        return self._pass_on(asked) if answer is None else answer

    def _pass_on(self, asked: Asked) -> Answer:
        assert self.upstream is not None, f"nothing to pass {asked.path} on to"
        parts = urlsplit(self.upstream)
        with contextlib.closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)) as connection:
            headers = {name: asked.headers[name] for name in ("Content-Type", "Accept") if name in asked.headers}
            connection.request(asked.method, asked.path, asked.body or None, headers)
            response = connection.getresponse()
            return Answer(response.status, orjson.loads(response.read() or b"{}"))


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Return a function that starts a `Server` with a script, in front of `upstream` if given, with TLS if asked."""
    with contextlib.ExitStack() as stack:
        yield lambda script, upstream=None, tls=False: stack.enter_context(_serving(script, upstream, tls))


@contextlib.contextmanager
def _serving(script: Script, upstream: str | None, tls: bool) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = server.answer(Asked(self.command, self.path, dict(self.headers), body))
            if answer.cut:
                return
            text = orjson.dumps(answer.body)
            self.send_response(answer.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(text)), **answer.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = handle_any  # noqa: N815 - the names http.server looks for

        def log_message(self, *args: object) -> None:
            pass

    listener = _Listener(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
    server = Server(f"http{'s' if tls else ''}://127.0.0.1:{listener.server_port}", script, upstream)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up on an untrusted certificate are part of the tests."""


@pytest.fixture
def origin(namespace: str) -> Origin:
    """A sensor whose events go to the test's own namespace."""
    return Origin("sensor-1", namespace, "run-1", "0.1.0", "agent-1", {"site": "hq"}, ("netad", "office"))


@pytest.fixture
def make_events(events_of_flows: list[Event]) -> Callable[[int], list[Event]]:
    """Return a maker of that many flow events with ids of their own, the same on every call."""

    def make(count: int) -> list[Event]:
        events = [copy.deepcopy(events_of_flows[0]) for _ in range(count)]
        for number, event in enumerate(events):
            event["event"]["id"] = content_id(
                1_768_111_200_000_000_000, "test", event["data_stream"]["namespace"], number
            )
        return events

    return make


@pytest.fixture
def config(elastic_url: str) -> ElasticConfig:
    """The real Elasticsearch."""
    return ElasticConfig.from_target(elastic_url, {})


@pytest.fixture
def client(config: ElasticConfig) -> Iterator[Any]:
    """A client of the real Elasticsearch."""
    with contextlib.closing(connect(config)) as connected:
        yield connected


@pytest.fixture
def dead_url() -> str:
    """A URL where nothing listens: port 1 of loopback."""
    return "http://127.0.0.1:1"


@pytest.fixture
def make_spool(tmp_path: Path) -> Callable[..., Spool]:
    """Return a maker of spools in one folder, as the runs of one user have them."""
    return lambda target, **options: Spool(tmp_path / "spool", target, **options)


@dataclass
class Pauses:
    """A clock that only moves when someone sleeps, and what was slept."""

    slept: list[float] = field(default_factory=list)

    def policy(self, **options: Any) -> RetryPolicy:
        """A retry policy on this clock, without chance."""
        return RetryPolicy(clock=lambda: sum(self.slept), sleep=self.slept.append, chance=lambda: 1.0, **options)


@pytest.fixture
def pauses() -> Pauses:
    """Time for the retries."""
    return Pauses()
