"""Faults on the way to a real Elasticsearch: afterwards every event is there exactly once, or in a file that is named.

With NETAD_TEST_FAULTS naming a file, what was counted is written there as the table of docs/elasticsearch.md.
"""

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from netad.core.errors import ExitCode
from netad.outputs.elastic.connection import ElasticConfig, connect
from netad.outputs.sending import RetryPolicy
from tests.delivering import deliver, flow, open_output
from tests.elastic_fixture import free_port, own_node
from tests.elastic_server import TLS, Answer, cutting, serving

pytestmark = pytest.mark.elastic

EVENTS = 400
CHUNK = 50
REFUSED = Answer(403, {"error": {"type": "security_exception", "reason": "unauthorized"}})


@dataclass
class Table:
    """What the faults left behind, row by row."""

    rows: dict[str, list[str]] = field(default_factory=dict)

    def add(self, fault, code, delivery, after):
        """Note a fault: the exit code, where the events were, and how many the cluster holds after a replay."""
        there = delivery.delivered + delivery.duplicates
        counts = (there, delivery.spooled, delivery.dead, int(code), after)
        self.rows[fault] = [fault, *(f"{count:,}" for count in counts)]

    def text(self):
        """The table as Markdown."""
        heads = [
            "fault",
            "in the cluster",
            "in the spool",
            "in dead letters, or lost",
            "exit code",
            "after `netad replay`",
        ]
        lines = [heads, ["---"] * len(heads), *self.rows.values()]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)


@pytest.fixture(scope="module")
def table():
    """The table of all faults of this run."""
    made = Table()
    yield made
    if os.environ.get("NETAD_TEST_FAULTS"):
        Path(os.environ["NETAD_TEST_FAULTS"]).write_text(made.text())


@pytest.fixture
def folders(monkeypatch, tmp_path):
    """Spool and state in the test's folder."""
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def run(folders, namespace):
    """A function that delivers events through a URL in one run, with pauses that take no time."""

    def deliver_all(url, events=None, *, pause=lambda _: None, environment=(), **options):
        config = ElasticConfig.from_target(url, dict(environment))
        retry = RetryPolicy(sleep=pause, chance=lambda: 1.0, clock=lambda: 0.0)
        output = open_output(config, retry=retry, chunk_events=CHUNK, **options)
        events = [flow(namespace, number) for number in range(EVENTS)] if events is None else events
        return deliver(output, events)

    return deliver_all


@pytest.fixture
def replay(folders):
    """A function that does what `netad replay` does."""
    return lambda url, dead=False, environment=(): open_output(
        ElasticConfig.from_target(url, dict(environment))
    ).replay(dead=dead)


@pytest.fixture
def proxy(elastic_url):
    """A function that puts a scripted server in front of the real one."""
    with contextlib.ExitStack() as stack:
        yield lambda script, **options: stack.enter_context(serving(script, elastic_url, **options))


def named(delivery):
    return delivery.delivered + delivery.duplicates + delivery.spooled + delivery.dead


def test_a_storm_of_429(run, proxy, table, elastic_count):
    """Two of three answers say that the queue is full, for requests or for half of their items: all arrive."""
    number = iter(range(10_000))

    def script(asked):
        if asked.call != "_bulk" or (turn := next(number) % 3) == 2:
            return None
        if turn == 0:
            return Answer(429)
        answer = server.pass_on(asked)
        for item in answer.body["items"][::2]:
            item["create"] = {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "full"}}
        return answer

    server = proxy(script)
    code, delivery = run(server.url)
    assert (code, named(delivery), elastic_count("flow")) == (ExitCode.DONE, EVENTS, EVENTS)
    table.add("429 storm: two of three answers", code, delivery, EVENTS)


def test_chunks_that_time_out_after_they_were_accepted(folders, proxy, table, elastic_count, namespace):
    """Every second answer never comes, although the events went in: they are found there, and not sent twice."""
    number, given_up = iter(range(10_000)), threading.Event()

    def script(asked):
        if asked.call != "_bulk" or next(number) % 2:
            return None
        server.pass_on(asked)
        given_up.wait(5)
        return Answer(cut=True)

    server = proxy(script)
    config = ElasticConfig(urls=(server.url,), timeout_s=0.5)
    retry = RetryPolicy(sleep=lambda _: None, clock=lambda: 0.0)
    output = open_output(config, retry=retry, chunk_events=CHUNK * 2)
    code, delivery = deliver(output, [flow(namespace, number) for number in range(EVENTS)])
    given_up.set()
    assert (code, named(delivery), elastic_count("flow")) == (ExitCode.DONE, EVENTS, EVENTS)
    assert delivery.duplicates >= CHUNK * 2
    table.add("50 % of chunks time out after they were accepted", code, delivery, EVENTS)


