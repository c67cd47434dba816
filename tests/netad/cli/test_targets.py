"""Outputs by name, with the limits that the settings give them."""

import pytest

from netad.cli.targets import name_of, open_output
from netad.config import load_config
from netad.core.errors import ConfigError


def test_an_output_gets_its_place(tmp_path):
    """What follows the name is where it goes; the console goes nowhere else."""
    config = load_config(None, {}, {})
    assert open_output(f"parquet:{tmp_path}", config).name == "parquet"
    with pytest.raises(ConfigError, match="the console takes no place"):
        open_output("console:x", config)


def test_limits_come_from_the_settings(monkeypatch, tmp_path):
    """A spool may take what `spool_limit` says: here nothing fits, and the run ends with 5 at the first event."""
    monkeypatch.setenv("NETAD_SPOOL_DIR", str(tmp_path))
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path))
    config = load_config(None, {"spool_limit": "7b", "delivery_budget": "2s"}, {})
    output = open_output("elastic:http://127.0.0.1:1", config)
    limits = output._undelivered.spool.folder_bytes, output._patience.policy.budget_s
    assert limits == (7, 2.0)


def test_what_was_typed_names_an_output_unless_it_may_hold_a_secret(monkeypatch, tmp_path):
    """The path of a web hook's URL is one."""
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path))
    config = load_config(None, {}, {})
    names = [
        name_of(target, open_output(target, config))
        for target in (
            f"parquet:{tmp_path}",
            "syslog:udp://127.0.0.1?format=json",
            "webhook:https://hooks.example/hunter2",
        )
    ]
    assert names[:2] == [f"parquet:{tmp_path}", "syslog:udp://127.0.0.1:514"]
    assert names[2].startswith("webhook:https://hooks.example/…#")
