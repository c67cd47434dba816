"""What a store knows of sources."""

from dataclasses import replace

import pytest

from netad.core.errors import ConfigError
from netad.core.timing import parse_time
from netad.detectors.anomaly import Severity
from netad.outputs.store.history import Asked, newest, summarise, windows
from netad.outputs.verdicts import Verdict, mark
from tests.stored_events import fill


@pytest.fixture
def store(tmp_path, anomaly_events, events_of_profiles):
    """Anomalies of three sources, two windows of the first, and the profiles of others."""
    return fill(tmp_path, [*anomaly_events, *events_of_profiles])


def sources(store, **asked):
    return [one.source for one in summarise(store, Asked(**asked))]


def test_sources_are_summed_up_the_most_severe_first(store):
    """How many windows, how high, between when, by which model."""
    found = summarise(store, Asked())
    assert [one.source for one in found] == ["10.4.2.2", "fd00::5", "203.0.113.77"]
    first = found[0]
    assert (first.windows, first.anomalous, first.severity, first.score) == (2, 2, Severity.HIGH, 0.9987)
    assert (first.first, first.last) == ("2026-01-11T06:00:00.000Z", "2026-01-11T07:00:00.000Z")
    assert first.models == ["office"]
    assert first.to_json()["true_positive"] == 0


def test_what_became_of_anomalies_is_counted(store, anomaly_events):
    """Verdicts of analysts and suppression by rules."""
    mark(store, [anomaly_events[0]["event"]["id"]], Verdict("true_positive", "c", "kim", "2026-01-12T09:00:00.000Z"))
    hidden = {**anomaly_events[1], "netad": {**anomaly_events[1]["netad"], "suppression": {"suppressed": True}}}
    store.replace([hidden])
    (first, *_) = summarise(store, Asked(source="10.4.2.2"))
    assert (first.suppressed, first.true_positive, first.false_positive) == (1, 1, 0)
    found, _ = newest(store, Asked(source="10.4.2.2"), None)
    assert sorted(str(one["verdict"]) for one in found) == ["None", "true_positive"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"source": "10.4.2.2"}, ["10.4.2.2"]),
        ({"source": "FD00:0::5"}, ["fd00::5"]),
        ({"source": "203.0.113.0/24"}, ["203.0.113.77"]),
        ({"source": "fd00::/8"}, ["fd00::5"]),
        ({"source": "192.0.2.1"}, []),
        ({"severity": Severity.HIGH}, ["10.4.2.2", "fd00::5"]),
        ({"min_score": 0.998}, ["10.4.2.2", "203.0.113.77"]),
        ({"since_ns": parse_time("2026-01-11T08:00:00Z"), "until_ns": parse_time("2026-01-12T00:00:00Z")},
         ["10.4.2.2"]),
        ({"until_ns": parse_time("2020-01-01")}, []),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_a_bound(store, asked, expected):
    """Sources by address, however it is written, or network; times bound the ends of windows."""
    assert sorted(sources(store, **asked)) == sorted(expected)


def test_profiles_are_the_windows_that_were_normal_too(store, scored):
    """Below the threshold they have no severity."""
    found = summarise(store, Asked(kind="profile"))
    assert sum(one.windows for one in found) == len(scored.frame)
    assert sum(one.anomalous for one in found) == int(scored.flagged.sum())
    assert [one.source for one in found if one.anomalous] == ["fd00::5"]


def test_the_newest_windows_come_oldest_first(store):
    """So many at most, and how many there are."""
    found, total = newest(store, Asked(kind="profile"), 3)
    everything, _ = newest(store, Asked(kind="profile"), None)
    assert total == len(everything) == 41
    assert found == everything[-3:]
    assert [one["start"] for one in everything] == sorted(one["start"] for one in everything)
    assert found[-1]["message"].endswith("the threshold 0.900.")


def test_an_event_that_two_files_hold_is_told_once(store, anomaly_events, tmp_path):
    """Two runs at the same moment may both have written it."""
    other = fill(tmp_path / "other", anomaly_events[:1])
    (path,) = other.folder.rglob("*.parquet")
    path.rename(next((store.folder / "anomaly").glob("date=2026-01-11")) / path.name)
    assert len(list(windows(store, Asked(source="10.4.2.2")))) == 2


def test_a_source_that_is_none_is_told(store):
    """Names are not looked up."""
    for wrong in ("host.example", "10.4.2"):
        with pytest.raises(ConfigError, match="neither an address nor a network"):
            summarise(store, replace(Asked(), source=wrong))
    with pytest.raises(ConfigError):
        summarise(store, Asked(source="10.4.2.2/99"))
