"""One request to a real server, and what each answer means."""

import contextlib
import socket
import threading
from dataclasses import replace

import pytest

from netad.outputs.variables import Trust
from netad.outputs.webhook.posting import Post
from netad.outputs.webhook.target import WebhookConfig
from tests.elastic_server import TLS, Answer

SECONDS = 1768208400.0


@pytest.fixture
def post():
    """Return a function that posts to a URL once."""

    def once(url, **options):
        config = replace(WebhookConfig.from_target(url, {}), **options)
        with contextlib.closing(Post(config, lambda: SECONDS)) as poster:
            return poster(b'{"a":1}', {"Content-Type": "application/json", "X-Own": "yes"})

    return once


def test_a_body_arrives_with_its_headers(post, serve):
    """By POST, and any 2xx is good."""
    server = serve(lambda _: Answer(202))
    assert post(f"{server.url}/path?query=1") is None
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/path?query=1", b'{"a":1}')
    assert asked.headers["x-own"] == "yes"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(408, "again"), (409, "again"), (425, "again"), (429, "again"), (500, "again"), (503, "again"),
     (400, "smaller"), (413, "smaller"), (422, "smaller"),
     (401, "stop"), (403, "stop"), (404, "stop"), (405, "stop"), (410, "stop")],
)  # fmt: skip
def test_each_status_has_its_meaning(post, serve, status, kind):
    """Later, less at once, or never."""
    server = serve(lambda _: Answer(status, {"error": "because"}))
    answer = post(server.url)
    assert answer.kind == kind
    assert not answer.in_doubt
    assert answer.why.message == f'{server.url} answered {status} ({{"error":"because"}})'


def test_a_redirect_is_not_followed(post, serve):
    """Where it leads is nobody's decision but the operator's."""
    other = serve(lambda _: Answer())
    server = serve(lambda _: Answer(307, headers={"Location": other.url}))
    answer = post(server.url)
    assert answer.kind == "stop"
    assert "sends us elsewhere (307)" in answer.why.message
    assert other.asked == []


@pytest.mark.parametrize(
    ("asked", "pause"),
    [("7", 7.0), ("Mon, 12 Jan 2026 09:01:00 GMT", 60.0), ("Mon, 12 Jan 2026 08:00:00 GMT", 0.0), ("soon", 0.0),
     ("-5", 0.0), ("999999999", 3600.0), ("9" * 400, 0.0), ("Mon, 99 Jan 2026 09:01:00 GMT", 0.0), ("", 0.0)],
)  # fmt: skip
def test_retry_after_is_honoured_within_bounds(post, serve, asked, pause):
    """Seconds or a date; nonsense is no pause."""
    server = serve(lambda _: Answer(503, headers={"Retry-After": asked}))
    assert post(server.url).pause_s == pause


def test_the_answer_repeats_no_secret_and_moves_no_cursor(post, serve):
    """Servers like to say what was wrong with the request."""
    server = serve(lambda asked: Answer(403, f"no \x1b[2J {asked.path} {asked.headers['x-own']}"))
    answer = post(f"{server.url}/hunter2?sig=hunter3", authorization="yes")
    assert answer.why.message.startswith(f"{server.url}/… answered 403")
    for secret in ("hunter2", "hunter3", "yes", "\x1b"):
        assert secret not in answer.why.message


def test_a_long_answer_is_not_read_to_its_end(post, serve):
    """Only as much as a message needs."""
    server = serve(lambda _: Answer(500, "x" * 3_000_000))
    assert len(post(server.url).why.message) < 300


def test_nobody_there(post):
    """Nothing was sent, so nothing is in doubt."""
    answer = post("http://127.0.0.1:1/x")
    assert (answer.kind, answer.in_doubt) == ("again", False)
    assert answer.why.message == "http://127.0.0.1:1/… cannot be reached (Connection refused)"


def test_an_answer_that_does_not_come_leaves_the_request_in_doubt(post, serve):
    """The connection ends without a word, or nothing is said in time."""
    answer = post(serve(lambda _: Answer(cut=True)).url)
    assert (answer.kind, answer.in_doubt) == ("again", True)
    over = threading.Event()
    server = serve(lambda _: Answer(200) if over.wait(20) else Answer())
    answer = post(server.url, answer_s=0.1)
    over.set()
    assert (answer.kind, answer.in_doubt) == ("again", True)
    assert "did not answer within 0.1 s" in answer.why.message


def test_a_connection_cut_in_the_middle_of_the_answer_still_has_a_status(post):
    """The status line alone says what counts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")

        thread = threading.Thread(target=answer)
        thread.start()
        assert post(f"http://127.0.0.1:{listener.getsockname()[1]}/") is None
        thread.join()


def test_tls_is_verified(post, serve):
    """Against the file of certificates that is named; there is no way around it."""
    server = serve(lambda _: Answer(), tls=True)
    answer = post(server.url)
    assert answer.kind == "stop"
    assert "self-signed certificate" in answer.why.message
    assert "NETAD_WEBHOOK_CA_FILE" in answer.why.message
    assert server.asked == []
    assert post(server.url, trust=Trust(str(TLS / "certificate.pem"))) is None


def test_proxies_of_the_environment_are_not_taken(post, serve, monkeypatch):
    """Events go where the operator said, not through what some variable names."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert post(serve(lambda _: Answer()).url) is None
