"""A capture and the logs that Zeek and Suricata wrote of it: the same profiles, over one window (docs/logs.md)."""

import numpy as np
import pytest

from netad.config import load_config
from netad.profiles.frame import join_frames
from netad.reading import Reading

COUNTS = ("flows", "unique_destinations", "unique_destination_ports")
AMOUNTS = ("packets_out", "packets_in", "bytes_out", "bytes_in")
APT29, HUE, SLIPS = "pairs/zeek-otrf-apt29-day2", "labelled/iot23/4-1-philips-hue", "pairs/suricata/slips-test7"
# Zeek's conn.log and EVE have no IGMP; in these 10 minutes it is all that 172.17.0.1 sends.
IGMP_ONLY = "172.17.0.1"

pytestmark = pytest.mark.corpus


def profiles(*paths, strict="none"):
    """Return the profiles over the whole input by source."""
    config = load_config(None, {"window": "capture", "strict": strict}, {})
    reading = Reading(config, [str(path) for path in paths])
    return join_frames([batch.frame for batch in reading.profiles()]).set_index("source")


def packets(path):
    """Return how many packets all flows have."""
    whole = (batch.whole() for batch in Reading(load_config(None, {}, {}), [str(path)]).flows())
    return sum(int((batch["orig_packets"] + batch["resp_packets"]).sum()) for batch in whole)


@pytest.mark.parametrize(
    ("capture", "log", "strict"),
    [(f"{APT29}/SCRANTON/SCRANTON.cap", f"{APT29}/SCRANTON/SCRANTON_conn.log", "lengths"),
     (f"{APT29}/UTICA-C/UTICA-C.cap", f"{APT29}/UTICA-C/UTICA-C_conn.log", "lengths"),
     (f"{HUE}/2018-10-25-14-06-32-192.168.1.132.pcap", f"{HUE}/conn.log.labeled", "checksums")],
)  # fmt: skip
def test_zeeks_log_gives_the_captures_profiles(corpus, capture, log, strict):
    """Read as strictly as Zeek was run: the same sources, every count, packet and IP byte the same."""
    of_packets, of_lines = profiles(corpus / capture, strict=strict), profiles(corpus / log)
    names = [*COUNTS, *AMOUNTS]
    assert of_packets[names].to_dict("index") == of_lines[names].to_dict("index")


def test_zeeks_log_of_many_scans_differs_by_what_it_has_not(corpus):
    """Flows, destinations and ports within 1 % of all; packets and IP bytes but for 6 of IGMP in 240 bytes."""
    of_packets = profiles(corpus / SLIPS / "test7-malicious.pcap", strict="lengths")
    of_lines = profiles(corpus / SLIPS / "conn.log-79569.labeled")
    assert set(of_packets.index) - set(of_lines.index) == {IGMP_ONLY}
    both = of_packets.drop(IGMP_ONLY)
    sums = both[[*COUNTS, *AMOUNTS]].sum() - of_lines[[*COUNTS, *AMOUNTS]].sum()
    assert all(abs(sums[name]) <= 0.01 * both[name].sum() for name in COUNTS)
    assert sums[[*AMOUNTS]].tolist() == [4, 0, 160, 0]
    # The busiest source alone: 566 flows, 281 destinations.
    for name in COUNTS:
        busiest, same = both[name]["192.168.2.16"], of_lines[name]["192.168.2.16"]
        assert abs(busiest - same) <= 0.01 * busiest


def test_suricatas_events_count_the_same_packets_otherwise_cut(corpus):
    """Destinations and ports within 1 % or one; all packets but 6 of IGMP and 3 ICMP errors."""
    of_packets = profiles(corpus / SLIPS / "test7-malicious.pcap")
    of_lines = profiles(corpus / SLIPS / "eve.json")
    busiest = "192.168.2.16"
    for name in ("unique_destinations", "unique_destination_ports"):
        assert abs(of_packets[name] - of_lines[name])[of_lines.index].max() <= max(1, 0.01 * of_packets[name][busiest])
    assert of_lines["bytes_out"].isna().all()  # frames are not IP packets
    assert packets(corpus / SLIPS / "test7-malicious.pcap") - packets(corpus / SLIPS / "eve.json") == 9


@pytest.mark.parametrize("host", ["SCRANTON", "UTICA-C"])
def test_dns_features_of_dns_log_are_the_captures(corpus, host):
    """All that a dns.log can tell of a source's look-ups: names, types, answers."""
    folder = corpus / APT29 / host
    of_packets = profiles(folder / f"{host}.cap", strict="lengths")
    of_lines = profiles(folder / f"{host}_conn.log", folder / f"{host}_dns.log")
    names = [name for name in of_packets if name.startswith("dns_") and name != "dns_bytes_per_query"]
    names.append("unresolved_share")
    assert len(names) >= 11
    assert of_packets["dns_queries"].sum() > 0
    assert of_packets.index.equals(of_lines.index)
    assert np.array_equal(of_packets[names].to_numpy(float), of_lines[names].to_numpy(float), equal_nan=True)
    assert of_lines["dns_bytes_per_query"].isna().all()
