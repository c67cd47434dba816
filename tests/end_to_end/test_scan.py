"""Scans over a folder of captures, run as processes, killed and started again: the same documents, each once."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from netad.sample.capture import sample_packets, write_sample
from netad.sample.wire import write_pcap
from tests.end_to_end.conftest import Netad

# Fields that are not made of what was read.
OWN = ("created", "ingested")
FILES = 50


class Site:
    """A model of a normal day, and the captures of another day in 50 files."""

    def __init__(self, folder):
        self.netad = Netad(folder)
        self.captures, self.model = folder / "in", folder / "office"
        write_sample(folder / "normal", seed=11, day=1, hours=3)
        self.netad("train", "normal", "--model", "office", "-q")
        packets, _ = sample_packets(seed=11, day=2, hours=4, attacks=("scan", "dga"))
        self.captures.mkdir()
        size = -(-len(packets) // FILES)
        for number in range(FILES):
            write_pcap(self.captures / f"cut-{number:03d}.pcap", packets[number * size : (number + 1) * size])

    def scan(self, folder, inputs=None, outputs='["ndjson:out.ndjson"]'):
        """Return a command line in a folder with settings to scan by."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "netad.yaml").write_text(
            f"inputs: {inputs or self.captures}\nstate: state\nmodel: {self.model}\noutputs: {outputs}\n"
            "flows: anomalous\ninclude_current: yes\nsettle: 1ns\n"
        )
        return Netad(folder)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    return Site(tmp_path_factory.mktemp("site"))


def documents(path):
    """Return the documents of a file of JSON lines by id, without what differs from run to run; no id is twice."""
    found = {}
    for line in path.read_text().splitlines():
        event = json.loads(line)
        event["event"] = {name: value for name, value in event["event"].items() if name not in OWN}
        event["netad"].pop("run")
        for name in ("agent", "log"):
            event.pop(name, None)
        assert event["event"]["id"] not in found
        found[event["event"]["id"]] = event
    return found


def alerts(found):
    return {name: event for name, event in found.items() if event["event"]["kind"] == "alert"}


@pytest.fixture(scope="session")
def undisturbed(site, tmp_path_factory):
    """The documents of one run over everything, which ends what is open."""
    netad = site.scan(tmp_path_factory.mktemp("undisturbed"))
    netad("scan", "--finish", "-q")
    found = documents(netad.folder / "out.ndjson")
    assert len({event["source"]["ip"] for event in alerts(found).values()}) > 1
    return found


def test_a_scan_finds_what_ingest_finds(site, undisturbed, tmp_path):
    """The same documents as one run of ingest over the same files, field by field."""
    target = tmp_path / "ingest.ndjson"
    site.netad("ingest", site.captures, "--model", site.model, "--to", f"ndjson:{target}", "-q")
    found = documents(target)
    assert alerts(found) == alerts(undisturbed)
    assert found.keys() == undisturbed.keys()


def test_runs_that_read_a_few_files_each_find_the_same(site, undisturbed, tmp_path):
    """Files that come in, and are renamed between runs, make no difference; a run without news says so."""
    inputs = tmp_path / "in"
    netad = site.scan(tmp_path / "scan", inputs)
    inputs.mkdir()
    for number, path in enumerate(sorted(site.captures.iterdir())):
        shutil.copy(path, inputs / path.name)
        if number % 17 == 0:
            netad("scan", "-q")
        if number % 5 == 0:
            (inputs / path.name).rename(inputs / f"done-{path.name}")
    netad("scan", "-q", "--finish")
    assert netad("scan")[0] == "nothing new\n"
    assert documents(netad.folder / "out.ndjson") == undisturbed


def kill_and_go_on(netad, kills, chance):
    """Scan with processes that are killed at random points, then once to the end; return how many were killed."""
    killed, whole_s = 0, 8.0
    arguments = [sys.executable, "-m", "netad", "scan", "-q"]
    for _ in range(kills):
        began = time.monotonic()
        scan = subprocess.Popen(arguments, cwd=netad.folder, env=netad.environment)
        try:
            assert scan.wait(chance.uniform(0.3, whole_s)) == 0
            whole_s = min(whole_s, time.monotonic() - began)
            # It came to its end: from the beginning once more, of which nothing must show in the documents.
            shutil.rmtree(netad.folder / "state")
        except subprocess.TimeoutExpired:
            os.kill(scan.pid, signal.SIGKILL)
            scan.wait()
            killed += 1
    netad("scan", "-q", "--finish")
    return killed