def test_connections_cut_in_the_middle_of_a_body(run, proxy, table, elastic_count):
    """Answers that break off after half of their body leave no doubt after a look-up."""
    number = iter(range(10_000))

    def script(asked):
        if asked.call != "_bulk" or next(number) % 2:
            return None
        answer = server.pass_on(asked)
        answer.half = True
        return answer

    server = proxy(script)
    code, delivery = run(server.url)
    assert (code, named(delivery), elastic_count("flow")) == (ExitCode.DONE, EVENTS, EVENTS)
    table.add("connection cut in mid-body, every second answer", code, delivery, EVENTS)


def test_connections_cut_in_the_middle_of_a_request(run, elastic_url, table, elastic_count):
    """Of every second request only the first 8,000 bytes reach the server, which may take those events or not."""
    number, cut = iter(range(10_000)), []

    def after():
        cut.append(8_000 if next(number) % 2 == 0 else None)
        return cut[-1]

    with cutting(elastic_url, after) as url:
        code, delivery = run(url)
    assert cut.count(8_000) >= EVENTS // CHUNK
    assert (code, named(delivery), elastic_count("flow")) == (ExitCode.DONE, EVENTS, EVENTS)
    table.add("connection cut in the middle of the request, every second one", code, delivery, EVENTS)


def test_a_server_that_goes_away_and_comes_back_later(run, replay, proxy, table, elastic_count):
    """What was not taken waits in a named file, and a replay brings the counts to exact."""
    left = [3]

    def script(asked):
        left[0] -= asked.call == "_bulk"
        return Answer(cut=True) if left[0] < 0 else None

    server = proxy(script)
    code, delivery = run(server.url)
    assert (code, delivery.delivered, delivery.spooled) == (ExitCode.OUTPUT, 3 * CHUNK, EVENTS - 3 * CHUNK)
    left[0] = 10_000
    assert replay(server.url).drained == delivery.spooled
    assert elastic_count("flow") == EVENTS
    table.add("server gone after 3 chunks, for the whole budget", code, delivery, EVENTS)


@pytest.mark.parametrize(
    ("fault", "certificate", "variables"),
    [
        ("TLS: wrong CA", "certificate.pem", {"CA_FILE": "other.pem"}),
        ("TLS: expired certificate", "expired.pem", {"CA_FILE": "expired.pem"}),
        ("TLS: wrong fingerprint", "certificate.pem", {"FINGERPRINT": "ab" * 32}),
    ],
)
def test_certificates_that_do_not_hold(run, replay, proxy, table, elastic_count, fault, certificate, variables):
    """Nothing is sent to a server that cannot be trusted; once it can, everything arrives."""
    server = proxy(lambda _: None, tls=True, certificate=certificate)
    given = {
        f"NETAD_ELASTIC_{name}": str(TLS / text) if text.endswith(".pem") else text for name, text in variables.items()
    }
    code, delivery = run(server.url, environment=given)
    assert (code, delivery.spooled, server.asked) == (ExitCode.OUTPUT, EVENTS, [])
    pem = (TLS / certificate).read_text()
    mended = {"NETAD_ELASTIC_FINGERPRINT": _fingerprint(pem)}
    assert replay(server.url, environment=mended).drained == EVENTS
    assert elastic_count("flow") == EVENTS
    table.add(fault, code, delivery, EVENTS)


def _fingerprint(pem):
    import hashlib
    import ssl

    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def test_a_key_without_privileges(run, replay, proxy, table, elastic_count):
    """A key that may not write keeps everything; one that may sends it."""
    allowed = []
    server = proxy(lambda asked: None if allowed or asked.call != "_bulk" else REFUSED)
    code, delivery = run(server.url)
    assert (code, delivery.spooled) == (ExitCode.OUTPUT, EVENTS)
    allowed.append(True)
    replay(server.url)
    assert elastic_count("flow") == EVENTS
    table.add("key without privileges", code, delivery, EVENTS)


