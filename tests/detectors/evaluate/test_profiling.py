import numpy as np
import pandas as pd
import pytest

from netad.detectors.evaluate.profiling import profile
from netad.detectors.evaluate.splits import Move

HOUR = 3600 * 10**9


def place(recordings, host, hour):
    """The row of a sample among all recordings' samples."""
    samples = pd.concat([one.samples for one in recordings], ignore_index=True)
    rows = np.flatnonzero((samples["host"] == host) & (samples["window"] == 472_016 + hour))
    return int(rows[0])


@pytest.fixture
def pair(flow, flows, lookups, recorded):
    """A quiet host with three hours of one, two and three flows, and a worm with twelve bad flows and one good one."""
    quiet = [flow("10.0.0.1", hour, destination=f"192.0.2.{n}") for hour in range(3) for n in range(hour + 1)]
    worm = [flow("10.0.0.1", 7, "malicious", f"198.51.100.{n}", resp_port=445) for n in range(11)]
    worm.append(flow("10.0.0.1", 7, "malicious", "0.0.0.1", at_s=1.0, orig_port=5000, resp_port=53, protocol=17))
    worm.append(flow("10.0.0.1", 7, "benign", "203.0.113.1"))
    names = [("10.0.0.1", 7, f"{n}.evil.test", "malicious") for n in range(4)]
    return recorded("a", [flows(quiet)]), recorded("w", [flows(worm), lookups(names)])


def test_a_moved_window_holds_both(pair):
    """The host's own flows and the malicious ones of the donor, none of its benign ones."""
    move = Move(place(pair, "a:10.0.0.1", 1), place(pair, "w:10.0.0.1", 7))
    profiled = profile(pair, [move], HOUR)
    assert profiled.moves == (move,)
    row = profiled.moved.frame.iloc[0]
    assert (row["flows"], row["unique_destinations"], row["unique_destination_ports"]) == (14, 14, 3)
    own = profiled.recorded.frame.iloc[move.target]
    assert (own["flows"], own["unique_destinations"]) == (2, 2)
    for key in ("source", "source_hi", "source_lo", "window_start_ns", "window_end_ns", "inside"):
        assert row[key] == own[key]


def test_hosts_with_the_same_address_stay_apart(pair):
    """Every host gets an address of its own, whatever the recordings call it."""
    frame = profile(pair, [], HOUR).recorded.frame
    assert frame["source"].nunique() == 2
    assert frame.groupby("source")["flows"].apply(sorted).tolist() == [[1, 2, 3], [13]]
    assert frame["inside"].all()


def test_sources_of_one_network_stay_together(flow, flows, recorded):
    """Peers share a /24 before and after; two sites that use the same one do not."""
    rows = [flow(source, 0) for source in ("10.0.0.1", "10.0.0.2", "10.0.1.1", "fd00::1")]
    sites = [recorded(name, [flows(rows)]) for name in "ab"]
    frame = profile(sites, [], HOUR).recorded.frame
    networks = [text.rpartition("." if "." in text else ":")[0] for text in frame["source"]]
    assert networks[0] == networks[1]
    assert networks[4] == networks[5]
    assert len(set(networks)) == 6


def test_facts_go_along_where_the_recording_would_tell(flow, flows, lookups, recorded, pair):
    """Look-ups move to a host whose recording has look-ups, and to no other: having any would give it away."""
    deaf, worm = pair
    hears = recorded("b", [flows([flow("10.0.0.2", 0)]), lookups([("10.0.0.2", 0, "good.test", "benign")])])
    recordings = (deaf, worm, hears)
    donor = place(recordings, "w:10.0.0.1", 7)
    moves = [Move(place(recordings, "a:10.0.0.1", 0), donor), Move(place(recordings, "b:10.0.0.2", 0), donor)]
    profiled = profile(recordings, moves, HOUR)
    asked = dict(zip(profiled.moves, profiled.moved.frame["dns_queries"], strict=True))
    assert np.isnan(asked[moves[0]])
    assert asked[moves[1]] == 5


def test_many_moves_into_one_window_stay_apart(pair, flow, flows, recorded):
    """Each is profiled by itself, and the order they were asked for in does not matter."""
    other = recorded("x", [flows([flow("10.0.0.7", 3, "malicious", f"198.51.100.{n}") for n in range(20)])])
    recordings = (*pair, other)
    target, again = (place(recordings, "a:10.0.0.1", hour) for hour in (0, 2))
    donors = [place(recordings, "w:10.0.0.1", 7), place(recordings, "x:10.0.0.7", 3)]
    moves = [Move(target, donors[1]), Move(again, donors[0]), Move(target, donors[0]), Move(target, donors[1])]
    profiled = profile(recordings, moves, HOUR)
    counted = dict(zip(profiled.moves, profiled.moved.frame["flows"], strict=True))
    assert counted == {moves[0]: 21, moves[1]: 15, moves[2]: 13}


def test_behaviours_watch_moved_windows_beside_the_recording(flow, flows, recorded):
    """A slow scan that is moved shows there, and the windows after it are watched as if it had not happened."""
    rows = [flow("10.0.0.1", hour, destination=f"192.0.2.{n}") for hour in range(6) for n in range(3)]
    silent = {"resp_port": 445, "resp_packets": 0, "orig_payload_bytes": 0, "resp_payload_bytes": 0, "conn_state": 0}
    scan = [flow("10.9.0.1", 0, "malicious", f"198.51.100.{n}", at_s=9.0 * n, **silent) for n in range(1, 200)]
    recordings = (recorded("a", [flows(rows)]), recorded("s", [flows(scan)]))
    donor = place(recordings, "s:10.9.0.1", 0)
    moves = [Move(place(recordings, "a:10.0.0.1", hour), donor) for hour in (2, 3)]
    alone, beside = profile(recordings, [], HOUR).recorded.frame, profile(recordings, moves, HOUR)
    pd.testing.assert_frame_equal(alone, beside.recorded.frame)
    assert (beside.moved.frame["behaviour.scan"] >= 3).all()
    assert (beside.recorded.frame["behaviour.scan"].to_numpy()[:6] < 3).all()
