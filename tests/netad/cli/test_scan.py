"""`netad scan` as its users see it."""

import json

import pytest

from tests.netad.scan.conftest import Site, scanned_office  # noqa: F401 - a fixture of the neighbour's


@pytest.fixture
def site(scanned_office, tmp_path):  # noqa: F811
    return Site(tmp_path, scanned_office)


def test_new_files_are_read_once_and_what_was_found_is_said(run, site):
    """The closing lines as ingest has them; a run without news says so in one line."""
    site.add(0, 1, 2, 3, 4)
    code, out, _ = run("scan", site.settings)
    assert code == 0
    assert "Read: 5 files" in out
    assert "out.ndjson" in out
    assert site.lines()
    assert run("scan", site.settings) == (0, "nothing new\n", "")


def test_captures_that_wait_are_counted(run, site):
    """The newest of a set waits for the next, unless it is asked for."""
    site.write(include_current="no")
    site.add(0, 1)
    assert "Read: 1 file " in run("scan", site.settings)[1]
    assert run("scan", site.settings)[1] == "nothing new; 1 capture may still be written to\n"
    assert "Read: 1 file " in run("scan", site.settings, "--include-current")[1]


def test_what_is_wrong_with_inputs_is_told_and_ends_with_3(run, site):
    """A folder that is gone, and a capture that ends in the middle."""
    site.write(inputs="[in, gone]")
    code, _, err = run("scan", site.settings)
    assert (code, "gone: does not exist" in err) == (3, True)


def test_settings_and_models_that_are_missing_end_with_2(run, site):
    """One sentence each; nothing is read."""
    assert run("scan", "nowhere.yaml")[0] == 2
    site.add(0)
    site.write(model="no-model")
    code, _, err = run("scan", site.settings)
    assert (code, "no-model" in err) == (2, True)


def test_metrics_and_the_run_event_tell_of_the_run(run, site):
    """The file for Prometheus, and the event in the store, whose command is scan."""
    site.write(metrics="netad.prom", outputs="'parquet:store'")
    site.add(0)
    assert run("scan", site.settings, "-q") == (0, "", "")
    assert "netad_files_total 1.0" in (site.folder / "netad.prom").read_text()
    _, out, _ = run("history", "parquet:" + str(site.folder / "store"), "--sql", "SELECT event FROM run")
    assert "scan" in out or json.dumps("scan") in out
