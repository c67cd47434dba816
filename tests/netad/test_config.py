import re
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from netad.config import STRICT_CHOICES, Config, load_config, parse_budget
from netad.core.errors import ConfigError
from netad.ingest.checksums import Strict


def write(tmp_path, text):
    path = tmp_path / "netad.yml"
    path.write_text(text)
    return str(path)


def test_without_anything_the_defaults_hold():
    """No file, no variables, no flags: the built-in settings."""
    config = load_config(None, {}, {})
    assert config == Config()
    assert config.window_ns == 3600 * 10**9
    assert "10.0.0.0/8" in config.networks.text


def test_flags_win_over_variables_and_these_over_the_file(tmp_path):
    """The order of precedence is file, environment, flags."""
    file = write(tmp_path, "window: 5m\nseed: 1\nnamespace: file\nto: [console, parquet]\n")
    config = load_config(file, {"window": "1m", "to": ()}, {"NETAD_SEED": "2", "NETAD_WINDOW": "2m"})
    assert (config.window, config.seed, config.namespace) == ("1m", 2, "file")
    assert config.to == ("console", "parquet")


def test_yes_and_no(tmp_path):
    """A setting that is true or false is taken from the file, a variable or a flag."""
    assert load_config(None, {}, {}).decap
    assert not load_config(write(tmp_path, "decap: false\n"), {}, {}).decap
    assert not load_config(None, {}, {"NETAD_DECAP": "no"}).decap
    assert not load_config(None, {"decap": False}, {"NETAD_DECAP": "yes"}).decap


def test_strictness_is_one_of_three(tmp_path):
    """What is asked of packets: the names of the engine's degrees, none by default."""
    assert load_config(None, {}, {}).strict == "none"
    assert load_config(write(tmp_path, "strict: lengths\n"), {}, {"NETAD_STRICT": "checksums"}).strict == "checksums"
    assert tuple(degree.name.lower() for degree in Strict) == STRICT_CHOICES
    with pytest.raises(ConfigError):
        load_config(None, {"strict": "very"}, {})


def test_the_file_may_be_named_by_a_variable(tmp_path):
    """NETAD_CONFIG stands for --config."""
    assert load_config(None, {}, {"NETAD_CONFIG": write(tmp_path, "seed: 3\n")}).seed == 3


def test_limits_of_delivery(tmp_path):
    """How long to try again, and how much may wait on disk, with their units."""
    config = load_config(write(tmp_path, "delivery_budget: 90s\nspool_limit: 2GB\n"), {}, {})
    assert (config.delivery_budget_s, config.spool_bytes) == (90.0, 2 * 10**9)
    with pytest.raises(ConfigError, match="NETAD_SPOOL_LIMIT: 'much' is not a size"):
        load_config(None, {}, {"NETAD_SPOOL_LIMIT": "much"})


def test_lists_and_labels_from_variables():
    """Variables hold lists with commas and labels as name=value."""
    config = load_config(None, {}, {"NETAD_INSIDE": "10.1.0.0/16, 10.2.0.0/16", "NETAD_LABELS": "site=hq,rack=4"})
    assert config.inside == ("10.1.0.0/16", "10.2.0.0/16")
    assert config.labels == {"site": "hq", "rack": "4"}


def test_an_unknown_key_is_named_with_its_line(tmp_path):
    """A typing error in the file is an error with file, line and column and the nearest key."""
    file = write(tmp_path, "seed: 1\nwindwo: 5m\n")
    with pytest.raises(ConfigError, match=r"netad\.yml:2:1: unknown key 'windwo'; did you mean 'window'\?"):
        load_config(file, {}, {})


def test_a_wrong_value_is_named_with_its_line(tmp_path):
    """A value of the wrong kind says which key, where, and what was found."""
    with pytest.raises(ConfigError, match=r"netad\.yml:1:7: seed: 'many' is not a whole number"):
        load_config(write(tmp_path, "seed: many\n"), {}, {})


def test_an_unknown_variable_is_an_error():
    """A NETAD_ variable that means nothing is a typing error too; connections and secrets are not settings."""
    with pytest.raises(ConfigError, match="unknown environment variable NETAD_WINDWO; did you mean 'NETAD_WINDOW'"):
        load_config(None, {}, {"NETAD_WINDWO": "5m"})
    others = {"NETAD_ELASTIC_API_KEY": "x", "NETAD_KIBANA_API_KEY": "x", "NETAD_CORPUS": "/"}
    assert load_config(None, {}, others) == Config()


