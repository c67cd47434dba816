import logging
import os
import subprocess
import sys

import pytest

from netad.core.errors import ConfigError
from netad.rules import limit_memory
from netad.rules.limit_memory import LimitMemory, memory_file

LIMITED = """
rules:
- {id: a, comment: c, created_by: o, permanent: true, match: {source.ip: 10.0.0.1},
   limit: {group_by: source.ip, count: 1, per: 1h}}
"""


@pytest.fixture
def state_dir(tmp_path, monkeypatch):
    """A state folder of the test's own."""
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def judged(rules, now, *minutes, observer="sensor", keep=True):
    """Judge events of these minutes as one run does; return the minutes whose events were hidden."""
    events = [
        {
            "@timestamp": f"2026-05-30T07:{minute:02d}:00Z",
            "event": {"id": f"{minute:02d}"},
            "source": {"ip": "10.0.0.1"},
        }
        for minute in minutes
    ]
    with LimitMemory.of_run(rules, observer, "default") as memory:
        verdicts = rules.judge(events, now, memory.recall()).verdicts
        if keep:
            memory.keep()
    return [minute for minute, verdict in zip(minutes, verdicts, strict=True) if verdict.hidden]


def test_a_second_run_counts_on(state_dir, load, now):
    """The second capture of an hour has its first already; the first capture again decides as it did."""
    rules = load(LIMITED)
    assert judged(rules, now, 20, 30) == [30]
    assert judged(rules, now, 10, 40) == [10, 40]
    assert judged(rules, now, 20, 30) == [30]


def test_observers_count_apart(state_dir, load, now):
    """Each has a file of its own, whatever letters are in its name."""
    rules = load(LIMITED)
    assert judged(rules, now, 20, observer="a/../b") == []
    assert judged(rules, now, 30, observer="other") == []
    assert sorted(path.parent for path in state_dir.rglob("*.json")) == [state_dir / "limits"] * 2


def test_a_run_that_does_not_deliver_leaves_no_trace(state_dir, load, now):
    """What it let pass was never seen by anybody."""
    rules = load(LIMITED)
    assert judged(rules, now, 20, keep=False) == []
    assert judged(rules, now, 30) == []
    assert judged(rules, now, 20) == [20]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"version": 9, "passed": {}}'])
def test_a_damaged_file_is_told_and_begun_anew(state_dir, load, now, caplog, content):
    """And the next run finds a whole one."""
    rules = load(LIMITED)
    judged(rules, now, 20)
    (file,) = state_dir.rglob("*.json")
    file.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert judged(rules, now, 30) == []
    assert f"is forgotten: {file}: " in caplog.text
    assert judged(rules, now, 40) == [40]


def test_a_file_that_is_too_large_is_not_read(state_dir, load, now, caplog, monkeypatch):
    """Whoever filled it, it was not netad."""
    rules = load(LIMITED)
    judged(rules, now, 20)
    monkeypatch.setattr(limit_memory, "MAX_BYTES", 10)
    assert judged(rules, now, 30) == []
    assert "it is larger than" in caplog.text


def test_without_limits_nothing_is_kept(state_dir, load, now):
    """No folder is made, no lock taken."""
    with LimitMemory.of_run(None, "sensor", "default") as memory:
        assert memory.recall().passed == {}
        memory.keep()
    judged(load("rules:\n- {id: a, comment: c, created_by: o, permanent: true, match: {source.ip: 10.0.0.1}}"), now, 20)
    assert not state_dir.exists()


def test_a_folder_that_cannot_be_made_is_told_before_the_run(tmp_path, monkeypatch, load):
    """With what to set."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path / "file"))
    with pytest.raises(ConfigError, match="set NETAD_STATE_DIR"):
        LimitMemory.of_run(load(LIMITED), "sensor", "default")


def test_a_full_disk_is_told(state_dir, load, now, caplog, monkeypatch):
    """The events are delivered by then, so the run goes on to its end."""

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    judged(load(LIMITED), now, 20)
    assert "cannot be written (No space left on device)" in caplog.text


def test_two_processes_take_turns(state_dir, load, now):
    """The second one waits until the first has ended, and finds what it kept."""
    rules = load(LIMITED)
    (state_dir.parent / "r.yml").write_text(LIMITED)
    other = (
        "import sys\n"
        "from netad.rules.limit_memory import LimitMemory\n"
        "from netad.rules.ruleset import RuleSet\n"
        "with LimitMemory.of_run(RuleSet.load([sys.argv[1]]), 'sensor', 'default') as memory:\n"
        "    print('here', flush=True)\n"
        "    print(sorted(memory.recall().passed.values()), flush=True)\n"
    )
    with LimitMemory.of_run(rules, "sensor", "default") as memory:
        state = memory.recall()
        process = subprocess.Popen(
            [sys.executable, "-c", other, str(state_dir.parent / "r.yml")], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "here\n"
        state.passed["000000000000-a"] = ["first"]
        memory.keep()
    assert process.communicate(timeout=60)[0] == "[['first']]\n"


def test_the_name_of_the_file_is_that_of_the_namespace(state_dir):
    """So that a person finds it."""
    assert memory_file("sensor", "office").name.startswith("office-")
