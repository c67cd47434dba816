import csv

import pytest


def test_profiles_are_a_table(run, office, tmp_path):
    """One row a source and window, with every feature."""
    code, _, err = run("profiles", office, "-o", "profiles.csv", "--window", "30m")
    with (tmp_path / "profiles.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert code == 0
    assert f"{len(rows):,} profiles" in err
    assert {"source", "unique_destinations", "failed_share"} <= set(rows[0])
    ends = {(int(row["window_end_ns"]) - int(row["window_start_ns"])) for row in rows}
    assert ends == {30 * 60 * 10**9}


def test_profiles_are_of_other_sources_where_they_are_hidden(run, office, tmp_path, monkeypatch):
    """As many and with the same features; no address is left in the table or in the text."""
    monkeypatch.setenv("NETAD_ANONYMIZE_KEY", "5e" * 32)
    rows = []
    for options in ((), ("--anonymize",)):
        run("profiles", office, "-o", "profiles.csv", "--window", "30m", *options)
        with (tmp_path / "profiles.csv").open() as stream:
            rows.append(list(csv.DictReader(stream)))
    keys = {"source", "source_hi", "source_lo", "window_digest"}
    plain, hidden = ([{name: text for name, text in row.items() if name not in keys} for row in one] for one in rows)
    assert plain == hidden
    addresses = {row["source"] for row in rows[0]}
    assert len(addresses) == len({row["source"] for row in rows[1]})
    assert not addresses & {row["source"] for row in rows[1]}
    _, out, _ = run("profiles", office, "--as-text", "--window", "30m", "--anonymize")
    assert {line.split()[0] for line in out.splitlines()} == {row["source"] for row in rows[1]}


def test_profiles_read_as_text(run, office):
    """A line each: source, start, and levels and names by field; by the input itself, without a model."""
    code, out, _ = run("profiles", office, "--as-text", "--window", "30m")
    lines = out.splitlines()
    assert code == 0
    assert len(lines) > 1
    assert all(" flows " in line and " services " in line for line in lines)
    assert lines == sorted(lines, key=lambda line: line.split()[1])


@pytest.mark.parametrize("options", [(), ("--as-text", "-o", "a.csv"), ("-o", "a.csv", "--model", "m")])
def test_text_and_table_are_one_or_the_other(run, office, options):
    """A target, or text: what makes no sense together is said."""
    code, _, err = run("profiles", office, *options)
    assert code == 2
    assert "--as-text" in err
