import numpy as np
import pytest

from netad.config import Config
from netad.core.errors import InputError
from netad.ingest.flows import FlowBatch
from netad.profiles.frame import join_frames
from netad.reading import Reading
from tests.ingest.logs.samples import START, conn, tsv
from tests.ingest.logs.test_zeek_facts import DNS


def profiles(reading, on_batch=None):
    """All profiles of the inputs in one frame."""
    return join_frames([batch.frame for batch in reading.profiles(on_batch)])


def test_profiles_and_flows_agree(office):
    """What profiles count is what the flows hold, and nothing else."""
    config = Config()
    sent = []

    def count(batch):
        if isinstance(batch, FlowBatch):
            sent.append(int(batch.whole()["orig_packets"].sum()))

    frame = profiles(Reading(config, [str(office)]), count)
    assert int(frame["packets_out"].sum()) <= sum(sent)
    assert np.isclose(frame["packets_out"].sum(), sum(sent), rtol=0.05)


def test_nothing_readable_is_an_input_error(tmp_path):
    """Without any readable input there is nothing to report."""
    with pytest.raises(InputError, match="missing"):
        profiles(Reading(Config(), [str(tmp_path / "missing.pcap")]))


def test_a_window_without_a_look_up_is_told_from_an_input_without_dns(office, tmp_path):
    """A capture tells of DNS, so that who asks nothing asked 0 times; a conn.log alone does not, and a dns.log does."""
    asked = profiles(Reading(Config(), [str(office)]))["dns_queries"]
    assert not asked.isna().any()
    (tmp_path / "conn.log").write_text(tsv("conn", [conn()]))
    assert profiles(Reading(Config(), [str(tmp_path)]))["dns_queries"].isna().all()
    (tmp_path / "dns.log").write_text(tsv("dns", [DNS | {"id.orig_h": "10.0.0.99", "ts": str(START + 9)}]))
    assert profiles(Reading(Config(), [str(tmp_path)]))["dns_queries"].tolist() == [0.0]


def test_what_was_said_without_a_flow_is_told(tmp_path):
    """What a look-up of a source without flows says makes no profile, and a note counts its facts."""
    (tmp_path / "conn.log").write_text(tsv("conn", [conn()]))
    (tmp_path / "dns.log").write_text(tsv("dns", [DNS | {"id.orig_h": "10.0.0.99", "ts": str(START + 9)}]))
    reading = Reading(Config(), [str(tmp_path)])
    profiles(reading)
    assert "3 DNS, TLS or HTTP facts of sources without a flow in that window made no profile" in reading.notes


def test_night_is_that_of_the_time_zone(tmp_path):
    """22:13 UTC is night there and in Berlin, but not in New York."""
    (tmp_path / "conn.log").write_text(tsv("conn", [conn()]))
    shares = {
        zone: profiles(Reading(Config(time_zone=zone), [str(tmp_path)]))["night_share"].tolist()
        for zone in ("UTC", "Europe/Berlin", "America/New_York")
    }
    assert shares == {"UTC": [1.0], "Europe/Berlin": [1.0], "America/New_York": [0.0]}
