def test_flows_go_to_the_named_file(run, office, tmp_path):
    """The suffix says the format; the count is told on stderr."""
    code, out, err = run("flows", office, "-o", "flows.parquet")
    assert (code, out) == (0, "")
    assert "flows of" in err
    assert (tmp_path / "flows.parquet").stat().st_size > 0


def test_quiet_says_nothing(run, office):
    """-q keeps stderr empty."""
    assert run("flows", office, "-o", "flows.csv", "-q") == (0, "", "")


def test_an_unknown_format_is_refused(run, office):
    """A suffix that is no format is a usage error."""
    code, _, err = run("flows", office, "-o", "flows.xlsx")
    assert code == 2
    assert ".parquet, .csv or .ndjson" in err
