"""Judged profiles as metrics."""

from dataclasses import replace

import numpy as np
import orjson

from netad.outputs.origin import window_id
from netad.outputs.profile_event import profile_events
from netad.profiles.meetings import Meetings

CREATED = "2026-01-12T08:00:00.000Z"


def test_every_profile_makes_one_event_with_an_id_of_its_own(scored, events_of_profiles):
    """Source and window tell profiles apart; one that was seen in part is not the whole one."""
    assert len({event["event"]["id"] for event in events_of_profiles}) == len(scored.frame)
    assert [event["source"]["ip"] for event in events_of_profiles] == scored.frame["source"].tolist()
    assert [event["netad"]["profile"]["is_interim"] for event in events_of_profiles[:5]] == [False, *[True] * 3, False]


def test_the_id_is_of_the_source_and_window_not_of_what_was_computed(scored, origin, events_of_profiles):
    """Another run, threshold or version of the model makes the same event."""
    again = replace(scored, threshold=0.1, model=replace(scored.model, version="2027"))
    ids = [event["event"]["id"] for event in profile_events(again, replace(origin, run_id="run-2"), "now")]
    assert ids == [event["event"]["id"] for event in events_of_profiles]


def test_only_flagged_profiles_have_a_severity_and_name_their_anomaly(scored, origin, events_of_profiles):
    """Below the threshold there is none; above, the id of the alert can be followed."""
    flagged = [event for event in events_of_profiles if event["netad"]["profile"]["flagged"]]
    assert [event["source"]["ip"] for event in flagged] == ["fd00::5"]
    (event,) = flagged
    row = scored.frame.iloc[40]
    window = int(row["window_start_ns"]), int(row["window_end_ns"])
    assert event["netad"]["profile"]["anomaly_id"] == window_id("anomaly", "fd00::5", *window, "office", "", origin)
    assert event["event"]["severity"] == 99
    assert event["netad"]["profile"]["severity"] == "critical"
    assert event["netad"]["behaviours"] == ["scan"]
    for other in events_of_profiles[:40]:
        assert other["netad"]["profile"]["severity"] == "below"
        assert "severity" not in other["event"]
        assert "anomaly_id" not in other["netad"]["profile"]


def test_features_stand_beside_their_medians_and_what_was_not_measured_is_left_out(scored, events_of_profiles):
    """A feature without a value has no median either; nothing is null."""
    profile = events_of_profiles[0]["netad"]["profile"]
    assert "dns_queries" not in profile["features"]
    assert profile["features"].keys() == profile["typical"].keys()
    assert profile["typical"]["flows"] == scored.model.baseline.median("flows")
    assert b"null" not in b"".join(map(orjson.dumps, events_of_profiles))


def test_counts_stay_whole_numbers(events_of_profiles):
    """What is counted is written as digits only, however large."""
    profile = events_of_profiles[40]["netad"]["profile"]
    assert b'"bytes":9256780,' in orjson.dumps(profile)
    assert events_of_profiles[40]["source"]["bytes"] == 9256780
    assert all(type(profile[name]) is int for name in ("flows", "bytes", "packets", "bytes_in", "destinations"))


def test_the_sentence_says_who_did_how_much_and_how_unusual_it_is(events_of_profiles):
    """One line of the profile, to be read without the rest."""
    message = events_of_profiles[40]["message"]
    assert message.startswith("fd00::5: 9,256,780 flows to 9,256,780 addresses in 1h; score 1.000")
    assert message.endswith("at or above the threshold 0.900.")
    assert "below the threshold 0.900." in events_of_profiles[0]["message"]


def test_a_profile_of_which_hardly_anything_is_known(scored, origin):
    """Without counts the sentence says that there was traffic."""
    one = scored.select(np.arange(41) == 4)
    bare = replace(one, frame=one.frame.assign(flows=np.nan, unique_destinations=np.nan))
    (event,) = profile_events(bare, origin, CREATED)
    assert ": traffic in 1h; score" in event["message"]
    assert not {"flows", "destinations"} & event["netad"]["profile"].keys()


def test_for_a_store_a_profile_carries_all_that_it_was_judged_by(scored, origin):
    """What it met, row by row, the strengths of behaviours and how far its window was seen; nobody else asks for it."""
    row = np.array([0, 40, 2], dtype=np.int32)
    count = np.array([1, 2, 3], dtype=np.int32)
    met = Meetings(row, count.astype(np.uint8), np.uint64(1 << 63) + count.astype(np.uint64), count, count - 1)
    events = list(profile_events(replace(scored, meetings=met), origin, CREATED, for_store=True))
    stored = [event["netad"]["store"] for event in events]
    assert stored[0]["met"] == {"kind": [1], "item": [(1 << 63) + 1], "count": [1], "failed": [0]}
    assert stored[1]["met"] == {"kind": [], "item": [], "count": [], "failed": []}
    assert stored[40]["met"]["count"] == [2]
    assert [one["digest"] for one in stored[:2]] == ["", "ab12"]
    assert [stored[place]["strengths"] for place in (0, 40)] == [{"scan": 0.0}, {"scan": 6.0}]
    assert orjson.loads(orjson.dumps(events[0])) == events[0]
    assert all("store" not in event["netad"] for event in profile_events(scored, origin, CREATED))
