"""What the page says of one source."""

import pytest

from netad.outputs.report.cards import MANY, MOST_LISTED, Room, card
from netad.outputs.report.source import SourceRecord
from tests.outputs.report.conftest import HOUR_NS


@pytest.fixture
def shown(gathering):
    """The card of the beaconing host."""
    return card(gathering.records()[0], "source-1", Room(), lambda event: f"rule for {event['source']['ip']}\n")


def test_a_card_says_why_in_the_words_of_the_console(shown, beacon):
    """Sentence, window, what is behind it, what was said: as the event has it."""
    assert shown.message == beacon["message"]
    assert shown.facts == ["2026-01-11 06:00:00 to 07:00:00 UTC (1h)", "812 flows to 3 addresses",
                           "about 1 in 2,500 normal profiles"]  # fmt: skip
    assert [note.partition(":")[0] for note in shown.notes] == [
        "Alerts of other tools",
        "Named by no other source",
        "Clients",
    ]
    assert (shown.kind, shown.score, shown.behaviours) == ("high", "0.999", ["Beacon"])
    assert [(finding.name, finding.technique) for finding in shown.findings] == [("Beacon", "T1071.001")]
    assert (shown.inside, shown.known, shown.hidden) == (True, True, False)


def test_what_would_be_normal_is_told(beacon):
    """The smallest change, where one was found."""
    change = {"feature": "f", "label": "new destinations", "actual": 48.0, "target": 3.0}
    beacon["netad"]["anomaly"]["normal_if"] = [change]
    assert card(SourceRecord(beacon), "source-1", Room(), None).notes[0].startswith("Normal with new destinations 3")


def test_charts_are_drawn_of_what_is_known(shown, beacon):
    """Scores and bytes by window, traffic in the worst, and the beat; of one window without flows only the beat."""
    headings = ["Score by window", "Bytes by window", "Bytes within the worst window", "Interval between contacts"]
    assert [chart.heading for chart in shown.charts] == headings
    assert "30 contacts" in shown.charts[3].told  # the flows tell of more than the 20 times of the finding
    alone = card(SourceRecord(beacon), "source-1", Room(), None)
    assert [chart.heading for chart in alone.charts] == headings[3:]
    assert "20 contacts" in alone.charts[0].told


def test_peers_and_flows_are_listed(shown):
    """With how many there are in all."""
    assert [(peer.address, peer.flows) for peer in shown.peers] == [("198.51.100.80", 30)]
    assert (shown.peer_count, shown.peer_most, shown.flow_count, len(shown.flows)) == (1, 30_000, 30, 30)


def test_suppression_is_told_with_owner_reason_and_end(gathering):
    """Of the worst anomaly each rule, of the source how many of its anomalies are hidden."""
    hidden = card(gathering.records()[2], "source-3", Room(), None)
    assert (hidden.hidden, hidden.status) == (True, "Rules hide all of it (1 anomaly).")
    (mark,) = hidden.marks
    assert (mark.rule, mark.owner, mark.reason, mark.until, mark.action) == (
        "backup", "kim", "nightly backup", "2026-06-01T00:00:00.000Z", "suppress"
    )  # fmt: skip


def test_a_source_may_be_hidden_in_part(anomaly_events, suppress):
    """Then it is shown, and says so."""
    record = SourceRecord(anomaly_events[0])
    record.add(suppress(anomaly_events[1]))
    found = card(record, "source-1", Room(), None)
    assert (found.hidden, found.status) == (False, "Rules hide 1 of 2 anomalies.")
    assert [row.kind for row in found.windows] == ["suppressed", "high"]
    assert card(SourceRecord(anomaly_events[0]), "source-1", Room(), None).status == "No rule hides it."


def test_windows_are_the_worst_few_of_many(anomaly, origin):
    """All are counted."""
    from dataclasses import replace

    from netad.outputs.anomaly_event import anomaly_event

    record = None
    for hour in range(MOST_LISTED + 3):
        moved = replace(
            anomaly, window_start_ns=hour * HOUR_NS, window_end_ns=(hour + 1) * HOUR_NS, score=0.9 + hour / 999
        )
        event = anomaly_event(moved, origin, "2026-01-12T08:00:00.000Z")
        record = SourceRecord(event) if record is None else (record.add(event), record)[1]
    found = card(record, "source-1", Room(), None)
    assert (len(found.windows), found.window_count) == (MOST_LISTED, MOST_LISTED + 3)
    assert found.windows[0].score_value == max(row.score_value for row in found.windows)


def test_the_rule_comes_first_among_the_commands(shown, beacon):
    """Where a rule can be made at all."""
    assert [command.name for command in shown.commands] == ["Rule", "Wireshark", "tshark", "KQL", "Zeek"]
    assert shown.commands[0].text == "rule for 10.4.2.2\n"

    def refuse(_event):
        raise ValueError("too wide")

    assert card(SourceRecord(beacon), "source-1", Room(), refuse).commands[0].name == "Wireshark"


@pytest.mark.parametrize(("url", "shown"), [("https://kibana.example/app", True), ("javascript:alert(1)", False)])
def test_only_web_addresses_become_links(beacon, url, shown):
    """A stored event may hold anything."""
    beacon["event"]["url"] = url
    assert card(SourceRecord(beacon), "source-1", Room(), None).url == (url if shown else "")


def test_many_sources_share_the_room(gathering):
    """Of each less is shown, and never nothing."""
    assert Room.among(MANY) == Room()
    rooms = [Room.among(sources) for sources in (MANY + 1, 50, 100, 10_000)]
    assert [room.flows for room in rooms] == [38, 20, 10, 10]
    found = card(gathering.records()[0], "source-1", rooms[2], None)
    assert (len(found.flows), len(found.strips), found.flow_count) == (10, 8, 30)
    assert not any(bar.title for chart in found.charts for bar in chart.bars)
