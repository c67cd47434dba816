"""What a report keeps of one source."""

from copy import deepcopy

from netad.core.timing import iso
from netad.outputs.report.source import MOST_WINDOWS, SourceRecord, beats, rank, window_of
from tests.outputs.report.conftest import HOUR_NS, PEER, START_NS


def test_the_worst_is_the_highest_score_that_no_rule_hides(anomaly_events, suppress):
    """A hidden anomaly is the worst only where all are hidden."""
    later, first = anomaly_events[:2]
    record = SourceRecord(later)
    record.add(first)
    assert record.worst is first
    assert rank(suppress(first)) < rank(later)
    record = SourceRecord(first)
    record.add(later)
    assert record.worst is later
    assert (record.anomalies, record.hidden) == (2, 1)


def test_windows_come_from_anomalies_and_profiles(beacon, profile, suppress):
    """Of one window the anomaly stays, whatever comes later; those below the threshold have no severity."""
    record = SourceRecord(beacon)
    for hour in (2, -1, 0):
        record.add_profile(profile(hour, 0.25))
    assert [window.kind for window in record.windows()] == ["", "high", ""]
    assert [round(span.score, 2) for span in record.spans()] == [0.25, 1.0, 0.25]
    assert record.spans()[0].bytes_in == 9000
    assert window_of(suppress(beacon)).kind == "suppressed"


def test_windows_are_bounded_and_anomalies_stay(beacon, profile):
    """The oldest of the others go first."""
    record = SourceRecord(beacon)
    for hour in range(1, MOST_WINDOWS + 5):
        record.add_profile(profile(hour))
    assert len(record.windows()) == MOST_WINDOWS
    assert record.windows()[0].kind == "high"


def test_flows_of_windows_that_are_not_drawn_count_all_the_same(beacon, flow):
    """A source may have more anomalous windows than a chart can show."""
    record = SourceRecord(beacon)
    for hour in range(1, MOST_WINDOWS + 5):
        later = deepcopy(beacon)
        later["event"] |= {
            "start": iso(START_NS + hour * HOUR_NS),
            "end": iso(START_NS + (hour + 1) * HOUR_NS),
            "id": f"{hour}",
        }
        record.add(later)
    record.add_flow(flow(1))
    assert (record.flows.count, len(record.windows())) == (1, MOST_WINDOWS)
    assert record.windows()[0].start_ns > START_NS


def test_flows_are_those_of_its_anomalous_windows(beacon, flow):
    """Without any flow there is nothing behind it, and that is no error."""
    record = SourceRecord(beacon)
    assert record.flows.count == 0
    record.add_flow(flow(1))
    record.add_flow(flow(2, 4000))
    assert record.flows.count == 1


def test_a_finding_with_an_interval_beats(beacon, anomaly_events):
    """It names whom; other findings do not."""
    assert list(beats(beacon)) == [(PEER, 443)]
    assert beats(anomaly_events[0]) == {}
    del beacon["netad"]["findings"][0]["ports"]
    assert list(beats(beacon)) == [(PEER, 0)]