@pytest.mark.parametrize(("text", "sentence"), [
    ("flows: some", "flows: 'some' is none of none, anomalous, all"),
    ("namespace: A-b", "namespace"),
    ("kibana_url: ftp://kibana.example", "is not the URL of a Kibana"),
    ("kibana_space: SOC", "is no id of a space"),
    ("window: soon", "is not a duration"),
    ("window: 10ms", "at least 1s"),
    ("inside: [nowhere]", "is not a network"),
    ("inside: []", "at least one network"),
    ("since: 2026-02-01\nuntil: 2026-01-01", "since must be before until"),
    ("budget: 2", "is not a budget"),
    ("quiet: perhaps", "neither true nor false"),
    ("labels: [a]", "labels are names with values"),
    ("max_flows: 0", "max_flows: 0 is too few"),
    ("max_ratio: 0", "max_ratio: 0 is too few"),
    ("detectors: []", "at least one"),
    ("- a\n- b", "mapping"),
    ("seed: [1", "netad.yml"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(tmp_path, text, sentence):
    """Every wrong setting is one sentence with exit code 2."""
    with pytest.raises(ConfigError, match=sentence) as caught:
        load_config(write(tmp_path, text + "\n"), {}, {})
    assert caught.value.exit_code == 2


def test_a_missing_file_is_a_sentence(tmp_path):
    """A configuration file that is not there is named."""
    with pytest.raises(ConfigError, match=r"nowhere\.yml"):
        load_config(str(tmp_path / "nowhere.yml"), {}, {})


@pytest.mark.parametrize(("text", "share"), [("1/1000", 0.001), ("0.01", 0.01), (0.5, 0.5)])
def test_budgets_are_shares(text, share):
    """A budget is a fraction or a number."""
    assert parse_budget(text) == share


@pytest.mark.parametrize(("flags", "environment", "sentence"), [
    ({"window": "soon"}, {}, r"^--window: 'soon' is not a duration"),
    ({"detectors": ("",)}, {}, "^--model-type: '' is not a text"),
    ({"until": "9999-12-31"}, {}, "^--until: '9999-12-31' is further away"),
    ({"budget": "5"}, {}, "^--budget: '5' is not a budget"),
    ({}, {"NETAD_WINDOW": "soon"}, "^NETAD_WINDOW: 'soon' is not a duration"),
    ({}, {"NETAD_INSIDE": ""}, "^NETAD_INSIDE: at least one network"),
])  # fmt: skip
def test_wherever_a_value_comes_from_it_is_checked_and_named(flags, environment, sentence):
    """Flags and variables pass the same checks as the file, and the sentence says which of them it was."""
    with pytest.raises(ConfigError, match=sentence):
        load_config(None, flags, environment)


def test_a_value_that_makes_no_sense_has_its_line(tmp_path):
    """Not only the wrong kind: also a value that no run could use is told with file, line and column."""
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, "seed: 1\nflows: some\nwindow: 10ms\n"), {}, {})
    lines = caught.value.message.splitlines()
    assert [line.partition("netad.yml:")[2] for line in lines] == [
        "2:8: flows: 'some' is none of none, anomalous, all", "3:9: window: a window lasts at least 1s",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["Nowhere/Atlantis", "../etc/passwd", "America", "/etc/localtime"])
def test_a_time_zone_that_is_none_is_refused(name):
    """Names of places only, also where a folder or a file has that name."""
    with pytest.raises(ConfigError, match=f"NETAD_TIME_ZONE: {re.escape(repr(name))} is not a time zone"):
        load_config(None, {}, {"NETAD_TIME_ZONE": name})


def test_time_zone_and_peer_networks():
    """UTC without a word; networks with commas, of which there may be none."""
    assert load_config(None, {}, {}).zone is UTC
    config = load_config(
        None, {}, {"NETAD_TIME_ZONE": "Europe/Berlin", "NETAD_PEER_NETWORKS": "10.1.0.0/16,10.2.0.0/16"}
    )
    assert config.zone == ZoneInfo("Europe/Berlin")
    assert config.peer_networks == ("10.1.0.0/16", "10.2.0.0/16")
    assert load_config(None, {}, {"NETAD_PEER_NETWORKS": ""}).peer_networks == ()
    with pytest.raises(ConfigError, match="NETAD_PEER_NETWORKS"):
        load_config(None, {}, {"NETAD_PEER_NETWORKS": "office"})


def test_enrichment_is_a_block_that_flags_go_over(tmp_path):
    """Files of the block stay where no flag gives others; what is wrong in it has its line."""
    (tmp_path / "netad.yaml").write_text("enrich:\n  inventory: [a.csv]\n  threat_lists: [b.txt]\n")
    config = load_config(str(tmp_path / "netad.yaml"), {"enrich_threat_lists": ("c.txt",), "enrich_hide": "mask"}, {})
    assert (config.enrich.inventory, config.enrich.threat_lists, config.enrich.hide) == (("a.csv",), ("c.txt",), "mask")
    (tmp_path / "netad.yaml").write_text("enrich:\n  geoips: [a.mmdb]\n")
    with pytest.raises(ConfigError, match=r"netad.yaml:2:3: enrich: unknown key 'geoips'; did you mean 'geoip'\?"):
        load_config(str(tmp_path / "netad.yaml"), {}, {})


def test_the_key_to_anonymise_by_is_no_setting():
    """It is read where it is needed, and by nobody else."""
    assert load_config(None, {}, {"NETAD_ANONYMIZE_KEY": "5e" * 32}) == Config()
