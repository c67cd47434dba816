"""Every feature against a plain computation over the same flows, one at a time."""

import math
import statistics
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from netad.core.addresses import format_address
from netad.ingest.flows import CONN_STATES, FAILED_STATES, TCP_FLAGS
from netad.profiles.features import FEATURES, MEASURED_COLUMNS

NAN = float("nan")
# The others have tests of their own: of regularity, daytime, names, greetings and novelty.
BY_HAND = {one.name for one in FEATURES if one.group not in {"names", "novelty", "history", "clock"}} - {
    "regularity",
    "named_service_share",
}
NEAR = {"10.0.0.2", "224.0.0.251", "2001:db8::9"}


def entropy(things):
    """H / log2 n of n distinct things."""
    counts = Counter(things).values()
    if len(counts) < 2:
        return 0.0
    total = sum(counts)
    return -sum(c / total * math.log2(c / total) for c in counts) / math.log2(len(counts))


def reference(flows):
    """The features of one source's flows, by their definitions."""
    n = len(flows)
    destinations = [(f["resp_hi"], f["resp_lo"]) for f in flows]
    met = len(set(destinations))
    ported = [f for f in flows if f["protocol"] in (6, 17)]
    failed = [f for f in flows if CONN_STATES[f["conn_state"]] in FAILED_STATES]
    sports, dports = {f["orig_port"] for f in ported}, {f["resp_port"] for f in ported}
    total = {key: sum(f[key] for f in flows) for key in flows[0] if key.endswith(("_packets", "_bytes"))}
    sent, received = total["orig_packets"], total["resp_packets"]
    out, back = total["orig_payload_bytes"], total["resp_payload_bytes"]
    networks = {format_address(*d).rpartition("." if "." in format_address(*d) else ":")[0] for d in destinations}
    near = {d for d in destinations if format_address(*d) in NEAR}
    result = {
        "unique_networks": len(networks),
        "unique_inside_destinations": len(near),
        "unique_destinations": met,
        "flows_per_destination": n / met,
        "top_destination_share": max(Counter(destinations).values()) / n,
        "destination_entropy": entropy(destinations),
        "inside_destination_share": sum(format_address(*d) in NEAR for d in destinations) / n,
        "unique_source_ports": len(sports),
        "unique_destination_ports": len(dports),
        "port_ratio": len(sports) / len(dports) if dports else 0,
        "destination_port_entropy": entropy([f["resp_port"] for f in ported]),
        "packets_per_destination": (sent + received) / met,
        "failed_share": len(failed) / n,
        "failed_destinations": len({(f["resp_hi"], f["resp_lo"]) for f in failed}),
        "failed_destination_ports": len({f["resp_port"] for f in failed if f["protocol"] in (6, 17)}),
        "flows": n,
        "total_packets": sent + received,
        "packets_out": sent,
        "packets_in": received,
        "bytes_out": total["orig_ip_bytes"],
        "bytes_in": total["resp_ip_bytes"],
        "payload_bytes_out": out,
        "payload_bytes_in": back,
        "producer_consumer_ratio": (out - back) / (out + back) if out + back else 0,
        "received_length_mean": total["resp_ip_bytes"] / received if received else 0,
        "tcp_share": sum(f["protocol"] == 6 for f in flows) / n,
        "udp_share": sum(f["protocol"] == 17 for f in flows) / n,
        "icmp_share": sum(f["protocol"] in (1, 58) for f in flows) / n,
        "other_protocol_share": sum(f["protocol"] == 47 for f in flows) / n,
    }
    return result | _states(flows) | _ports(flows) | _times(flows) | _lengths(flows, sent) | _headers(flows, sent)


def _states(flows):
    states = [CONN_STATES[f["conn_state"]] for f in flows]

    def share(*names):
        return sum(state in names for state in states) / len(states)

    return {
        "attempt_share": share("S0"),
        "rejected_share": share("REJ"),
        "completed_share": share("SF"),
        "reset_share": share("RSTO", "RSTR"),
        "half_open_share": share("SH", "SHR", "RSTOS0", "RSTRH"),
        "midstream_share": share("OTH"),
        "unanswered_share": sum(f["resp_packets"] == 0 for f in flows) / len(flows),
    }


def _ports(flows):
    ports = [f["resp_port"] if f["protocol"] in (6, 17) else None for f in flows]
    return {
        "dns_flow_share": ports.count(53) / len(flows),
        "web_share": sum(port in (80, 443) for port in ports) / len(flows),
        "low_port_share": sum(port in (22, 445) for port in ports) / len(flows),
        "admin_port_share": sum(port in (22, 445, 3389) for port in ports) / len(flows),
    }


def _times(flows):
    durations = [(f["last_ns"] - f["first_ns"]) / 1e9 for f in flows]
    starts = sorted(f["first_ns"] for f in flows)
    gaps = [(b - a) / 1e9 for a, b in pairwise(starts)]
    mean = statistics.fmean(gaps) if gaps else NAN
    return {
        "duration_mean": statistics.fmean(durations),
        "duration_median": statistics.median(durations),
        "duration_max": max(durations),
        "flow_gap_mean": mean,
        "flow_gap_variation": statistics.pstdev(gaps) / mean if len(gaps) > 1 and mean else NAN,
    }


