import io
import re
import shlex

import pytest

from netad import __version__
from netad.cli import COMMANDS, main
from netad.scan.settings import load_scan


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    captured = capsys.readouterr()
    return caught.value.code, captured.out, captured.err


def test_help_lists_every_command(capsys):
    """The group's help names all commands and exits with 0."""
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(capsys, name):
    """Each command explains itself."""
    code, out, _ = run(capsys, name, "--help")
    assert code == 0
    assert len(out.splitlines()) > 3


def test_version(capsys):
    """--version prints the package's version."""
    assert run(capsys, "--version")[1].strip() == f"netad, version {__version__}"


def test_a_mistyped_command_is_answered_with_the_nearest(capsys):
    """Usage errors end with 2 and help on."""
    code, _, err = run(capsys, "ingset")
    assert code == 2
    assert "Did you mean 'ingest'?" in err


def test_an_expected_error_is_one_sentence(capsys, tmp_path):
    """No traceback, the sentence, the exit code of the error."""
    code, _, err = run(capsys, "ingest", str(tmp_path / "missing.pcap"))
    assert code == 3
    assert err.startswith("netad: ")
    assert "missing.pcap" in err
    assert len(err.strip().splitlines()) == 1


def test_vv_shows_the_traceback(capsys, tmp_path):
    """-vv adds where it happened."""
    _, _, err = run(capsys, "ingest", "-vv", str(tmp_path / "missing.pcap"))
    assert "Traceback" in err


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_keep_their_lines(capsys, name):
    """Click would join the lines of examples into a paragraph, were they not marked."""
    _, out, _ = run(capsys, name, "--help")
    assert "\\b" not in out
    for line in out.splitlines():
        commands = re.findall(r"(?<![\w/])netad [a-z]", line)
        assert len(commands) <= 1 or line.startswith("Usage") or "|" in line


def test_sigterm_ends_a_run_like_an_interrupt(capsys, monkeypatch, tmp_path):
    """What systemd and docker send closes outputs and removes temporary files, and gives 130."""
    import os
    import signal

    from netad import pipeline

    def terminated(_config):
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(pipeline, "origin_of", terminated)
    (tmp_path / "a.ndjson").write_text("kept")
    code, _, err = run(capsys, "ingest", str(tmp_path), "--to", f"ndjson:{tmp_path}/a.ndjson")
    assert code == 130
    assert err.strip() == "netad: interrupted"
    assert [path.name for path in tmp_path.iterdir()] == ["a.ndjson"]
    assert (tmp_path / "a.ndjson").read_text() == "kept"
    assert signal.getsignal(signal.SIGTERM) is before


def test_debug_settings_show_the_traceback_too(capsys, monkeypatch, tmp_path):
    """`verbose: 2` in a variable or a file is -vv."""
    monkeypatch.setenv("NETAD_VERBOSE", "2")
    _, _, err = run(capsys, "ingest", str(tmp_path / "missing.pcap"))
    assert "Traceback" in err


# `netad init`


def begin(capsys, folder, *arguments):
    return run(capsys, "init", str(folder), "--timer", "none", "--yes", *arguments)


def test_what_is_written_is_what_a_scan_runs_by(capsys, tmp_path, office, monkeypatch):
    """The three commands that are named work, one after the other."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path / "user"))
    code, out, _ = begin(capsys, tmp_path / "conf", "--inputs", str(office / "attacked.pcap"), "--outputs", "console")
    assert code == 0
    commands = [shlex.split(line.partition("   #")[0]) for line in out.partition("next:\n")[2].splitlines()]
    assert [command[:2] for command in commands] == [["netad", "train"], ["netad", "scan"], ["netad", "rules"]]
    for _, *arguments in commands:
        code, out, err = run(capsys, *arguments)
        assert code == 0, err
    assert (tmp_path / "conf" / "scan").is_dir()


def test_what_is_there_stays_unless_forced(capsys, tmp_path):
    """Nothing at all is written then."""
    (tmp_path / "rules.yml").write_text("mine")
    code, _, err = begin(capsys, tmp_path, "--inputs", "x")
    assert (code, err) == (2, f"netad: {tmp_path} has rules.yml already: --force writes over what is there\n")
    assert [path.name for path in tmp_path.iterdir()] == ["rules.yml"]
    assert begin(capsys, tmp_path, "--inputs", "x", "--force")[0] == 0
    assert "Suppression rules" in (tmp_path / "rules.yml").read_text()


def test_settings_that_would_not_load_are_not_written(capsys, tmp_path):
    """The sentence names the file that was asked for."""
    code, _, err = begin(capsys, tmp_path, "--inputs", "x", "--outputs", "pigeon")
    assert (code, "pigeon" in err) == (2, True)
    code, _, err = begin(capsys, tmp_path, "--inputs", "x", "--inside", "office")
    assert (code, "office" in err, ".part" in err) == (2, True, False)
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_nobody_is_asked(capsys, tmp_path, monkeypatch):
    """Then flags say what to read."""
    monkeypatch.setattr("netad.cli.init.USUAL_INPUTS", ())
    monkeypatch.setattr("sys.stdin", io.StringIO())
    code, _, err = run(capsys, "init", str(tmp_path))
    assert (code, err) == (2, "netad: say with --inputs where captures or logs are\n")


def test_a_terminal_is_asked_for_what_no_flag_says(capsys, tmp_path, monkeypatch):
    """Each question has a proposal; paths are taken from where the command was given."""
    terminal = io.StringIO("logs '/srv/my captures'\n\nsystemd\n")
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdin", terminal)
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, "init", "conf", "--user", "ana", "--model", "office")
    assert (code, out.count("]:")) == (0, 3)
    held = load_scan(tmp_path / "conf" / "netad.yaml", {}, {})
    assert held.inputs == (str(tmp_path / "logs"), "/srv/my captures")
    assert held.run.to == (f"parquet:{tmp_path}/conf/store",)
    assert held.run.model == str(tmp_path / "office")
    assert "User=ana\n" in (tmp_path / "conf" / "netad-scan.service").read_text()
