"""What takes longer, for `make test-full`: kills in mid-run, and memory over a week of captures."""

import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

pytestmark = pytest.mark.full


def count(url, namespace):
    base = f"{url}/logs-netad.*-{namespace}"
    urllib.request.urlopen(urllib.request.Request(f"{base}/_refresh", method="POST"))
    with urllib.request.urlopen(f"{base}/_count") as answer:
        return json.load(answer)["count"]


@pytest.mark.elastic
def test_kills_lose_nothing_and_double_nothing(netad, samples, elastic_url, namespace):
    """Killed at any point, then run to its end: every event is in the cluster exactly once."""
    arguments = ("ingest", samples / "attacked", "--model", samples / "model", "--flows", "all",
                 "--to", f"elastic:{elastic_url}", "--to", "ndjson:events.ndjson")  # fmt: skip
    command = [sys.executable, "-m", "netad", *map(str, arguments)]
    environment = netad.environment | {"NETAD_NAMESPACE": namespace}
    for tenths in range(10, 60, 5):
        process = subprocess.Popen(command, cwd=netad.folder, env=environment, stdout=subprocess.DEVNULL)
        try:
            process.wait(tenths / 10)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    netad(*arguments, NETAD_NAMESPACE=namespace)
    assert count(elastic_url, namespace) == len((netad.folder / "events.ndjson").read_text().splitlines())


def test_memory_does_not_grow_with_the_capture(netad):
    """Five days of the same office take hardly more memory than one."""
    for day in range(1, 6):
        netad("sample", "--day", day, "-o", "week", "--name", f"day{day}.pcap")

    def peak(*inputs):
        command = [sys.executable, "-m", "netad", "flows", *inputs, "-o", "flows.parquet", "-q"]
        process = subprocess.Popen(command, cwd=netad.folder, env=netad.environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_maxrss

    peak("week/day1.pcap")  # the engine is compiled once
    assert peak("week") <= 1.15 * peak("week/day1.pcap")
