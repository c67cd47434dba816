import csv


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
