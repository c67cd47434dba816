import numpy as np
import pytest

from netad.core.addresses import parse_address
from netad.detectors.evaluate.recording import BENIGN, MALICIOUS, UNKNOWN
from netad.detectors.evaluate.suite import Labels
from netad.detectors.verdicts import FALSE_POSITIVE, TRUE_POSITIVE, Verdicts
from netad.ingest.flows import SLICE, WHOLE

HOUR = 3600 * 10**9


def truths(recording):
    """{(host, hour since the first): malicious} of the samples."""
    table = recording.samples
    hours = table["window"] - 472_016
    return {(host, hour): bad for host, hour, bad in zip(table["host"], hours, table["malicious"], strict=True)}


@pytest.mark.parametrize(
    ("bad", "good", "expected"),
    [
        (3, 0, True),
        (3, 27, True),
        (3, 28, None),  # below a tenth
        (2, 0, None),  # too few
        (0, 1, False),
        (1, 9, None),  # neither malicious nor clean
    ],
)
def test_a_window_is_malicious_from_three_flows_and_a_tenth(flow, flows, recorded, bad, good, expected):
    """Normal without any malicious flow and with a benign one; else unknown and left out."""
    rows = [flow("10.0.0.1", 0, "Malicious")] * bad + [flow("10.0.0.1", 0, "BENIGN")] * good
    found = truths(recorded("a", [flows(rows)]))
    assert found == ({} if expected is None else {("a:10.0.0.1", 0): expected})


def test_other_labels_are_unknown(flow, flows, recorded):
    """A window of background alone is no sample; beside benign flows it does not matter."""
    background = [flow("10.0.0.1", 0, "Background"), flow("10.0.0.2", 0, "-"), flow("10.0.0.2", 0)]
    assert truths(recorded("a", [flows(background)])) == {("a:10.0.0.2", 0): False}


def test_addresses_can_say_what_is_malicious(flow, flows, recorded):
    """Without a word about the others, these are unknown; the label column does not count."""
    rows = [flow(source, 0, "benign") for source in ("10.0.0.1", "10.0.0.2", "10.0.0.3") for _ in range(3)]
    bad = parse_address("10.0.0.1")
    only = recorded("a", [flows(rows)], Labels(malicious=(bad,)))
    assert truths(only) == {("a:10.0.0.1", 0): True}
    everybody = recorded("a", [flows(rows)], Labels(malicious=(bad,), all_normal=True))
    assert truths(everybody) == {("a:10.0.0.1", 0): True, ("a:10.0.0.2", 0): False, ("a:10.0.0.3", 0): False}
    named = recorded("a", [flows(rows)], Labels(normal=(parse_address("10.0.0.3"),)))
    assert truths(named) == {("a:10.0.0.3", 0): False}


def test_verdicts_can_say_what_is_malicious(flow, flows, lookups, recorded):
    """True finds are malicious, false alarms and quiet windows normal, what nobody has judged is unknown."""
    first = 472_016 * HOUR
    rows = [flow(source, hour, "?") for source in ("10.0.0.1", "10.0.0.2") for hour in range(4) for _ in range(3)]
    verdicts = Verdicts.of([
        ("10.0.0.1", first, first + HOUR, TRUE_POSITIVE),
        ("10.0.0.1", first + HOUR, first + 2 * HOUR, FALSE_POSITIVE),
        ("10.0.0.1", first + 2 * HOUR, first + 3 * HOUR, None),
        ("10.0.0.2", first, first + 4 * HOUR, FALSE_POSITIVE),
        ("10.0.0.2", first + 3 * HOUR, first + 4 * HOUR, TRUE_POSITIVE),
    ])  # fmt: skip
    batches = [flows(rows), lookups([("10.0.0.1", 0, "x.test", "?")])]
    recording = recorded("a", batches, Labels(verdicts="parquet:x"), verdicts=verdicts)
    assert truths(recording) == {
        ("a:10.0.0.1", 0): True,
        ("a:10.0.0.1", 1): False,
        ("a:10.0.0.1", 3): False,
        **{("a:10.0.0.2", hour): hour == 3 for hour in range(4)},
    }
    assert recording.parts[1].truth.tolist() == [MALICIOUS]


