from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netad.core.errors import StateError
from netad.core.state_file import read_state, write_state
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import SLICE, WHOLE, FlowBatch
from netad.profiles.batch import ProfileBatch
from netad.profiles.frame import join_frames
from netad.profiles.windows import WindowAggregator, WindowClock

SECOND = 1_000_000_000
MINUTE = 60 * SECOND


@pytest.fixture
def at(flow):
    """Builds a flow that ends so many seconds after the epoch."""

    def build(seconds, **changes):
        return flow(**changes) | {"first_ns": int(seconds * SECOND), "last_ns": int(seconds * SECOND)}

    return build


def starts(batches):
    return [start // SECOND for closed in batches for start in closed.frame["window_start_ns"].unique().tolist()]


def joined(batches):
    return join_frames([closed.frame for closed in batches])


def table(meetings):
    return list(
        zip(*(getattr(meetings, name).tolist() for name in ("row", "kind", "item", "count", "failed")), strict=True)
    )


def cut(batch, places):
    edges = [0, *sorted(places), len(batch)]
    return [batch.select(np.arange(a, b)) for a, b in pairwise(edges)]


@given(data=st.data())
def test_cuts_and_order_do_not_matter(data, flow_lists, make_batch, inside):
    """The same flows in other batches, and inside each window in any order, give the same frames bit for bit."""
    window_ns = 20 * SECOND
    records = sorted(data.draw(flow_lists()), key=lambda record: record["last_ns"] // window_ns)
    shuffled = sorted(data.draw(st.permutations(records)), key=lambda record: record["last_ns"] // window_ns)
    places = data.draw(st.lists(st.integers(0, len(records)), max_size=5))
    lateness = data.draw(st.sampled_from([0, 15 * SECOND]))

    def run(batches):
        windows = WindowAggregator(window_ns, inside, lateness)
        return ProfileBatch.join([closed for batch in batches for closed in windows.add(batch)] + windows.finish())

    one, other = run([make_batch(records)]), run(cut(make_batch(shuffled), places))
    pd.testing.assert_frame_equal(other.frame, one.frame, check_exact=True)
    assert table(other.meetings) == table(one.meetings)


@given(data=st.data())
def test_cuts_do_not_matter_for_what_is_late(data, flow_lists, make_batch, inside):
    """Flows in any order, so that many are late: other batches give the same frames and the same count."""
    batch = make_batch(data.draw(flow_lists()))
    places = data.draw(st.lists(st.integers(0, len(batch)), max_size=5))
    one, other = (WindowAggregator(5 * SECOND, inside, 2 * SECOND) for _ in range(2))
    expected = one.add(batch) + one.finish()
    got = [closed for part in cut(batch, places) for closed in other.add(part)] + other.finish()
    assert (one.late, one.input_time_ns) == (other.late, other.input_time_ns)
    pd.testing.assert_frame_equal(joined(got), joined(expected), check_exact=True)
    assert joined(got)["flows"].sum() == len(batch)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_run_that_was_cut_anywhere_goes_on_through_a_file(data, flow_lists, make_batch, inside, fact, tmp_path):
    """Late flows, facts, logs without some columns: after each cut another aggregator goes on as if there was none."""
    batch = make_batch(data.draw(flow_lists()))
    places = data.draw(st.lists(st.integers(0, len(batch)), min_size=1, max_size=4))
    parts: list[FlowBatch | FactBatch] = []
    for number, part in enumerate(cut(batch, places)):
        lacking = {"vlan", "orig_ttl_min"} if number % 2 else set()
        columns = {name: column for name, column in part.columns.items() if name not in lacking}
        parts.append(
            FlowBatch({**columns, "service": np.full(len(part), "http", dtype=object)} if lacking else columns)
        )
        answers = [fact(time=time, query="example.org", address_lo=0xFFFFC0000201) for time in (1.0, number * 9.0)]
        parts.append(FactBatch.from_rows(FactKind.ANSWER, answers))
        parts.append(FactBatch.from_rows(FactKind.TLS, [fact(time=number * 7.0, server_name="a.test")], {"ja3"}))

    def new():
        return WindowAggregator(5 * SECOND, inside, 2 * SECOND, facts=(FactKind.DNS,))

    one, other = new(), new()
    expected = [closed for part in parts for closed in one.add(part)] + one.finish()
    got = []
    for part in parts:
        got += other.add(part)
        write_state(tmp_path / "state", other.carry())
        other = new()
        other.resume(read_state(tmp_path / "state"))
    got += other.finish()
    pd.testing.assert_frame_equal(joined(got), joined(expected), check_exact=True)
    assert [table(closed.meetings) for closed in got] == [table(closed.meetings) for closed in expected]
    assert (other.late, other.left_out, other.homeless_facts) == (one.late, one.left_out, one.homeless_facts)


def test_a_state_is_of_its_windows(inside, at, make_batch):
    """An aggregator with windows of another length, or another lateness, does not go on from it; it says why."""
    windows = WindowAggregator(MINUTE, inside)
    windows.add(make_batch([at(5)]))
    for other, word in (
        (WindowAggregator(2 * MINUTE, inside), "window"),
        (WindowAggregator(None, inside), "window"),
        (WindowAggregator(MINUTE, inside, 0), "lateness"),
    ):
        with pytest.raises(StateError, match=f"another {word}"):
            other.resume(windows.carry())


def test_a_damaged_state_is_said(inside, at, make_batch):
    """A column that is missing, of another type or another length is an error of the state."""
    windows = WindowAggregator(MINUTE, inside)
    windows.add(make_batch([at(5)]))
    for change in ({"window": None}, {"first_ns": np.zeros(1)}, {"slot": np.zeros(2, np.int64)}):
        state = windows.carry()
        with pytest.raises(StateError):
            WindowAggregator(MINUTE, inside).resume(state | {"held": state["held"] | change})


def test_a_clock_serves_alone():
    """Slices move it, other times are placed by it, and the first open slot follows, lateness behind."""
    clock = WindowClock(MINUTE, 10 * SECOND)
    assert clock.open_from is None
    assert clock.place(np.array([30 * SECOND]))[1].tolist() == [0]
    window, slot = clock.move(np.array([70, 131, 50]) * SECOND)
    assert (window.tolist(), slot.tolist()) == ([1, 2, 0], [1, 2, 2])
    assert clock.open_from == 2
    assert [each.tolist() for each in clock.place(np.array([0, 180]) * SECOND)] == [[0, 3], [2, 3]]
    assert WindowClock(None, 0).open_from is None


def test_windows_are_aligned_and_close_in_order(at, make_batch, inside):
    """A flow counts in the epoch-aligned window of its end; windows come in order, rows in order of address."""
    windows = WindowAggregator(MINUTE, inside)
    records = [at(130, source="10.0.0.9"), at(70), at(130, source="9.0.0.1"), at(119.999), at(0), at(120)]
    assert windows.add(make_batch(records)) == []
    (closed,) = windows.finish()
    frame = closed.frame
    assert (frame["window_start_ns"] // SECOND).tolist() == [0, 60, 120, 120, 120]
    assert (frame["window_end_ns"] // SECOND).tolist() == [60, 120, 180, 180, 180]
    assert frame["flows"].tolist() == [1, 2, 1, 1, 1]
    assert frame["source"].tolist()[2:] == ["9.0.0.1", "10.0.0.1", "10.0.0.9"]
    assert frame["inside"].tolist()[2:] == [False, True, True]
    assert windows.finish() == []


def test_a_window_closes_after_its_lateness(at, make_batch, inside):
    """A window stays open until input time passes its end by the lateness, and is then emitted at once."""
    windows = WindowAggregator(MINUTE, inside, lateness_ns=30 * SECOND)
    assert windows.add(make_batch([at(10), at(89.9)])) == []
    assert starts(windows.add(make_batch([at(90)]))) == [0]
    assert windows.add(make_batch([at(50)])) == []
    assert windows.late == 1


def test_what_comes_late_makes_a_supplement(at, make_batch, inside):
    """Late flows are counted and come with the next window that closes, marked by a digest."""
    windows = WindowAggregator(MINUTE, inside, lateness_ns=0)
    (first,) = windows.add(make_batch([at(10), at(60)]))
    assert first.frame["window_digest"].tolist() == [""]
    assert windows.add(make_batch([at(70), at(20, source="10.0.0.7"), at(20)])) == []
    (closed,) = windows.add(make_batch([at(120)]))
    assert windows.late == 2
    assert (closed.frame["window_start_ns"] // SECOND).tolist() == [0, 0, 60]
    assert closed.frame["source"].tolist() == ["10.0.0.1", "10.0.0.7", "10.0.0.1"]
    assert (closed.frame["window_digest"] != "").tolist() == [True, True, False]


def test_late_flows_of_several_windows_come_together(at, make_batch, inside):
    """However many windows come late together, they come in order of window, each with its own digest."""
    windows = WindowAggregator(MINUTE, inside, lateness_ns=0)
    windows.add(make_batch([at(600), *(at(60 * k) for k in (5, 3, 3, 1))]))
    (closed,) = windows.finish()
    assert (closed.frame["window_start_ns"] // MINUTE).tolist() == [1, 3, 5, 10]
    assert closed.frame["flows"].tolist() == [1, 2, 1, 1]
    assert closed.frame["window_digest"].nunique() == 4


def test_only_incomplete_windows_have_a_digest(at, make_batch, inside):
    """Windows that input time ran past have none; the last one has, and it says what was seen."""

    def last_digest(*records):
        windows = WindowAggregator(MINUTE, inside)
        windows.add(make_batch(records))
        frame = joined(windows.finish())
        complete = frame["window_start_ns"] == 0
        assert set(frame["window_digest"][complete]) == {""}
        (digest,) = frame["window_digest"][~complete].unique().tolist()
        return digest

    short = last_digest(at(10), at(70), at(75, source="10.0.0.2"))
    assert len(short) == 32
    assert last_digest(at(11), at(75, source="10.0.0.2"), at(70)) == short
    assert last_digest(at(10), at(70), at(75, source="10.0.0.2"), at(76)) != short


def test_a_window_is_complete_at_its_end(at, make_batch, inside):
    """Input time that reaches the end of a window exactly covers it, though nothing closed it before the finish."""
    windows = WindowAggregator(MINUTE, inside)
    windows.add(make_batch([at(10), at(60)]))
    assert (joined(windows.finish())["window_digest"] == "").tolist() == [True, False]


def test_one_window_for_a_capture(at, flow, make_batch, inside):
    """The window `capture` runs from the first packet to the last, whatever the length, and has a digest."""
    windows = WindowAggregator(None, inside)
    long = flow() | {"first_ns": 3 * SECOND, "last_ns": 10_000_000 * SECOND}
    windows.add(make_batch([at(7), at(20_000_000)]))
    assert windows.add(make_batch([long])) == []
    frame = joined(windows.finish())
    assert frame["window_start_ns"].tolist() == [3 * SECOND]
    assert frame["window_end_ns"].tolist() == [20_000_000 * SECOND + 1]
    assert frame["flows"].tolist() == [3]
    assert len(frame.loc[0, "window_digest"]) == 32


def test_sources_that_are_no_hosts_are_left_out(at, make_batch, inside):
    """Unspecified, multicast and broadcast sources are counted and have no profile; link-local ones are inside."""
    none = ["0.0.0.0", "::", "224.0.0.1", "239.1.1.1", "255.255.255.255", "ff02::1"]  # noqa: S104
    windows = WindowAggregator(MINUTE, inside)
    windows.add(make_batch([at(1, source=source) for source in [*none, "fe80::1", "169.254.1.1", "8.8.8.8"]]))
    frame = joined(windows.finish())
    assert windows.left_out == 6
    assert frame["source"].tolist() == ["8.8.8.8", "169.254.1.1", "fe80::1"]
    assert frame["inside"].tolist() == [False, True, True]


def test_nothing_but_what_is_left_out(at, make_batch, inside):
    """No host, no batch, no slice: no frames, and no complaint."""
    windows = WindowAggregator(MINUTE, inside)
    assert windows.add(make_batch([])) == []
    assert windows.add(make_batch([at(1) | {"part": WHOLE}])) == []
    assert windows.add(make_batch([at(1000, source="::")])) == []
    assert windows.finish() == []


def test_slices_count_and_whole_records_do_not(at, make_batch, inside):
    """A flow that was cut at window edges counts with its slices, each in its own window."""
    windows = WindowAggregator(MINUTE, inside)
    windows.add(make_batch([at(10) | {"part": SLICE}, at(70) | {"part": SLICE}, at(70) | {"part": WHOLE}]))
    assert joined(windows.finish())["flows"].tolist() == [1, 1]


@given(data=st.data())
def test_inputs_that_carry_different_columns(data, flow_lists, make_batch, inside):
    """A source lacks a feature when one of its flows lacks the column; who has it keeps it, however batches mix."""
    records = data.draw(flow_lists())
    logged = data.draw(st.lists(st.booleans(), min_size=len(records), max_size=len(records)))
    missing = ["orig_ttl_min", "orig_length_std"]
    batches = [make_batch([record], missing if log else []) for record, log in zip(records, logged, strict=True)]
    mixed = WindowAggregator(None, inside)
    for batch in batches:
        mixed.add(batch)
    got = joined(mixed.finish())
    full = WindowAggregator(None, inside)
    full.add(make_batch(records))
    expected = joined(full.finish())
    hit = {(r["orig_hi"], r["orig_lo"]) for r, log in zip(records, logged, strict=True) if log}
    lacking = np.array([pair in hit for pair in zip(got["source_hi"], got["source_lo"], strict=True)])
    gone = ["ttl_min", "ttl_max", "ttl_mean", "ttl_spread", "packet_length_std"]
    expected.loc[lacking, gone] = np.nan
    # Not to the last bit: what a flow carries decides its place among flows that start together.
    pd.testing.assert_frame_equal(got, expected, check_exact=False, rtol=1e-12)


def test_times_at_the_end_of_time(at, make_batch, inside):
    """Absurd times of a hostile input cost their own rows, no error."""
    ends = [2**63 - 1, -(2**63), 0]
    windows = WindowAggregator(3600 * SECOND, inside)
    batch = make_batch([at(0) | {"first_ns": end, "last_ns": end} for end in ends])
    rows = joined(windows.add(batch) + windows.finish())
    assert len(rows) == 3
    assert rows["window_start_ns"].min() == -(2**63)
    assert rows["window_end_ns"].max() == 2**63 - 1


@pytest.mark.parametrize(("window_ns", "lateness_ns"), [(0, 0), (-1, 0), (1, -1)])
def test_impossible_windows_are_refused(inside, window_ns, lateness_ns):
    """A window has a length and lateness is not negative."""
    with pytest.raises(ValueError, match="lateness is not negative"):
        WindowAggregator(window_ns, inside, lateness_ns)


def test_columns_that_profiles_do_not_need_are_not_kept(at, make_batch, inside):
    """Frames are the same without the columns that no feature reads."""
    full = make_batch([at(1), at(2)])
    lean = FlowBatch({name: column for name, column in full.columns.items() if name not in {"history", "input"}})
    one, other = (WindowAggregator(MINUTE, inside) for _ in range(2))
    one.add(full)
    other.add(lean)
    pd.testing.assert_frame_equal(joined(one.finish()), joined(other.finish()))