def _lengths(flows, sent):
    # Each flow's packets stand for themselves through mean and deviation: E[x^2] is additive.
    mean = sum(f["orig_ip_bytes"] for f in flows) / sent if sent else NAN
    payloads = [f["orig_payload_bytes"] for f in flows]
    squares = sum(f["orig_packets"] * (f["orig_length_std"] ** 2 + f["orig_length_mean"] ** 2) for f in flows)
    return {
        "packet_length_mean": mean,
        "packet_length_mean_max": max(
            (f["orig_ip_bytes"] / f["orig_packets"] for f in flows if f["orig_packets"]), default=NAN
        ),
        "payload_bytes_out_max": max(payloads),
        "payload_variation": statistics.pstdev(payloads) / (statistics.fmean(payloads) or 1) if payloads[1:] else NAN,
        "empty_flow_share": payloads.count(0) / len(payloads),
        "packet_length_min": min((f["orig_length_min"] for f in flows if f["orig_packets"]), default=NAN),
        "packet_length_max": max((f["orig_length_max"] for f in flows if f["orig_packets"]), default=NAN),
        "packet_length_std": math.sqrt(max(squares / sent - mean**2, 0)) if sent else NAN,
    }


def _headers(flows, sent):
    low = min((f["orig_ttl_min"] for f in flows if f["orig_packets"]), default=NAN)
    high = max((f["orig_ttl_max"] for f in flows if f["orig_packets"]), default=NAN)
    middle = sum(f["orig_packets"] * (f["orig_ttl_min"] + f["orig_ttl_max"]) / 2 for f in flows)
    windows = [f["orig_window"] for f in flows if f["orig_window"] >= 0]
    tcp = sum(f["orig_packets"] for f in flows if f["protocol"] == 6)
    result = {
        "ttl_min": low,
        "ttl_max": high,
        "ttl_mean": middle / sent if sent else NAN,
        "ttl_spread": high - low,
        "tcp_window_min": min(windows, default=NAN),
        "tcp_window_mean": statistics.fmean(windows) if windows else NAN,
        "tcp_window_max": max(windows, default=NAN),
        "zero_window_share": windows.count(0) / len(windows) if windows else NAN,
    }
    for flag in TCP_FLAGS:
        count = sum(f[f"orig_{flag}"] for f in flows)
        result |= {f"{flag}_packets": count, f"{flag}_share": count / tcp if tcp else 0}
    return result


@given(data=st.data())
def test_features_equal_their_definitions(data, flow_lists, profile):
    """On random flows of several sources, every registered feature is what its definition says."""
    records = data.draw(flow_lists())
    frame = profile(records)
    for row in frame.to_dict("records"):
        own = [r for r in records if (r["orig_hi"], r["orig_lo"]) == (row["source_hi"], row["source_lo"])]
        expected = reference(own)
        assert set(expected) == BY_HAND
        got = [row[name] for name in expected]
        np.testing.assert_allclose(got, list(expected.values()), rtol=1e-6, atol=2e-4, err_msg=str(list(expected)))
    assert len(frame) == len({(r["orig_hi"], r["orig_lo"]) for r in records})


@given(data=st.data())
@settings(max_examples=15)
def test_features_know_neither_time_nor_addresses(data, flow_lists, profile):
    """Traffic of other hosts at another time, otherwise the same, gives the same features to the last bit."""
    records = data.draw(flow_lists())
    shift = data.draw(st.integers(-(10**18), 10**18))
    # Inside (10/8, or the same /48 and fe80::/64) stays inside, the order of hosts turns round.
    moved = []
    for record in records:
        changed = dict(record, first_ns=record["first_ns"] + shift, last_ns=record["last_ns"] + shift)
        for side in ("orig", "resp"):
            if format_address(record[f"{side}_hi"], record[f"{side}_lo"]) != "224.0.0.251":
                changed[f"{side}_lo"] = record[f"{side}_lo"] ^ 0xFFFF
        moved.append(changed)
    names = [feature.name for feature in FEATURES if feature.group != "clock"]
    one, other = (
        profile(rows).sort_values(["flows", *names])[names].reset_index(drop=True) for rows in (records, moved)
    )
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_a_missing_column_costs_the_features_built_on_it(profile, flow):
    """Each column but times and addresses can be missing: what does not need it is as before, the rest NaN."""
    records = [flow(start=k * k, destination=f"192.0.2.{k}", answers=[60]) for k in range(1, 4)]
    full = profile(records)
    # A capture carries no services.
    for column in sorted(MEASURED_COLUMNS - {"first_ns", "last_ns", "resp_hi", "resp_lo", "service"}):
        partial = profile(records, without=[column])
        gone = [name for name in FEATURES.names() if partial[name].isna().any() and full[name].notna().all()]
        assert gone, column
        kept = [name for name in full.columns if name not in gone and name != "window_digest"]
        pd.testing.assert_frame_equal(partial[kept], full[kept], check_exact=True)


def test_every_feature_is_described():
    """Names are plain identifiers; every feature says what it means, and shares are not put through a logarithm."""
    assert len(FEATURES.names()) == len({feature.label for feature in FEATURES})
    for feature in FEATURES:
        assert feature.name.isidentifier()
        assert feature.name == feature.name.lower()
        assert feature.meaning
        assert not (feature.unit == "share" and feature.transform == "log"), feature.name


def test_the_operators_words():
    """The features that operators rank sources by keep the labels they are known under."""
    labels = {
        "unique_destinations": "unique destinations",
        "unique_source_ports": "unique source ports",
        "unique_destination_ports": "unique destination ports",
        "packet_length_mean": "average packet length",
        "packet_length_max": "maximum packet length",
        "total_packets": "total packets",
        "port_ratio": "port ratio",
        "packets_per_destination": "packets per destination",
    }
    assert {name: FEATURES[name].label for name in labels} == labels


def test_the_page_of_features_is_that_of_the_registry():
    """docs/features.md has one row for every feature, in order, with label, unit, meaning, transform and direction."""
    page = (Path(__file__).parents[2] / "docs" / "features.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{one.name}` | {one.label} | {one.unit or '-'} | {one.meaning} | {one.transform} | {one.suspicious} |"
        for one in FEATURES
    ]