def test_only_inside_hosts_are_samples(flow, flows, recorded):
    """Outside, link-local, unspecified and multicast sources are left out."""
    sources = ("10.0.0.1", "8.8.8.8", "169.254.1.1", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "fd00::1")  # noqa: S104
    rows = [flow(source, 0) for source in sources]
    hosts = {host for host, _ in truths(recorded("a", [flows(rows)]))}
    assert hosts == {"a:10.0.0.1", "a:fd00::1"}
    assert {host for host, _ in truths(recorded("a", [flows(rows)], inside=("8.0.0.0/8",)))} == {"a:8.8.8.8"}


def test_slices_count_in_the_window_they_end_in(flow, flows, recorded):
    """A whole record of a flow that was cut is not counted."""
    long = flow("10.0.0.1", 0, part=WHOLE)
    cut = [flow("10.0.0.1", hour, part=SLICE) for hour in (0, 1)]
    ends_later = flow("10.0.0.1", 1)
    ends_later["last_ns"] += HOUR
    recording = recorded("a", [flows([long, *cut, ends_later])])
    assert recording.samples["flows"].tolist() == [1, 1, 1]
    assert recording.samples["window"].tolist() == [472_016, 472_017, 472_018]


def test_labels_do_not_go_further(flow, flows, lookups, recorded):
    """Truth is kept beside flows and facts; the label column is gone from both."""
    recording = recorded(
        "a", [flows([flow("10.0.0.1", 0), flow("10.0.0.1", 0, "malicious")]), lookups([("10.0.0.1", 0, "x.test", "?")])]
    )
    assert [part.truth.tolist() for part in recording.parts] == [[BENIGN, MALICIOUS], [UNKNOWN]]
    assert not any("label" in part.batch for part in recording.parts)


def test_facts_follow_the_flow_they_were_said_in(flow, flows, lookups, recorded):
    """Same ends and ports, the flow that began nearest in time; without such a flow nothing is known."""
    port = {"destination": "0.0.0.1", "orig_port": 5000, "resp_port": 53, "protocol": 17, "at_s": 1.0}
    rows = [flow("10.0.0.1", 0, "malicious", **port), flow("10.0.0.1", 5, "benign", **port)]
    asked = [("10.0.0.1", hour, "x.test", "") for hour in (0, 1, 4, 9)] + [("10.0.0.2", 0, "x.test", "malicious")]
    facts = recorded("a", [lookups(asked), flows(rows)]).parts[1]
    assert facts.truth.tolist() == [MALICIOUS, MALICIOUS, BENIGN, BENIGN, UNKNOWN]


def test_moving_changes_source_and_time_alone(flow, flows, lookups, recorded):
    """Everything else stays, durations too."""
    recording = recorded(
        "a", [flows([flow("10.0.0.1", 0, orig_packets=7)]), lookups([("10.0.0.1", 0, "x.test", "malicious")])]
    )
    source = parse_address("10.5.5.5")
    for part in recording.parts:
        moved = part.moved(source, 3 * HOUR)
        assert (moved.times - part.times).tolist() == [3 * HOUR]
        assert (int(moved.batch["orig_hi"][0]), int(moved.batch["orig_lo"][0])) == source
        changed = {name for name, column in part.batch.columns.items() if np.any(column != moved.batch[name])}
        assert changed <= {"orig_lo", "first_ns", "last_ns", "time_ns"}
        assert moved.at(source, 472_019, HOUR).all()
        assert not moved.at(source, 472_016, HOUR).any()


def test_a_recording_without_flows_has_no_samples(lookups, recorded):
    """Facts alone make no sample."""
    assert recorded("a", [lookups([("10.0.0.1", 0, "x.test", "benign")])]).samples.empty
