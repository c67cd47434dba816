from pathlib import Path

import pytest

from netad.core.errors import ConfigError
from netad.outputs.enrich.disguise import Disguise
from netad.outputs.enrich.settings import EnrichConfig, disguise_of, parse_enrich


def test_a_block_gives_files_names_and_what_is_hidden():
    """A file alone or a list; truth in words."""
    block = {"inventory": "hosts.csv", "threat_lists": ["a.txt", "b.txt"], "names": "no", "hide": "mask"}
    assert parse_enrich(block) == EnrichConfig(("hosts.csv",), (), ("a.txt", "b.txt"), False, "mask")


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ("hosts.csv", "enrich is a block of settings"),
        ({"inventry": "x"}, "unknown key 'inventry'; did you mean 'inventory'?"),
        ({"geoip": [{"a": "b"}]}, "geoip is a file, or a list of files"),
        ({"names": "maybe"}, "names: 'maybe' is neither true nor false"),
        ({"hide": "all"}, "hide: 'all' is none of none, anonymize, mask"),
    ],
)
def test_a_wrong_block_is_named(block, sentence):
    """Each mistake in one sentence."""
    with pytest.raises(ConfigError) as raised:
        parse_enrich(block)
    assert sentence in str(raised.value)


def test_flags_go_over_the_file_and_paths_beside_it():
    """What a flag does not give stays; relative paths are those of the file's folder."""
    settings = EnrichConfig(inventory=("a.csv",), geoip=("/srv/b.mmdb",))
    assert settings.over({"geoip": ("c.mmdb",), "inventory": (), "hide": None}).geoip == ("c.mmdb",)
    assert settings.over({"inventory": ()}) == settings
    beside = settings.beside(Path("/etc/netad"))
    assert (beside.inventory, beside.geoip) == (("/etc/netad/a.csv",), ("/srv/b.mmdb",))


def test_nothing_is_hidden_unless_asked(monkeypatch):
    """No key is needed then; to anonymise, there must be one, and it must be one."""
    assert disguise_of(EnrichConfig()) is None
    assert isinstance(disguise_of(EnrichConfig(hide="mask")), Disguise)
    monkeypatch.delenv("NETAD_ANONYMIZE_KEY", raising=False)
    with pytest.raises(ConfigError, match="openssl rand -hex 32 makes one"):
        disguise_of(EnrichConfig(hide="anonymize"))
    monkeypatch.setenv("NETAD_ANONYMIZE_KEY", "secret words")
    with pytest.raises(ConfigError) as raised:
        disguise_of(EnrichConfig(hide="anonymize"))
    assert "64 hexadecimal digits" in str(raised.value)
    assert "secret words" not in str(raised.value)


def test_the_key_may_be_in_a_file(monkeypatch, tmp_path):
    """As secrets of other outputs may."""
    (tmp_path / "key").write_text("ab" * 32 + "\n")
    monkeypatch.delenv("NETAD_ANONYMIZE_KEY", raising=False)
    monkeypatch.setenv("NETAD_ANONYMIZE_KEY_FILE", str(tmp_path / "key"))
    from_file = disguise_of(EnrichConfig(hide="anonymize"))
    monkeypatch.delenv("NETAD_ANONYMIZE_KEY_FILE")
    monkeypatch.setenv("NETAD_ANONYMIZE_KEY", "ab" * 32)
    assert from_file.text("10.0.0.1") == disguise_of(EnrichConfig(hide="anonymize")).text("10.0.0.1")
