import math

import numpy as np
import pytest

from netad.core.addresses import parse_address
from netad.ingest.facts.batch import FactBatch, FactKind

FEATURES = ("dns_queries", "dns_names", "dns_domains", "dns_names_per_domain_max", "dns_nxdomain_share",
            "dns_failed_share", "dns_unanswered_share", "dns_carrier_share", "dns_bytes_per_query")  # fmt: skip


def dns(*rows, without=()):
    return FactBatch.from_rows(FactKind.DNS, rows, without)


def test_look_ups_are_counted(flow, fact, closed):
    """Queries, names and domains; what does not exist, failed, or was not answered; tunnels' types; bytes."""
    batch = closed(
        [flow()],
        dns(
            fact(query="a.example.org", rcode=0, query_bytes=30, answer_bytes=70),
            fact(query="b.example.org", rcode=3, query_bytes=30, answer_bytes=30),
            fact(query="b.example.org", rcode=2, query_bytes=40, answer_bytes=-1),
            fact(query="x.test", rcode=-1, query_type=16, query_bytes=-1, answer_bytes=-1),
            fact(query="host", rcode=-1, query_type=10, query_bytes=-1, answer_bytes=-1),
        ),
    )
    (row,) = batch.frame.to_dict("records")
    assert [row[name] for name in FEATURES] == pytest.approx([5, 4, 2, 2, 0.2, 0.2, 0.4, 0.4, 200 / 3])
    assert row["dns_name_length_max"] == 13
    assert row["dns_name_length_mean"] == (13 + 13 + 6 + 4) / 4


def test_random_names_have_more_entropy(flow, fact, closed):
    """Names of generators stand above words, whatever the public suffix adds."""
    words = closed([flow()], dns(*(fact(query=f"{name}.co.uk") for name in ("banana", "google", "letter"))))
    random = closed([flow()], dns(*(fact(query=f"{name}.co.uk") for name in ("xkqzjvwpyh", "wzgkxbqtrm"))))
    assert random.frame["dns_label_entropy"].iloc[0] > words.frame["dns_label_entropy"].iloc[0] + 0.5
    assert words.frame["dns_label_entropy"].iloc[0] > 0


def test_a_host_that_asked_nothing(flow, fact, closed):
    """Where look-ups are told of, a host without any has none: counts are 0, shares and means not known."""
    frame = closed([flow(), flow(source="10.0.0.2")], dns(fact(query="a.example.org"))).frame
    assert frame["dns_queries"].tolist() == [1, 0]
    assert frame["dns_names"].tolist() == [1, 0]
    assert math.isnan(frame["dns_nxdomain_share"].iloc[1])
    assert math.isnan(frame["dns_label_entropy"].iloc[1])


def test_an_input_that_tells_no_names(profile, flow):
    """Without facts nothing is known of them, not even that there were none."""
    row = profile([flow()]).iloc[0]
    assert np.isnan(row[[*FEATURES, "unresolved_share"]].to_numpy(float)).all()


def test_columns_that_a_log_lacks(flow, fact, closed):
    """A log without answers has no shares of them; its names are counted all the same."""
    row = closed([flow()], dns(fact(query="a.example.org"), without=["rcode", "query_bytes"])).frame.iloc[0]
    assert row["dns_names"] == 1
    assert np.isnan(row[["dns_nxdomain_share", "dns_bytes_per_query"]].to_numpy(float)).all()


def test_destinations_that_nobody_looked_up(flow, fact, closed):
    """Flows to outside addresses that no earlier answer gave; inside and multicast ones need no look-up."""
    high, low = parse_address("192.0.2.1")
    answers = FactBatch.from_rows(
        FactKind.ANSWER,
        [fact(source="10.0.0.9", time=1.0, address_hi=high, address_lo=low)],
    )
    records = [
        flow(destination="192.0.2.1", start=2),
        flow(destination="192.0.2.2", start=2),
        flow(destination="10.0.0.7", start=2),
        flow(destination="224.0.0.251", start=2),
        flow(source="10.0.0.2", destination="192.0.2.1", start=0, duration=0.1),
        flow(source="10.0.0.3", destination="10.0.0.1"),
    ]
    shares = closed(records, answers).frame["unresolved_share"].tolist()
    assert shares[:2] == [0.5, 1.0]
    assert math.isnan(shares[2])
