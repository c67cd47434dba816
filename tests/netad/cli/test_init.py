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
