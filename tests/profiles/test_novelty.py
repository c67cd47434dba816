import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netad.core.errors import ConfigError
from netad.ingest.facts.batch import FactBatch, FactKind
from netad.profiles.batch import ProfileBatch
from netad.profiles.frame import frame_dtypes
from netad.profiles.novelty import FOLDS, Knowledge, folds_of, host_hash
from netad.profiles.novelty_features import NOVELTY
from netad.profiles.said import COLUMN

NAMES = [feature.name for feature in NOVELTY]


@pytest.fixture
def week(flow, closed):
    """Builds profiles of hosts over several hours: (host, hour, destination, port) tuples, one flow each."""

    def build(*met, **changes):
        parts = []
        for hour in sorted({hour for _, hour, _, _ in met}):
            records = [
                flow(source=host, destination=far, resp_port=port, start=3600 * hour + k, **changes)
                for k, (host, when, far, port) in enumerate(met)
                if when == hour
            ]
            parts.append(closed(records))
        return ProfileBatch.join(parts)

    return build


def row(frame):
    (only,) = frame.to_dict("records")
    return only


def test_what_was_met_before_is_not_new(week):
    """Profiles measured by knowledge of themselves: nothing is new, known ports surprise less than others would."""
    batch = week(*(("10.0.0.1", hour, "192.0.2.1", 443) for hour in range(3)))
    frame = Knowledge.learn(batch).measure(batch)
    assert (frame[["new_destinations", "new_networks", "new_ports", "own_new_destinations"]] == 0).all(axis=None)
    assert frame["port_surprise_max"].tolist() == [0] * 3
    assert frame["known_source"].all()
    assert list(frame.columns) == [*frame_dtypes(), COLUMN]
    assert dict(frame.drop(columns=COLUMN).dtypes.astype(str)) == frame_dtypes()


def test_shares_and_numbers_of_what_is_new(week):
    """New destinations, networks and ports are counted once each, and weighed by flows in the shares."""
    knowledge = Knowledge.learn(week(*(("10.0.0.1", hour, "192.0.2.1", 443) for hour in range(2))))
    met = [("192.0.2.1", 443), ("192.0.2.9", 443), ("198.51.100.1", 22), ("198.51.100.1", 22)]
    got = row(knowledge.measure(week(*(("10.0.0.1", 5, far, port) for far, port in met))))
    assert (got["new_destinations"], got["new_destination_share"]) == (2, 0.75)
    assert (got["new_networks"], got["new_network_share"]) == (1, 0.5)
    assert (got["new_ports"], got["new_port_share"]) == (1, 0.5)
    new = -math.log(1e-4)
    assert got["port_surprise_mean"] == pytest.approx(new / 2)
    assert got["port_surprise_max"] == pytest.approx(new)


def test_a_scanned_network_is_new_and_failed(week):
    """New destinations that never answered are told from those that did."""
    knowledge = Knowledge.learn(week(*(("10.0.0.1", hour, "192.0.2.1", 443) for hour in range(2))))
    scan = week(*(("10.0.0.1", 5, f"198.51.100.{k}", 22) for k in range(5)), state="S0")
    assert row(knowledge.measure(scan))["failed_new_destinations"] == 5
    assert row(knowledge.measure(scan))["state_surprise_mean"] == pytest.approx(-math.log(1e-4))
    visit = week(*(("10.0.0.1", 5, f"198.51.100.{k}", 22) for k in range(5)))
    assert row(knowledge.measure(visit))["failed_new_destinations"] == 0


def test_what_others_know_is_new_to_the_source(week):
    """A port that another host uses is not new to the baseline, but to this host."""
    met = [("10.0.0.1", hour, "192.0.2.1", 443) for hour in range(2)]
    met += [("10.0.0.2", hour, "192.0.2.2", 22) for hour in range(2)]
    got = row(Knowledge.learn(week(*met)).measure(week(("10.0.0.1", 5, "192.0.2.2", 22))))
    assert (got["new_ports"], got["new_destinations"]) == (0, 0)
    assert (got["own_new_ports"], got["own_new_destinations"], got["own_new_networks"]) == (1, 1, 0)
    assert got["own_port_surprise_mean"] > got["port_surprise_mean"]