def test_a_read_only_index(run, replay, elastic_url, namespace, table, elastic_count):
    """An index that takes no writes keeps everything in the spool until it does."""
    stream = f"logs-netad.flow-{namespace}"
    run(elastic_url, [flow(namespace, 0)])
    with contextlib.closing(connect(ElasticConfig.from_target(elastic_url, {}))) as client:
        client.indices.put_settings(index=stream, settings={"index.blocks.write": True})
        code, delivery = run(elastic_url)
        assert (code, delivery.duplicates, delivery.spooled) == (ExitCode.OUTPUT, 1, EVENTS - 1)
        client.indices.put_settings(index=stream, settings={"index.blocks.write": None})
    replay(elastic_url)
    assert elastic_count("flow") == EVENTS
    table.add("read-only index", code, delivery, EVENTS)


def test_a_mapping_conflict_in_one_of_a_hundred(run, replay, elastic_url, namespace, table, elastic_count):
    """Events that do not fit a mapping lie in dead letters; after it was mended a replay with --dead delivers them."""
    with contextlib.closing(connect(ElasticConfig.from_target(elastic_url, {}))) as client:
        run(elastic_url, [])  # puts netad's own templates
        name = f"wrong-{namespace}"
        body = {
            "index_patterns": [f"logs-netad.flow-{namespace}"], "data_stream": {}, "priority": 900,
            "composed_of": ["netad-base", "netad-flow-stream"],
            "template": {"mappings": {"properties": {"netad": {"properties": {"flow": {"properties": {
                "state": {"type": "long"}}}}}}}},
        }  # fmt: skip
        client.indices.put_index_template(name=name, body=body)
        events = [flow(namespace, number) for number in range(EVENTS)]
        for event in events[::100]:
            event["netad"]["flow"]["state"] = "SF"
        code, delivery = run(elastic_url, events)
        bad = EVENTS // 100
        assert (code, delivery.delivered, delivery.dead) == (ExitCode.OUTPUT, EVENTS - bad, bad)
        client.indices.delete_index_template(name=name)
        client.indices.rollover(alias=f"logs-netad.flow-{namespace}")
    assert replay(elastic_url, dead=True).drained == bad
    assert elastic_count("flow") == EVENTS
    table.add("mapping conflict on 1 in 100", code, delivery, EVENTS)


def test_a_full_disk_under_the_spool(run, replay, elastic_url, proxy, namespace, table, elastic_count):
    """When events can be neither sent nor kept the run ends with 5 and says how many; running it again mends it."""
    up = []
    server = proxy(lambda _: None if up else Answer(cut=True))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, before[1]))
    try:
        code, delivery = run(server.url)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == ExitCode.SPOOL
    assert any("could neither be sent nor kept" in problem for problem in delivery.problems)
    up.append(True)
    replay(server.url)
    run(server.url)
    assert elastic_count("flow") == EVENTS
    table.add("disk full on the spool (then the run repeated)", code, delivery, EVENTS)


def test_overlapping_runs_and_a_rollover_between(run, elastic_url, namespace, elastic_count):
    """Runs that share events, before and after a rollover, add what is new and nothing else."""
    events = [flow(namespace, number) for number in range(EVENTS)]
    run(elastic_url, events[:250])
    code, delivery = run(elastic_url, events[150:])
    assert (delivery.delivered, delivery.duplicates) == (150, 100)
    with contextlib.closing(connect(ElasticConfig.from_target(elastic_url, {}))) as client:
        client.indices.rollover(alias=f"logs-netad.flow-{namespace}")
    code, delivery = run(elastic_url, events)
    assert (code, delivery.delivered, delivery.duplicates) == (ExitCode.DONE, 0, EVENTS)
    assert elastic_count("flow") == EVENTS


def _child(url, namespace, first, end):
    command = [sys.executable, "-m", "tests.delivering", url, namespace, str(first), str(end), "100"]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_two_processes_at_once(folders, elastic_url, namespace, elastic_count):
    """Two processes that deliver the same events at the same time add each of them once."""
    children = [_child(elastic_url, namespace, 0, 2000), _child(elastic_url, namespace, 0, 2000)]
    assert [child.communicate() and child.returncode for child in children] == [0, 0]
    assert elastic_count("flow") == 2000


