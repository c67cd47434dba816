"""An HTTP server on loopback that answers by a script, or passes requests on to the real Elasticsearch behind it."""

import contextlib
import http.client
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

# Certificates for 127.0.0.1 that sign themselves, and their key: of no use anywhere but here. `certificate.pem` and
# `other.pem` hold from 2020 to 2120, `expired.pem` ended in 2021.
TLS = Path(__file__).parent / "outputs/elastic/tls"


@dataclass
class Asked:
    """A request as a server saw it."""

    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def call(self) -> str:
        """The last part of the path, such as `_bulk`."""
        return urlsplit(self.path).path.rpartition("/")[2]

    @property
    def ids(self) -> list[str]:
        """The ids in a bulk request."""
        return [orjson.loads(line)["create"]["_id"] for line in self.body.splitlines()[::2]]


@dataclass
class Answer:
    """What a server says; `cut` closes the connection without a word, `half` in the middle of the body."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: {"X-Elastic-Product": "Elasticsearch"})
    cut: bool = False
    half: bool = False


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
        """Note the request and say what to answer."""
        self.asked.append(asked)
        answer = self.script(asked)
        return self.pass_on(asked) if answer is None else answer

    def pass_on(self, asked: Asked) -> Answer:
        """Let the real server answer."""
        assert self.upstream is not None, f"nothing to pass {asked.path} on to"
        parts = urlsplit(self.upstream)
        with contextlib.closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)) as connection:
            headers = {name: asked.headers[name] for name in ("content-type", "accept") if name in asked.headers}
            connection.request(asked.method, asked.path, asked.body or None, headers)
            response = connection.getresponse()
            return Answer(response.status, orjson.loads(response.read() or b"{}"))


@contextlib.contextmanager
def serving(
    script: Script,
    upstream: str | None = None,
    tls: bool = False,
    certificate: str = "certificate.pem",
    clients: str | None = None,
) -> Iterator[Server]:
    """Run a server on a free port, with TLS if asked; `clients` is the authority that clients have to show."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = server.answer(
                Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            )
            if answer.cut:
                return
            text = orjson.dumps(answer.body)
            self.send_response_only(answer.status)  # like Elasticsearch without a Date
            headers = {"Content-Type": "application/json", "Content-Length": str(len(text)), **answer.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text[: len(text) // 2] if answer.half else text)
            self.close_connection = self.close_connection or answer.half

        do_GET = do_POST = do_PUT = handle_any  # noqa: N815 - the names http.server looks for

        def log_message(self, *args: object) -> None:
            pass

    listener = _Listener(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / certificate, TLS / "key.pem")
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(TLS / clients)
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


@dataclass
class Proxy:
    """An HTTP proxy on loopback that wants `authorization`, and what it was asked for."""

    url: str
    authorization: str | None = None
    asked: list[str] = field(default_factory=list)


@contextlib.contextmanager
def proxying(authorization: str | None = None) -> Iterator[Proxy]:
    """Run a proxy on a free port: CONNECT for TLS, whole URLs for plain HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def allowed(self) -> bool:
            proxy.asked.append(f"{self.command} {self.path}")
            if authorization is None or self.headers.get("Proxy-Authorization") == authorization:
                return True
            self.send_error(407)
            return False

        def do_CONNECT(self) -> None:
            if not self.allowed():
                return
            host, _, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port)), timeout=10) as server:
                self.send_response(200)
                self.end_headers()
                _join(self.connection, server)
            self.close_connection = True

        def do_GET(self) -> None:
            if not self.allowed():
                return
            parts = urlsplit(self.path)
            with contextlib.closing(http.client.HTTPConnection(parts.hostname or "", parts.port)) as server:
                headers = {name: self.headers[name] for name in ("Accept", "Authorization") if name in self.headers}
                server.request("GET", parts.path, headers=headers)
                response = server.getresponse()
                text = response.read()
            self.send_response(response.status)
            for name in ("Content-Type", "X-Elastic-Product"):
                self.send_header(name, response.headers.get(name, ""))
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            pass

    listener = _Listener(("127.0.0.1", 0), Handler)
    proxy = Proxy(f"http://127.0.0.1:{listener.server_port}", authorization)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


@contextlib.contextmanager
def cutting(upstream: str, after: Callable[[], int | None]) -> Iterator[str]:
    """Run a relay on a free port and yield its URL: it cuts the connection in the middle of a bulk request.

    `after` is asked at each bulk request how many of its bytes reach the server behind; None lets it through.
    """
    parts = urlsplit(upstream)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as server:
                _join(self.request, server, cut=after)

    class Relay(socketserver.ThreadingTCPServer):
        daemon_threads = True  # clients keep their connections open

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: a client may hang up first."""

    relay = Relay(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=relay.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{relay.server_address[1]}"
    finally:
        relay.shutdown()
        relay.server_close()
        thread.join()


def _join(one: socket.socket, other: socket.socket, cut: Callable[[], int | None] = lambda: None) -> None:
    """Pass on what either side says until one of them is done, or `cut` bytes of a bulk request have passed."""
    ends = {one: other, other: one}
    left: int | None = None
    while True:
        for ready in select.select(list(ends), [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            if ready is one and data.startswith((b"PUT /_bulk", b"POST /_bulk")):
                left = cut()
            if ready is one and left is not None:
                data = data[:left]
                left -= len(data)
            ends[ready].sendall(data)
            if left == 0:
                return
