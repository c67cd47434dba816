"""Tests of netad.ingest.compiling."""

import os
import subprocess
import sys

import pytest

from tests.ingest.logs.samples import conn, tsv

CODE = """
import logging, sys
logging.basicConfig(level=logging.INFO, format='%(name)s %(message)s')
from netad.ingest.capture import IngestOptions
from netad.ingest.inputs import find_sources
from netad.ingest.read import read_inputs
from netad.ingest.report import IngestReport
report = IngestReport()
list(read_inputs(find_sources(sys.argv[1:], report), IngestOptions(), report))
"""


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") != "0", reason="nothing is compiled")
def test_the_log_readers_are_announced_once(tmp_path):
    """Where no compiled code is stored yet, the first log says that it compiles; the next run is silent."""
    (tmp_path / "conn.log").write_text(tsv("conn", [conn()]))
    command = [sys.executable, "-c", CODE, str(tmp_path / "conn.log")]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    said = [subprocess.run(command, capture_output=True, text=True, check=True, env=environment) for _ in range(2)]
    assert said[0].stderr == "netad.ingest compiling the log readers, once per machine\n"
    assert said[1].stderr == ""
