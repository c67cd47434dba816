import json

import pytest
from click.testing import CliRunner

from netad.cli.sample import command
from netad.core.errors import ConfigError
from netad.sample.attacks import ATTACKS


def invoke(*arguments):
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_a_normal_day_is_written(tmp_path):
    """The command says where the files are, how much they hold and that there is no attack."""
    result = invoke("-o", str(tmp_path), "--hours", "0.1")
    assert result.exit_code == 0
    assert f"{tmp_path}/normal.pcap: " in result.output
    assert "2026-03-02T08:00:00.000Z to 2026-03-02T08:06:00.000Z" in result.output
    assert "no attacks" in result.output
    assert (tmp_path / "normal.labels.json").is_file()


def test_attacks_are_named_with_their_source(tmp_path):
    """Each attack has its line, and the capture the name asked for."""
    result = invoke("-o", str(tmp_path), "--hours", "0.5", "--day", "2", "--attack", "scan", "--name", "bad.pcap")
    labels = json.loads((tmp_path / "bad.labels.json").read_text())
    assert f"scan (T1046) from {labels['attacks'][0]['source']}" in result.output
    assert (labels["day"], labels["capture"]) == (2, "bad.pcap")


def test_all_means_every_attack(tmp_path):
    """`--attack all` stands for the whole list."""
    invoke("-o", str(tmp_path), "--hours", "0.5", "--attack", "all")
    labels = json.loads((tmp_path / "attacked.labels.json").read_text())
    assert [attack["name"] for attack in labels["attacks"]] == list(ATTACKS)


def test_the_help_lists_the_attacks():
    """Every name that `--attack` takes is in the help."""
    result = invoke("--help")
    assert all(name in result.output for name in (*ATTACKS, "all"))


def test_unknown_attacks_are_refused(tmp_path):
    """The error names what there is."""
    with pytest.raises(ConfigError, match="unknown attack 'worm'"):
        invoke("-o", str(tmp_path), "--attack", "worm")
