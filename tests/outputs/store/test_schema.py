"""Events as rows of a stable schema."""

import orjson
import pyarrow as pa
import pytest

from netad.outputs.profile_event import profile_events
from netad.outputs.store.schema import APART, ID, MET, SCHEMAS, WHOLE_EVENT, event_of, row, table, text_of


@pytest.mark.parametrize("kind", list(SCHEMAS))
def test_columns_are_named_once_the_id_first_the_event_last(kind):
    """Other tools rely on the order, the store on the id's place."""
    names = SCHEMAS[kind].names
    assert (names[0], names[-1]) == (ID, WHOLE_EVENT)
    assert len(set(names)) == len(names)


def test_rows_take_the_events_fields(events_of_flows):
    """Values keep their types; a field that an event has not is null."""
    made = table("flow", [[*row("flow", event), "{}"] for event in events_of_flows])
    assert made.schema == SCHEMAS["flow"]
    first, gre = made.slice(0, 1).to_pylist()[0], made.slice(6, 1).to_pylist()[0]
    assert first["source.port"] == 50000
    assert first["event.type"] == ["connection", "start", "end"]
    assert made.column("event.end").cast(pa.int64())[0].as_py() % 1_000_000_000 == 500_000_123
    assert gre["source.port"] is None
    assert gre["network.transport"] == "gre"


def test_every_column_is_filled_by_some_event(
    anomaly_events, events_of_flows, events_of_logs, events_of_profiles, events_of_runs
):
    """A column that nothing fills would be a name mistyped; rules and outputs fill the last of them."""
    later = {
        "anomaly": {"netad.suppression.rule_ids", "destination.ip", "destination.port", "netad.behaviours",
                    *(name for name in SCHEMAS["anomaly"].names if name.startswith("netad.verdict."))},
        "flow": set(),
        "profile": {"destination.ip", "destination.port", "network.transport",
                    *(name for name in SCHEMAS["profile"].names if name.startswith("netad.store."))},
        "run": {"source.ip", "source.bytes", "source.packets", "destination.ip", "destination.port",
                "network.transport"},
    }  # fmt: skip
    of_kind = {
        "anomaly": anomaly_events,
        "flow": [*events_of_flows, *events_of_logs],
        "profile": events_of_profiles,
        "run": events_of_runs,
    }
    for kind, events in of_kind.items():
        names = SCHEMAS[kind].names[:-1]
        empty = {name for name, *values in zip(names, *(row(kind, event) for event in events), strict=True)
                 if all(value is None for value in values)}  # fmt: skip
        assert empty == later[kind] | {"event.ingested"}


def test_features_stand_in_columns_and_not_in_the_event_beside_them(events_of_profiles):
    """They are stored once, and the event that is read back has them again, number by number."""
    event = events_of_profiles[0]
    text = text_of("profile", event)
    assert "features" not in orjson.loads(text)["netad"]["profile"]
    values = dict(zip(SCHEMAS["profile"].names, row("profile", event), strict=False))
    assert event_of("profile", text, {name: values[name] for name in APART["profile"]}) == event
    assert event_of("profile", orjson.dumps(event).decode(), dict.fromkeys(APART["profile"])) == event


def test_what_only_a_store_keeps_is_in_columns_alone(scored, origin):
    """Meetings, strengths of behaviours and the digest: columns have them, the event as it is shipped has not."""
    (event, *_) = profile_events(scored, origin, "2026-01-12T08:00:00.000Z", for_store=True)
    met = {"kind": [0, 2], "item": [(1 << 64) - 1, 7], "count": [3, 1], "failed": [0, 1]}
    event["netad"]["store"] |= {"met": met, "strengths": {"scan": 2.5}}
    made = table("profile", [[*row("profile", event), text_of("profile", event)]]).to_pylist()[0]
    assert {name: made[column] for name, column in MET.items()} == met
    assert (made["netad.store.strengths.scan"], made["netad.store.digest"]) == (2.5, "")
    assert "store" not in orjson.loads(made[WHOLE_EVENT])["netad"]
