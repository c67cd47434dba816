"""What the doctor says of a scan."""

import fcntl
import os

import pytest

from netad.scan.checkup import check_scan, lock_holder


@pytest.fixture
def scan(tmp_path):
    """A function that writes settings and returns the checks of that scan by name."""
    (tmp_path / "in").mkdir()

    def check(**settings):
        given = {"inputs": "in", "state": "state", "model": "model", "outputs": "console", **settings}
        text = "".join(f"{name}: {value}\n" for name, value in given.items() if value is not None)
        (tmp_path / "netad.yaml").write_text(text)
        return {found.what: (found.state, found.told) for found in check_scan(str(tmp_path / "netad.yaml"), {})}

    return check


def test_without_settings_there_is_a_note(tmp_path, monkeypatch):
    """And nothing else to look at."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("netad.scan.settings.PLACES", ("netad.yaml",))
    assert [found.line() for found in check_scan(None, {})] == [
        "note    settings         none for 'netad scan': 'netad init' writes some"
    ]


def test_settings_that_do_not_load_end_it(scan):
    """With what is wrong in them."""
    found = scan(inputs=None)
    assert list(found) == ["settings"]
    assert found["settings"][0] == "FAILED"
    assert "inputs is missing" in found["settings"][1]


def test_each_part_is_looked_at(scan, tmp_path):
    """The model is missing, the input is empty, the state is made by the first scan; nothing is made by looking."""
    found = scan()
    assert found["settings"] == ("ok", str(tmp_path / "netad.yaml"))
    assert found["model"][0] == "FAILED"
    assert found["input"] == ("note", f"{tmp_path / 'in'}: 0 files")
    assert found["scan state"] == ("ok", f"{tmp_path / 'state'}, which is made by the first scan")
    assert not (tmp_path / "state").exists()
    (tmp_path / "in" / "x.pcap").write_bytes(b"x")
    assert scan()["input"] == ("ok", f"{tmp_path / 'in'}: 1 file")
    assert scan(inputs="gone")["input"] == ("FAILED", f"{tmp_path / 'gone'} does not exist")


def test_the_model_that_is_there_is_named(scan, tmp_path, office, run):
    """With what it learnt from."""
    assert run("train", office / "attacked.pcap", "--model", tmp_path / "model")[0] == 0
    state, told = scan()["model"]
    assert (state, told.startswith("model ")) == ("ok", True)
    assert "profiles of 1h" in told


def test_rules_are_loaded(scan, tmp_path):
    """The first problem stands in the line; what is worth a look is a note."""
    rule = "{{id: a, comment: c, created_by: soc, {end}, match: {{source.ip: 10.0.0.1}}}}"
    for name, end in (("good", "permanent: true"), ("old", "expires: 2020-01-01")):
        (tmp_path / f"{name}.yml").write_text(f"rules:\n  - {rule.format(end=end)}\n")
    (tmp_path / "bad.yml").write_text("rules: [{id: a}, {id: b}]\n")
    assert scan(rules="good.yml")["rules"] == ("ok", "1 rule")
    assert scan(rules="old.yml")["rules"] == ("note", "1 rule; 1 thing to look at: netad rules lint")
    state, told = scan(rules="bad.yml")["rules"]
    assert (state, "more: netad rules lint)" in told) == ("FAILED", True)


def test_who_holds_the_lock_is_told(scan, tmp_path):
    """By process and command where the system tells them."""
    (tmp_path / "state").mkdir()
    lock = tmp_path / "state" / "lock"
    lock.write_text("")
    assert lock_holder(lock) is None
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert f"process {os.getpid()} (" in lock_holder(lock)
        state, told = scan()["scan state"]
        assert (state, "is locked by process" in told) == ("note", True)
    assert scan()["scan state"] == ("ok", str(tmp_path / "state"))


def test_a_lock_of_nobody_the_system_knows(tmp_path, monkeypatch):
    """Then it is another process."""
    monkeypatch.setattr("netad.scan.checkup._LOCKS", tmp_path / "none")
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert lock_holder(tmp_path / "lock") == "another process"


def test_a_state_that_cannot_be_kept(scan, tmp_path):
    """A file is in the way."""
    (tmp_path / "state").write_text("")
    assert scan()["scan state"][0] == "FAILED"