def test_killed_between_chunks(folders, elastic_url, namespace, elastic_count):
    """Killed in the middle of its chunks and started again, a delivery adds each event once."""
    for wait_s in (0.05, 0.2):
        with _child(elastic_url, namespace, 0, 3000) as child:
            child.stdout.readline()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(wait_s)
            child.send_signal(signal.SIGKILL)
            child.wait()
    with _child(elastic_url, namespace, 0, 3000) as child:
        assert child.wait() == 0
    assert elastic_count("flow") == 3000


@pytest.mark.full
def test_a_server_that_is_killed_and_restarted_in_the_middle(run, namespace, tmp_path, table):
    """The server dies by SIGKILL after three chunks and comes back while netad waits: each event is there once."""
    port = free_port()
    with contextlib.ExitStack() as stack:
        url, node = stack.enter_context(own_node(tmp_path, port))
        calls = [0]

        def script(asked):
            calls[0] += asked.call == "_bulk"
            if calls[0] >= 4 and node.poll() is None:
                node.kill()
                node.wait()
            return None if node.poll() is None or back else Answer(cut=True)

        back, starting = [], threading.Lock()

        def pause(_):
            with starting:  # two chunks are on their way, and both wait
                if not back:
                    back.append(stack.enter_context(own_node(tmp_path, port)))

        server = stack.enter_context(serving(script, url))
        code, delivery = run(server.url, pause=pause)
        with contextlib.closing(connect(ElasticConfig.from_target(url, {}))) as client:
            client.indices.refresh(index="logs-netad.*")
            count = client.count(index=f"logs-netad.flow-{namespace}")["count"]
    assert back
    assert (code, named(delivery), count) == (ExitCode.DONE, EVENTS, EVENTS)
    table.add("server killed (SIGKILL) after 3 chunks, restarted in mid-run", code, delivery, count)


@pytest.mark.full
def test_netad_killed_at_twenty_points(netad, samples, elastic_url, namespace, elastic_count):
    """`kill -9` of a whole run at 20 points, then one run to its end: every event is in the cluster exactly once."""
    arguments = ("ingest", samples / "attacked", "--model", samples / "model", "--flows", "all",
                 "--to", f"elastic:{elastic_url}", "--to", "ndjson:events.ndjson")  # fmt: skip
    command = [sys.executable, "-m", "netad", *map(str, arguments)]
    environment = netad.environment | {"NETAD_NAMESPACE": namespace}
    chance = random.Random(20)  # noqa: S311 - points in time, the same in every run
    for _ in range(20):
        process = subprocess.Popen(command, cwd=netad.folder, env=environment, stdout=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.5, 8.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
    netad(*arguments, NETAD_NAMESPACE=namespace)
    lines = (netad.folder / "events.ndjson").read_text().splitlines()
    shipped = {kind: sum(f'"netad.{kind}"' in line for line in lines) for kind in ("anomaly", "flow")}
    assert {kind: elastic_count(kind) for kind in shipped} == shipped


def test_secrets_are_nowhere(netad, folders, namespace):
    """Neither screen, messages, logs, tracebacks, spool nor representations hold a secret, whatever the server says."""
    secrets = {"API_KEY": "key-hunter2", "PASSWORD": "pass-hunter2", "PROXY": "http://me:proxy-hunter2@127.0.0.1:1"}
    repeated = []
    with serving(lambda _: Answer(401, {"error": {"type": "x", "reason": f"bad {repeated[-1]}"}})) as server:
        for name, value in secrets.items():
            given = {f"NETAD_ELASTIC_{name}": value}
            repeated.append(value)
            if name == "PASSWORD":
                given["NETAD_ELASTIC_USERNAME"] = "me"
            config = ElasticConfig.from_target(server.url, given)
            output = open_output(config)
            deliver(output, [flow(namespace, 0)])
            said = [repr(config), repr(output), repr(vars(output))]
            for command in ("replay", "doctor"):
                log = netad.folder / f"{command}-{name}.log"
                to = ("--to", f"elastic:{server.url}", "-vv", "--log-file", log, "--log-format", "json")
                said += netad(command, *to, code=4, NETAD_STATE_DIR=str(folders), **given)
                said.append(log.read_text() if log.exists() else "")
            held = [path.read_bytes().decode("latin-1") for path in folders.rglob("*") if path.is_file()]
            assert "hunter2" not in "\n".join((*said, *held))
    wrong = [sys.executable, "-m", "netad", "replay", "-vv", "--to", "elastic:http://me:pass-hunter2@es.example"]
    done = subprocess.run(wrong, cwd=netad.folder, env=netad.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