def test_killed_scans_lose_nothing_and_double_nothing(site, undisturbed, tmp_path):
    """SIGKILL at a few random points over a scan of 50 files."""
    netad = site.scan(tmp_path / "scan")
    assert kill_and_go_on(netad, 8, random.Random(2)) > 2  # noqa: S311
    assert documents(netad.folder / "out.ndjson") == undisturbed


@pytest.mark.elastic
def test_killed_scans_are_in_elasticsearch_once(site, undisturbed, tmp_path, elastic_url, namespace, elastic_count):
    """The same with a real Elasticsearch behind it."""
    netad = site.scan(tmp_path / "scan", outputs=f'["elastic:{elastic_url}"]')
    netad.environment["NETAD_NAMESPACE"] = namespace
    kill_and_go_on(netad, 4, random.Random(3))  # noqa: S311
    flows = len(undisturbed) - len(alerts(undisturbed))
    assert (elastic_count("anomaly"), elastic_count("flow")) == (len(alerts(undisturbed)), flows)


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_two_hundred_kills(site, undisturbed, tmp_path):
    """The same at 200 points, 20 to a scan."""
    killed = 0
    for number in range(1000):
        if killed >= 200:
            break
        netad = site.scan(tmp_path / f"scan-{number}")
        killed += kill_and_go_on(netad, 20, random.Random(number))  # noqa: S311
        assert documents(netad.folder / "out.ndjson") == undisturbed
    assert killed >= 200


def test_told_to_end_it_keeps_what_it_has_done(site, undisturbed, tmp_path):
    """SIGTERM finishes the step at hand; the next run goes on."""
    netad = site.scan(tmp_path / "scan")
    scan = subprocess.Popen([sys.executable, "-m", "netad", "scan"], cwd=netad.folder, env=netad.environment,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    state = netad.folder / "state" / "files.state"
    deadline = time.monotonic() + 60
    while not state.exists() and scan.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    scan.send_signal(signal.SIGTERM)
    out, err = scan.communicate()
    assert scan.returncode == 130, err
    assert b"told to end" in err
    assert b"left for the next run" in out
    netad("scan", "-q", "--finish")
    assert documents(netad.folder / "out.ndjson") == undisturbed


def test_a_damaged_state_is_thrown_away_and_adds_nothing(site, undisturbed, tmp_path):
    """Reading everything again finds the same ids."""
    netad = site.scan(tmp_path / "scan")
    netad("scan", "-q", "--finish")
    stream = next((netad.folder / "state").glob("stream-*.state"))
    stream.write_bytes(stream.read_bytes()[:-100])
    (site_copy := tmp_path / "more").mkdir()
    shutil.copy(next(site.captures.iterdir()), site_copy / "copy.pcap")
    _, err = netad("scan", "--finish")
    assert "thrown away" in err
    assert documents(netad.folder / "out.ndjson") == undisturbed


def test_another_scan_at_work_ends_this_one_at_once(site, tmp_path):
    """Exit code 11; two configurations on one state are told apart; and a model is needed."""
    netad = site.scan(tmp_path / "scan", tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys; from pathlib import Path; from netad.scan.state import StateFolder\n"
         "with StateFolder(Path('state')).locked(wait=False): print('held', flush=True); sys.stdin.read()"],
        cwd=netad.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout.readline() == b"held\n"
    _, err = netad("scan", code=11)
    assert "another scan is at work" in err
    holder.communicate(b"")
    netad("scan")
    (netad.folder / "other.yaml").write_text(f"inputs: elsewhere\nstate: state\nmodel: {site.model}\n")
    _, err = netad("scan", "other.yaml", code=2)
    assert "give each configuration a folder of its own" in err
    (netad.folder / "netad.yaml").write_text(f"inputs: {tmp_path}\nstate: state\nmodel: {site.model}\nlateness: 1m\n")
    _, err = netad("scan", code=2)
    assert "kept with lateness 10m, not 1m" in err
