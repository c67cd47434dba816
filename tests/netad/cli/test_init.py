import pytest

from netad import __version__
from netad.cli import COMMANDS, main


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
        assert line.count("netad ") <= 1 or line.startswith("Usage") or "|" in line


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