def test_a_new_host_is_compared_with_its_peers(week):
    """A host that the baseline does not know: ports are new unless its /24 used them, and it is marked."""
    met = [("10.0.0.1", hour, "192.0.2.1", 443) for hour in range(2)]
    met += [("10.0.1.1", hour, "192.0.2.1", 22) for hour in range(2)]
    knowledge = Knowledge.learn(week(*met))
    visit = week(
        ("10.0.0.9", 5, "192.0.2.1", 443), ("10.0.1.9", 5, "192.0.2.1", 443), ("10.9.9.9", 5, "192.0.2.1", 443)
    )
    frame = knowledge.measure(visit)
    assert frame["known_source"].tolist() == [False] * 3
    assert frame["own_new_ports"].tolist() == [0, 1, 0]
    assert frame["own_new_destinations"].tolist() == [0, 0, 0]
    peers, others, nobody = frame["own_port_surprise_mean"]
    assert peers < nobody < others


def test_configured_peers_go_before_the_network(week):
    """Hosts of one configured network are peers across /24s; a text that is no network is an error."""
    met = [("10.0.0.1", hour, "192.0.2.1", 443) for hour in range(2)]
    met += [("10.0.1.1", hour, "192.0.2.1", 22) for hour in range(2)]
    batch, visit = week(*met), week(("10.0.1.9", 5, "192.0.2.1", 443))
    assert Knowledge.learn(batch).measure(visit)["own_new_ports"].tolist() == [1]
    configured = Knowledge.learn(batch, peer_networks=("10.0.0.0/23",))
    assert configured.measure(visit)["own_new_ports"].tolist() == [0]
    with pytest.raises(ConfigError, match="not a network"):
        Knowledge.learn(batch, peer_networks=("office",))


def test_a_group_of_peers_may_be_several_networks(week):
    """Hosts of one role, wherever they are; a group of any length is another group than its parts."""
    met = [("10.0.0.1", hour, "192.0.2.1", 443) for hour in range(2)]
    met += [("10.0.0.7", hour, "192.0.2.1", 22) for hour in range(2)]
    batch, visit = week(*met), week(("10.9.0.9", 5, "192.0.2.1", 443))
    more = " ".join(f"10.9.1.{number}" for number in range(20))
    for group, new in ((f"10.0.0.1 10.9.0.9 {more}", 0), (f"10.0.0.7 10.9.0.9 {more}", 1)):
        knowledge = Knowledge.learn(batch, peer_networks=(group,))
        assert knowledge.measure(visit)["own_new_ports"].tolist() == [new]
    assert knowledge.peer_networks[0].startswith("10.0.0.7/32 10.9.0.9/32")


def test_one_window_is_no_past(week):
    """A host seen in a single window of the baseline counts as new."""
    knowledge = Knowledge.learn(week(("10.0.0.1", 0, "192.0.2.1", 443)))
    assert knowledge.measure(week(("10.0.0.1", 5, "192.0.2.1", 443)))["known_source"].tolist() == [False]


def test_hosts_may_be_told_apart_by_more_than_addresses(week):
    """Two sites with the same addresses: each has its own past where the caller says who is who."""
    batch = week(*(("10.0.0.1", hour, "192.0.2.1", 443) for hour in range(2)))
    knowledge = Knowledge.learn(batch, hosts=np.array([5, 5], dtype=np.uint64))
    frame = [knowledge.measure(batch, hosts=np.array([host] * 2, dtype=np.uint64)) for host in (5, 6)]
    assert [one["known_source"].tolist() for one in frame] == [[True, True], [False, False]]


def test_training_profiles_are_measured_by_the_others(week):
    """What one window alone met is new to it; what all windows met is not, whatever the fold."""
    met = [("10.0.0.1", hour, "192.0.2.1", 443) for hour in range(8)]
    frame = Knowledge.measure_training(week(*met, ("10.0.0.1", 3, "198.51.100.1", 23)))
    assert frame["new_destinations"].tolist() == frame["new_ports"].tolist() == [0, 0, 0, 1, 0, 0, 0, 0]
    assert frame["known_source"].all()
    assert frame.index.tolist() == list(range(8))


def test_training_with_prior_knowledge(week):
    """What an older model met is not new in the training data that is added to it."""
    batch = week(*(("10.0.0.1", hour, f"192.0.2.{hour}", 443) for hour in range(4)))
    assert Knowledge.measure_training(batch)["new_destinations"].tolist() == [1, 1, 1, 1]
    prior = Knowledge.learn(batch.select(np.array([0, 1])))
    assert Knowledge.measure_training(batch, prior=prior)["new_destinations"].tolist() == [0, 0, 1, 1]


