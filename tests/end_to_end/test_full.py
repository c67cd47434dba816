"""What takes longer, for `make test-full`: memory over a week of captures. Kills are in test_delivery.py."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.full


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
