import json

import dpkt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netad.core.errors import ConfigError, OutputError
from netad.sample.attacks import ATTACKS, Beacon
from netad.sample.capture import sample_packets, write_sample
from netad.sample.rhythm import working_day

THIN = {"seed": 3, "hours": 0.5, "packets_scale": 0.3}


@settings(max_examples=8)
@given(st.integers(0, 10**9), st.integers(1, 400), st.floats(0.01, 0.4), st.floats(0.05, 1.0))
def test_times_ascend_within_the_span(seed, day, hours, scale):
    """Whatever the options, packets are in time order and inside the capture's span."""
    packets, truths = sample_packets(seed=seed, day=day, hours=hours, packets_scale=scale)
    span = working_day(day, hours)
    times = [time for time, _ in packets]
    assert times == sorted(times)
    assert truths == ()
    assert all(span.start_ns <= time < span.end_ns for time in times)


def test_same_options_same_bytes(tmp_path):
    """Two runs write equal files; another seed or day writes others."""
    first, second = (write_sample(tmp_path / name, attacks=("beacon",), **THIN) for name in ("a", "b"))
    assert first.capture.read_bytes() == second.capture.read_bytes()
    assert first.labels.read_bytes() == second.labels.read_bytes()
    other_day = write_sample(tmp_path / "c", attacks=("beacon",), day=2, **THIN)
    other_seed = write_sample(tmp_path / "d", attacks=("beacon",), **{**THIN, "seed": 4})
    assert len({files.capture.read_bytes() for files in (first, other_day, other_seed)}) == 3


def test_attacks_come_on_top_of_the_same_day(normal_hour, attacked_hour):
    """Without its attacks an attacked capture is the normal one, packet for packet."""
    packets, truths = attacked_hour
    assert len(packets) == len(normal_hour) + sum(truth.packets for truth in truths)
    left = set(packets)
    assert set(normal_hour) <= left
    assert len(left - set(normal_hour)) == sum(truth.packets for truth in truths)


def test_every_attacked_frame_is_right(attacked_hour, see):
    """Lengths and checksums hold in attacks as well."""
    assert len(see(attacked_hour[0])) == len(attacked_hour[0])


def test_files_hold_what_is_said(tmp_path):
    """The capture reads back with dpkt, and the labels name attacks, times and normal sources."""
    files = write_sample(tmp_path, attacks=("scan", Beacon(interval_s=30)), **THIN)
    with files.capture.open("rb") as file:
        assert sum(1 for _ in dpkt.pcap.Reader(file)) == files.packets
    labels = json.loads(files.labels.read_text())
    assert (files.capture.name, files.labels.name) == ("attacked.pcap", "attacked.labels.json")
    assert (labels["format_version"], labels["capture"], labels["packets"]) == (1, "attacked.pcap", files.packets)
    assert [attack["name"] for attack in labels["attacks"]] == ["scan", "beacon"]
    for attack, truth in zip(labels["attacks"], files.attacks, strict=True):
        assert (attack["source"], attack["start_ns"], attack["end_ns"]) == (truth.source, truth.start_ns, truth.end_ns)
        assert attack["technique"].startswith("T1")
        assert attack["start"].startswith("2026-03-02T08:")
    roles = {source["address"]: source["role"] for source in labels["sources"]}
    assert roles["10.20.10.2"] == "resolver"
    assert {attack["source"] for attack in labels["attacks"]} <= set(roles)
    assert files.bytes == files.capture.stat().st_size


def test_no_attack_unless_asked_for(tmp_path):
    """A normal day says so in its labels and its name."""
    files = write_sample(tmp_path, **THIN)
    assert (files.capture.name, files.attacks) == ("normal.pcap", ())
    assert json.loads(files.labels.read_text())["attacks"] == []


def test_a_day_is_of_a_handy_size():
    """Eight hours with every attack: some 60,000 to 130,000 packets in less than 50 MB."""
    packets, _ = sample_packets(attacks=tuple(ATTACKS), day=2)
    assert 60_000 < len(packets) < 130_000
    assert sum(len(frame) + 16 for _, frame in packets) < 50_000_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"day": 0}, "day 0"),
        ({"hours": 0}, "0 hours"),
        ({"hours": 25}, "25 hours"),
        ({"hours": float("nan")}, "nan hours"),
        ({"packets_scale": 11}, "scale 11"),
        ({"name": "../x.pcap"}, "not a plain file name"),
        ({"name": ".."}, "not a plain file name"),
        ({"attacks": ("worm",)}, "unknown attack 'worm'"),
    ],
)
def test_options_out_of_range_are_refused(tmp_path, options, message):
    """One sentence, and nothing is written."""
    with pytest.raises(ConfigError, match=message):
        write_sample(tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    """A file in the folder's place is an output error."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError, match="cannot write the sample"):
        write_sample(tmp_path / "taken", **THIN)
