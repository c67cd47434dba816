"""The settings of a scan."""

from pathlib import Path

import pytest

from netad.core.errors import ConfigError
from netad.scan.settings import Budgets, find_settings, load_scan

LEAST = "inputs: captures\nstate: state\nmodel: office\n"


@pytest.fixture
def load(tmp_path):
    def loaded(text, flags=(), environment=()):
        path = tmp_path / "netad.yaml"
        path.write_text(text)
        return load_scan(path, dict(flags), dict(environment))

    return loaded


def test_all_of_it(load, tmp_path):
    """Paths are in the file's folder; keys of every run stand beside those of a scan."""
    config = load(
        LEAST + "outputs: [console, 'ndjson:alerts.ndjson', 'parquet:/data/store', elastic]\n"
        "rules: [rules, builtin:x]\nwindow: 5m\nbudget: 1/500\nsettle: 1m\ninclude_current: yes\nmetrics: netad.prom\n"
        "budgets: {wall_clock: 4m, memory: 2GiB, spool: 100MB}\n"
        "pings: {start: 'https://example.org/a/start', failure: 'https://example.org/a/fail'}\n"
    )
    assert config.inputs == (str(tmp_path / "captures"),)
    assert (config.state, config.metrics) == (tmp_path / "state", tmp_path / "netad.prom")
    assert config.run.model == str(tmp_path / "office")
    assert config.run.rules == (str(tmp_path / "rules"), "builtin:x")
    assert config.run.to == ("console", f"ndjson:{tmp_path}/alerts.ndjson", "parquet:/data/store", "elastic")
    assert (config.run.window, config.run.budget, config.run.spool_limit) == ("5m", 0.002, "100MB")
    assert config.budgets == Budgets(240.0, 2 << 30)
    assert (config.settle_ns, config.include_current) == (60 * 10**9, True)
    assert (config.pings.start, config.pings.success) == ("https://example.org/a/start", None)


def test_files_of_enrichment_are_beside_the_settings(load, tmp_path):
    """A timer starts netad anywhere."""
    config = load(LEAST + "enrich: {inventory: hosts.csv, geoip: [/srv/City.mmdb]}\n")
    assert config.run.enrich.inventory == (f"{tmp_path}/hosts.csv",)
    assert config.run.enrich.geoip == ("/srv/City.mmdb",)


def test_flags_and_environment_say_more(load):
    """Over the file stand NETAD_ variables, over these flags."""
    config = load(LEAST + "budget: 0.1\nseed: 1\n", {"seed": 3}, {"NETAD_BUDGET": "0.2", "NETAD_SEED": "2"})
    assert (config.run.budget, config.run.seed) == (0.2, 3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("state: s\nmodel: m\n", "inputs is missing"),
        ("inputs: a\nmodel: m\n", "state is missing"),
        ("inputs: a\nstate: s\n", "model is missing: a scan judges by a model"),
        (LEAST + "window: capture\n", "never knows where the capture ends"),
        (LEAST + "outputs: console\nto: elastic\n", "are the same"),
        (LEAST + "modell: m\n", "unknown key 'modell'; did you mean 'model'"),
        (LEAST + "budgets: {time: 4m}\n", "netad.yaml:4:10: budgets: unknown key 'time'"),
        (LEAST + "budgets: 4m\n", "a mapping of wall_clock, memory, spool"),
        (LEAST + "budgets: {wall_clock: soon}\n", "'soon' is not a duration"),
        (LEAST + "pings: {start: example.org}\n", "http://"),
        (LEAST + "include_current: maybe\n", "neither true nor false"),
        ("inputs: []\nstate: [1]\nmodel: m\n", "at least one is needed\n"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(load, text, sentence):
    """One line for each, exit code 2."""
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert sentence in f"{caught.value}\n"
    assert caught.value.exit_code == 2


def test_the_file_is_looked_for_where_it_may_be(tmp_path, monkeypatch):
    """Named, by the environment, in this folder; else a sentence says where one could be."""
    monkeypatch.chdir(tmp_path)
    assert find_settings("x.yaml", {"NETAD_CONFIG": "y.yaml"}) == Path("x.yaml")
    assert find_settings(None, {"NETAD_CONFIG": "y.yaml"}) == Path("y.yaml")
    monkeypatch.setattr("netad.scan.settings.PLACES", ("netad.yaml",))
    with pytest.raises(ConfigError, match=r"netad\.yaml"):
        find_settings(None, {})
    (tmp_path / "netad.yaml").touch()
    assert find_settings(None, {}) == Path("netad.yaml")