def test_training_with_one_profile(week):
    """There is nothing to compare a single profile with: its novelty is not known."""
    frame = Knowledge.measure_training(week(("10.0.0.1", 0, "192.0.2.1", 443)))
    assert frame[NAMES].isna().all(axis=None)
    assert not frame["known_source"].any()


@given(st.integers(1, 40), st.integers(0, 3))
def test_folds_are_even_whatever_the_order(count, seed):
    """Every source's windows are dealt evenly; the order of rows does not matter, and a seed deals anew."""
    frame = pd.DataFrame({"window_start_ns": np.arange(count)})
    host = np.arange(count, dtype=np.uint64) % np.uint64(3)
    fold = folds_of(frame, host, seed)
    turned = folds_of(frame[::-1].reset_index(drop=True), host[::-1], seed)
    assert turned[::-1].tolist() == fold.tolist()
    for one in np.unique(host):
        sizes = np.bincount(fold[host == one], minlength=FOLDS)
        assert sizes.max() - sizes.min() <= 1


@given(data=st.data())
@settings(max_examples=15)
def test_merged_knowledge_is_that_of_both(data, flow_lists, closed):
    """Learning from two parts and merging measures like learning from all at once."""
    one, other = (closed(data.draw(flow_lists())) for _ in range(2))
    visit = closed(data.draw(flow_lists()))
    merged = Knowledge.learn(one).merge(Knowledge.learn(other)).measure(visit)
    pd.testing.assert_frame_equal(merged, Knowledge.learn(ProfileBatch.join([one, other])).measure(visit))


@given(data=st.data())
@settings(max_examples=15)
def test_what_is_new_by_hand(data, flow_lists, closed):
    """New destinations and ports of each source by comparing the flows themselves."""
    past, now = data.draw(flow_lists()), data.draw(flow_lists())
    frame = Knowledge.learn(closed(past)).measure(closed(now))
    known = {(r["resp_hi"], r["resp_lo"]) for r in past}
    for got in frame.to_dict("records"):
        own = [r for r in now if (r["orig_hi"], r["orig_lo"]) == (got["source_hi"], got["source_lo"])]
        new = [(r["resp_hi"], r["resp_lo"]) for r in own if (r["resp_hi"], r["resp_lo"]) not in known]
        assert got["new_destinations"] == len(set(new))
        assert got["new_destination_share"] == pytest.approx(len(new) / len(own))


def test_kinds_that_were_never_told_of_stay_unknown(flow, fact, closed):
    """Domains: NaN where the baseline or the profile has no names, a number where both have."""
    named = closed([flow()], FactBatch.from_rows(FactKind.DNS, [fact(query="a.example.org")]))
    nameless = closed([flow()])
    assert math.isnan(row(Knowledge.learn(nameless).measure(named))["new_domains"])
    assert math.isnan(row(Knowledge.learn(named).measure(nameless))["new_domains"])
    assert row(Knowledge.learn(named).measure(named))["new_domains"] == 0
    other = closed(
        [flow()], FactBatch.from_rows(FactKind.DNS, [fact(query="b.example.net"), fact(query="c.example.org")])
    )
    got = row(Knowledge.learn(named).measure(other))
    assert (got["new_domains"], got["new_domain_share"]) == (1, 0.5)


def test_a_baseline_of_nothing(week):
    """Knowledge of no profile measures nothing."""
    batch = week(("10.0.0.1", 0, "192.0.2.1", 443))
    nothing = Knowledge.learn(batch.select(np.array([], dtype=np.intp)))
    assert nothing.measure(batch)[NAMES].isna().all(axis=None)
    assert nothing.false_positive_rate == 0
    assert len(nothing.merge(Knowledge.learn(batch)).hosts) == 1


def test_who_a_host_is(week):
    """The same address is the same host in every batch, another one is another."""
    batch = week(("10.0.0.1", 0, "192.0.2.1", 443), ("10.0.0.2", 0, "192.0.2.1", 443), ("10.0.0.1", 1, "192.0.2.1", 80))
    one, other, again = host_hash(batch.frame).tolist()
    assert one == again != other
