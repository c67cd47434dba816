"""SQL over a store."""

import builtins

import pytest

from netad.core.errors import ConfigError, MissingExtraError, OutputError
from netad.outputs.store.compaction import Compacted, compact_day
from netad.outputs.store.files import day_folder
from netad.outputs.store.sql import asked
from tests.stored_events import fill, parquet_files


@pytest.fixture
def store(tmp_path, make, events_of_flows):
    """Four anomalies of two days in three files, and flows."""
    fill(tmp_path, make(2))
    return fill(tmp_path, [*make(2, first=2, step_s=86_400 // 3), *events_of_flows])


def answer(store, query, seconds=60.0):
    with asked(store.folder, query, seconds) as found:
        return found.columns, list(found.rows)


def test_views_stand_for_the_kinds(store, make, events_of_flows):
    """With the day as a column, and dotted names in quotes; a kind without events is an empty view."""
    columns, rows = answer(store, "SELECT date, count(*) AS events FROM anomaly GROUP BY date ORDER BY date")
    assert columns == ["date", "events"]
    days = sorted(event["@timestamp"][:10] for event in [*make(2), *make(2, first=2, step_s=86_400 // 3)])
    assert rows == [(day, days.count(day)) for day in sorted(set(days))]
    assert answer(store, "SELECT count(*) FROM flow")[1] == [(len(events_of_flows),)]
    assert answer(store, "SELECT count(*) FROM profile, run")[1] == [(0,)]
    anybody = answer(store, """SELECT max("netad.anomaly.score") FROM anomaly WHERE "source.ip" LIKE '10.%'""")[1]
    assert anybody == [(0.99,)]


def test_only_files_that_count_are_seen(store):
    """After a compaction that was killed before it removed anything, too."""
    folder = day_folder(store.folder, "anomaly", "2026-01-11")
    before = {path: path.read_bytes() for path in parquet_files(folder)}
    compact_day("anomaly", folder, Compacted())
    for path, content in before.items():
        path.write_bytes(content)
    assert answer(store, "SELECT count(*) FROM anomaly")[1] == [(4,)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '{0}/flow/*/*.parquet'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM store",  # a variable of the program that asks
        "SELECT getenv('HOME')",
    ],
)
def test_a_query_reaches_nothing_but_the_views(store, query):
    """No file, no variable."""
    with pytest.raises((ConfigError, OutputError)):
        answer(store, query.format(store.folder))


@pytest.mark.parametrize(
    "query",
    ["COPY anomaly TO 'x.csv'", "ATTACH 'x.db'", "SET memory_limit='9GB'", "DROP VIEW anomaly", "SELECT 1; SELECT 2",
     "", "INSTALL httpfs", "PRAGMA version"],
)  # fmt: skip
def test_one_select_is_taken_and_nothing_else(store, query, tmp_path, monkeypatch):
    """What would write, change a setting or do several things."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="one SELECT"):
        answer(store, query)
    assert not list(tmp_path.glob("x.*"))


@pytest.mark.parametrize("query", ["SELECT nothing FROM anomaly", "SELEC 1"])
def test_a_wrong_query_is_told_in_a_line(store, query):
    """DuckDB's own words, without its pointer into the query."""
    with pytest.raises(ConfigError, match="the query cannot be run") as caught:
        answer(store, query)
    assert "\n" not in str(caught.value)


def test_a_query_has_its_time(store):
    """Then it is interrupted."""
    with pytest.raises(ConfigError, match=r"longer than 0\.2 seconds"):
        answer(store, "SELECT count(*) FROM range(1000000000000) a WHERE a.range % 7 = 3", 0.2)


def test_a_query_has_its_memory(store):
    """It does not spill to disk either."""
    with pytest.raises(ConfigError, match="memory"):
        answer(store, "SELECT list(range || repeat('x', 100)) FROM range(100000000)")


def test_without_duckdb_the_extra_is_named(store, monkeypatch):
    """One sentence says what to install."""
    real = builtins.__import__

    def missing(name, *rest):
        if name == "duckdb":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtraError, match=r"netad\[history\]"):
        answer(store, "SELECT 1")
