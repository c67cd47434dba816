"""The files of a beginning: the examples of the documentation are what is written, and everything loads."""

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from netad.rules.ruleset import RuleSet
from netad.scan.settings import load_scan
from netad.starter.texts import RULES, SETTINGS, TIMERS, Starter, files_of
from tests.conftest import ROOT

TODAY = date(2026, 11, 25)
SYSTEM = Starter(
    folder=Path("/etc/netad"),
    inputs=("/var/capture", "/opt/zeek/logs"),
    outputs=("elastic", "parquet:/var/lib/netad/store"),
    model="/var/lib/netad/office",
    state="/var/lib/netad/scan",
    netad="/opt/netad/bin/netad",
    user="netad",
    timer="systemd",
    rules=(),
    metrics="/var/lib/prometheus/node-exporter/netad.prom",
)
EXAMPLES = ROOT / "docs" / "examples"


@pytest.mark.parametrize("name", [SETTINGS, "systemd/netad-scan.service", "systemd/netad-scan.timer"])
def test_the_examples_are_what_is_written(name):
    """One text, in the documentation and in the package."""
    assert files_of(SYSTEM, TODAY)[name.rpartition("/")[2]] == (EXAMPLES / name).read_text()


@pytest.mark.parametrize(
    "odd", ["plain", "with spaces", "*.pcap", "# no comment", "yes", "'quoted'", "a: b", "[1]", "größe", "100%", "-"]
)
def test_every_name_comes_back_from_the_settings(tmp_path, odd):
    """Whatever YAML would make of it unquoted."""
    starter = replace(SYSTEM, folder=tmp_path, inputs=(odd, "x"), model=odd, state=odd, rules=(odd,), metrics=odd,
                      outputs=(f"parquet:{odd}",), inside=("10.0.0.0/8",))  # fmt: skip
    (tmp_path / SETTINGS).write_text(files_of(starter, TODAY)[SETTINGS], encoding="utf-8")
    held = yaml.safe_load((tmp_path / SETTINGS).read_text(encoding="utf-8"))
    assert held["inputs"] == [odd, "x"]
    config = load_scan(tmp_path / SETTINGS, {}, {})
    assert config.inputs == (str(tmp_path / odd), str(tmp_path / "x"))
    assert (config.run.model, config.state) == (str(tmp_path / odd), tmp_path / odd)
    assert config.run.networks.text == ("10.0.0.0/8",)


def test_the_rules_lint_clean(tmp_path):
    """As they are written, and with the example taken in."""
    text = files_of(SYSTEM, TODAY)[RULES]
    (tmp_path / "empty.yml").write_text(text)
    head, _, example = text.partition("rules: []\n")
    (tmp_path / "full.yml").write_text(head + "rules:\n" + "\n".join(line[1:] for line in example.splitlines()))
    now = datetime(2026, 11, 25, tzinfo=UTC)
    for name, count in (("empty.yml", 0), ("full.yml", 1)):
        rules = RuleSet.load([str(tmp_path / name)], now)
        assert (len(rules), rules.warnings) == (count, [])


@pytest.mark.parametrize(("timer", "names"), [
    ("systemd", ["netad-scan.service", "netad-scan.timer"]), ("cron", ["netad.cron"]), ("none", [])])  # fmt: skip
def test_a_timer_is_of_one_kind(timer, names):
    """Beside settings and rules."""
    assert timer in TIMERS
    assert list(files_of(replace(SYSTEM, timer=timer), TODAY)) == [SETTINGS, RULES, *names]


def test_a_unit_may_write_where_the_scan_does():
    """In the folder of relative paths, and where others are; the state folder of the unit is there anyhow."""
    assert SYSTEM.writable() == [Path("/var/lib/prometheus/node-exporter")]
    home = replace(SYSTEM, folder=Path("/home/ana/netad"), state="scan", metrics=None,
                   outputs=("parquet:store", "ndjson:/srv/out/events.ndjson", "elastic:https://x"))  # fmt: skip
    assert home.writable() == [Path("/home/ana/netad"), Path("/srv/out")]
    unit = files_of(home, TODAY)["netad-scan.service"]
    assert "ProtectHome=read-only" in unit
    assert "ReadWritePaths=-/home/ana/netad\n" in unit


def test_paths_are_written_as_cron_and_systemd_read_them():
    """Spaces are quoted, per cent signs are no sign of anything."""
    odd = replace(SYSTEM, folder=Path("/srv/my netad/100%"), netad="/opt/my env/netad")
    line = files_of(replace(odd, timer="cron"), TODAY)["netad.cron"].splitlines()[-1]
    assert line.endswith(r"'/opt/my env/netad' scan --quiet '/srv/my netad/100\%/netad.yaml'")
    unit = files_of(odd, TODAY)["netad-scan.service"]
    assert 'ExecStart="/opt/my env/netad" scan --log-format json "/srv/my netad/100%%/netad.yaml"\n' in unit


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    """`systemd-analyze verify` says nothing."""
    program = tmp_path / "netad"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    texts = files_of(replace(SYSTEM, netad=str(program), user="root"), TODAY)
    for name in ("netad-scan.service", "netad-scan.timer"):
        (tmp_path / name).write_text(texts[name])
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.glob("netad-scan.*"))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
