import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st


def by_hand(starts):
    """The score of the starts (s) of flows to one destination and port, by NumPy's percentiles."""
    gaps = np.diff(np.sort(starts))
    gaps = gaps[gaps > 0]
    if len(gaps) < 3:
        return 0.0
    low, middle, high = np.percentile(gaps, [25, 50, 75])
    flat = high - low < 10 or middle in (low, high)
    skew = 0 if flat else (high + low - 2 * middle) / (high - low)
    spread = max(0, (middle - np.median(abs(gaps - middle))) / middle) if middle >= 1 else 1
    return 0.5 * ((1 - abs(skew)) + spread) * min(1, (max(starts) - min(starts)) / 1800)


@given(st.lists(st.tuples(st.sampled_from(["10.0.0.1", "10.0.0.2"]), st.integers(1, 2), st.sampled_from([80, 443]),
                          st.integers(0, 3000)), min_size=1, max_size=60))  # fmt: skip
def test_it_is_the_best_pair_by_hand(profile, flow, met):
    """For each source the greatest score over its destinations and ports."""
    frame = profile([flow(source=s, destination=f"192.0.2.{d}", resp_port=p, start=t) for s, d, p, t in met])
    for row in frame.to_dict("records"):
        own = [(d, p, t) for s, d, p, t in met if s == row["source"]]
        pairs = {(d, p) for d, p, _ in own}
        expected = max(by_hand([t for d, p, t in own if (d, p) == pair]) for pair in pairs)
        assert row["regularity"] == pytest.approx(expected, abs=1e-6)


def test_a_beacon_is_regular(profile, flow):
    """Every minute with a second of jitter scores near one; the same flows over an hour at random do not."""
    draw = np.random.default_rng(1)
    beacon = profile([flow(start=60 * k + draw.uniform(0, 1)) for k in range(60)])
    random = profile([flow(start=start) for start in draw.exponential(60, 60).cumsum()])
    assert beacon["regularity"].iloc[0] > 0.9
    assert random["regularity"].iloc[0] < 0.7


def test_ports_of_many_protocols_do_not_overflow(profile, flow):
    """Extreme ports and times far apart are counted like any other."""
    starts = [0, 10**8, 2 * 10**8, 3 * 10**8, 4 * 10**8]
    frame = profile([flow(start=start, resp_port=65535, protocol=255) for start in starts])
    assert frame["regularity"].iloc[0] == pytest.approx(1, abs=1e-6)
