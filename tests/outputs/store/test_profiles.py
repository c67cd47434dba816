"""Stored profiles, as models judge them."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from netad.core.addresses import parse_address
from netad.core.errors import OutputError
from netad.outputs.origin import stamped
from netad.outputs.profile_event import profile_events
from netad.outputs.store.profiles import StoredProfiles, _addresses
from netad.profiles.features import FEATURES
from netad.profiles.meetings import Meetings
from tests.stored_events import INGESTED, fill, parquet_files

CREATED = "2026-01-12T08:00:00.000Z"
KEYS = ["source", "window_start_ns", "window_end_ns", "inside", "window_digest"]


@pytest.fixture(scope="module")
def met(scored):
    """The judged profiles, each of which met as many things as its number in the frame modulo 5."""
    sizes = np.arange(len(scored.frame)) % 5
    row = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    count = np.arange(1, len(row) + 1, dtype=np.int32)
    meetings = Meetings(
        row, (count % 9).astype(np.uint8), np.uint64(1 << 63) + count.astype(np.uint64), count, count // 3
    )
    return replace(scored, meetings=Meetings.join([meetings], [len(sizes)]))


def put(folder, scored, origin, created=CREATED):
    return fill(folder, profile_events(scored, origin, created, for_store=True))


def of(store, **choice):
    """What is read, in the order of window and source, and the notes."""
    stored = StoredProfiles(store, "1h", **choice)
    pieces = list(stored.pieces())
    return pieces, stored


def by_key(frame):
    return frame.sort_values(["window_start_ns", "source", "window_digest"]).reset_index(drop=True)


def test_what_was_judged_comes_back_number_by_number(tmp_path, met, origin):
    """Keys, features and behaviours are those of the run; novelty is for the next model to measure."""
    (piece,), stored = of(put(tmp_path, met, origin))
    here, there = by_key(piece.batch.frame), by_key(met.frame)
    assert here[KEYS].equals(there[KEYS])
    assert list(zip(here["source_hi"], here["source_lo"], strict=True)) == [*map(parse_address, there["source"])]
    plain = [one.name for one in FEATURES if one.group not in ("novelty", "history")]
    assert here[plain].equals(there[plain])
    assert here["behaviour.scan"].tolist() == there["behaviour.scan"].tolist()
    assert here["behaviour.beacon"].eq(0).all()
    assert here[[one.name for one in FEATURES if one.group in ("novelty", "history")]].isna().all(axis=None)
    assert stored.told() == []


def test_meetings_come_back_with_their_profiles(tmp_path, met, origin):
    """Each with its own, also those that met nothing."""
    (piece,), _ = of(put(tmp_path, met, origin))

    def told(frame, meetings):
        keys = list(zip(frame["source"], frame["window_start_ns"], strict=True))
        columns = (meetings.kind, meetings.item, meetings.count, meetings.failed)
        return sorted((keys[row], *values) for row, *values in zip(meetings.row, *columns, strict=True))

    assert told(piece.batch.frame, piece.batch.meetings) == told(met.frame, met.meetings)
    assert len(piece.batch.meetings) == len(met.meetings) > 0


def test_how_they_were_judged_stands_beside_them(tmp_path, met, origin):
    """Row by row."""
    (piece,), _ = of(put(tmp_path, met, origin))
    assert set(piece.judged["model"]) == {"office"}
    (flagged,) = np.flatnonzero(piece.judged["severity"] != "below")
    assert piece.batch.frame["source"][flagged] == "fd00::5"
    assert sorted(piece.judged["score"]) == sorted(met.scores.score)


def test_a_window_that_was_judged_twice_counts_once(tmp_path, met, origin):
    """By another model, later: the later counts, unless one model is asked for. What is left out is told."""
    other = replace(met, model=replace(met.model, name="other"))
    put(tmp_path, met, origin)
    store = put(tmp_path, other, origin, "2026-01-13T08:00:00.000Z")
    pieces, stored = of(store)
    assert {name for piece in pieces for name in piece.judged["model"]} == {"other"}
    assert sum(len(piece.batch) for piece in pieces) == len(met.frame)
    assert stored.told() == [f"left out: {len(met.frame)} stored profiles of windows that were judged again or in part"]
    pieces, stored = of(store, judged_by="office")
    assert {name for piece in pieces for name in piece.judged["model"]} == {"office"}
    assert stored.told() == []
    assert stored.count() == len(met.frame)


def test_a_whole_window_counts_before_a_part_of_it(tmp_path, met, origin):
    """Though the part was judged later, as a capture that is read again does."""
    part = replace(met, frame=met.frame.assign(window_digest="ff00"))
    put(tmp_path, replace(met, frame=met.frame.assign(window_digest="")), origin)
    pieces, _ = of(put(tmp_path, part, origin, "2026-01-13T08:00:00.000Z"))
    assert sum(len(piece.batch) for piece in pieces) == len(met.frame)
    assert all(piece.batch.frame["window_digest"].eq("").all() for piece in pieces)


def test_windows_of_another_length_are_left_out(tmp_path, met, origin):
    """A model knows one length."""
    put(tmp_path, met, origin)
    pieces, stored = of(put(tmp_path, replace(met, model=replace(met.model, window="5m", name="short")), origin))
    assert sum(len(piece.batch) for piece in pieces) == len(met.frame)
    assert stored.told() == [f"left out: {len(met.frame)} stored profiles of windows that are not 1h long"]


def test_profiles_of_an_older_version_are_left_out_and_counted(tmp_path, met, origin):
    """They lack what they met: its columns are null, or not there at all."""
    store = put(tmp_path, met, origin)
    for path in parquet_files(tmp_path):
        table = pq.read_table(path, partitioning=None)
        pq.write_table(table.drop_columns([name for name in table.column_names if "netad.store" in name]), path)
    pieces, stored = of(store)
    assert pieces == []
    assert stored.told() == [
        f"left out: {len(met.frame)} stored profiles that an older netad stored without what they met"
    ]
    put(tmp_path / "bare", met, origin)
    bare = fill(tmp_path / "bare", [stamped(event, INGESTED) for event in profile_events(met, origin, CREATED)])
    assert sum(len(piece.batch) for piece in of(bare)[0]) == len(met.frame)


def test_a_period_is_of_the_ends_of_windows(tmp_path, met, origin):
    """From its start to before its end."""
    store = put(tmp_path, met, origin)
    ends = sorted(set(met.frame["window_end_ns"]))
    pieces, stored = of(store, since_ns=ends[1], until_ns=ends[3])
    assert {end for piece in pieces for end in piece.batch.frame["window_end_ns"]} == set(ends[1:3])
    assert stored.count() == sum(len(piece.batch) for piece in pieces)


def test_a_sample_is_the_same_each_time(tmp_path, met, origin):
    """It goes by ids, and is about as large as it says."""
    store = put(tmp_path, met, origin)
    first, again = ([name for piece in of(store, one_in=3)[0] for name in piece.judged["id"]] for _ in range(2))
    assert first == again
    assert 5 <= len(first) <= 25
    others = set(of(store)[0][0].judged["id"]) - set(first)
    assert len(others) == len(met.frame) - len(first)


def test_columns_that_do_not_fit_together_are_told(tmp_path, met, origin):
    """A file that somebody has changed."""
    store = put(tmp_path, met, origin)
    path = parquet_files(tmp_path)[0]
    table = pq.read_table(path, partitioning=None)
    place = table.column_names.index("netad.store.met.count")
    pq.write_table(
        table.set_column(place, table.schema.field(place), pa.nulls(len(table), table.schema.field(place).type)), path
    )
    with pytest.raises(OutputError, match="make no sense"):
        of(store)


def test_addresses_are_parsed_as_one_by_one():
    """IPv4 and IPv6; what is none is refused."""
    texts = ["10.0.0.1", "255.254.3.77", "fd00::5", "2001:db8::1", "192.0.2.0"]
    assert _addresses(pa.array(texts)).tolist() == [list(parse_address(text)) for text in texts]
    assert _addresses(pa.array([], pa.string())).shape == (0, 2)
    for wrong in ("1.2.3", "host", "300.1.1.1", "", "::x"):
        with pytest.raises(ValueError):
            _addresses(pa.array([wrong]))


def test_what_two_sensors_saw_of_a_source_are_two_profiles(tmp_path, met, origin):
    """Sites use the same private addresses."""
    put(tmp_path, met, origin)
    pieces, stored = of(put(tmp_path, met, replace(origin, observer="sensor-2")))
    assert sum(len(piece.batch) for piece in pieces) == 2 * len(met.frame)
    assert stored.told() == []
