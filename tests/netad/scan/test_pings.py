"""Pings of a scan."""

import http.server
import logging
import threading

import pytest

from netad.scan.pings import Pinger, Tail
from netad.scan.settings import Pings


@pytest.fixture
def watcher():
    """A server that keeps what it is sent: (path, body)."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, body.decode()))
            self.send_response(404 if self.path == "/unknown" else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_beginning_and_end_are_told(watcher):
    """Success and failure go to their addresses, with what there is to say."""
    url, seen = watcher
    pinger = Pinger(Pings(f"{url}/start", f"{url}/ok", f"{url}/fail"))
    pinger.started()
    pinger.ended(0, "fine")
    pinger.ended(4, "x" * 200_000 + "the end")
    assert seen[:2] == [("/start", ""), ("/ok", "fine")]
    assert seen[2][0] == "/fail"
    assert seen[2][1].endswith("the end")
    assert len(seen[2][1]) == 100_000


def test_nobody_is_told_where_none_is_named():
    """Without addresses nothing is sent."""
    Pinger(Pings()).started()
    Pinger(Pings()).ended(1, "")


def test_what_cannot_be_told_is_a_warning_without_the_address(watcher, caplog):
    """The address is a secret: who knows it can ping."""
    url, _ = watcher
    Pinger(Pings(success=f"{url}/unknown")).ended(0, "")
    Pinger(Pings(failure="http://127.0.0.1:9/secret")).ended(1, "")
    assert "HTTP 404" in caplog.text
    assert "could not be sent" in caplog.text
    assert "secret" not in caplog.text


def test_the_tail_keeps_the_last_messages():
    """One a line, with their level."""
    tail = Tail()
    logger = logging.Logger("netad")
    logger.addHandler(tail)
    for number in range(200):
        logger.warning("message %d", number)
    lines = tail.text.splitlines()
    assert (len(lines), lines[-1]) == (100, "warning: message 199")
