import numpy as np
import pytest

from netad.ingest.flows import FlowBatch


@pytest.mark.parametrize(
    ("port", "protocol", "feature"),
    [(53, 17, "dns_flow_share"), (443, 17, "web_share"), (80, 6, "web_share"), (445, 6, "admin_port_share"),
     (445, 6, "low_port_share"), (3389, 6, "admin_port_share"), (25, 6, "low_port_share")],
)  # fmt: skip
def test_ports_say_what_it_is(profile, flow, port, protocol, feature):
    """A flow to a well-known port counts for its service; a high port and ICMP do not."""
    others = [flow(resp_port=8080, start=1), flow(protocol=1, resp_port=0, start=2), flow(resp_port=50000, start=3)]
    (row,) = profile([flow(resp_port=port, protocol=protocol), *others]).to_dict("records")
    assert row[feature] == 0.25
    assert row["low_port_share"] in (0, 0.25)


def test_protocols_have_their_shares(profile, flow):
    """TCP, UDP, ICMP of both versions, and the rest."""
    (row,) = profile([flow(protocol=p, start=p) for p in (6, 17, 1, 58, 47)]).to_dict("records")
    names = ("tcp_share", "udp_share", "icmp_share", "other_protocol_share")
    assert [row[name] for name in names] == pytest.approx([0.2, 0.2, 0.4, 0.2])


def test_services_that_a_log_names(flow, make_batch, closed):
    """The share of flows with a name; not known for a capture."""
    batch = make_batch([flow(), flow(start=1)])
    named = FlowBatch({**batch.columns, "service": np.array(["ssl", ""], dtype=object)})
    windows = closed([flow(source="10.0.0.9")], named).frame
    assert windows["named_service_share"].tolist()[0] == 0.5
    assert np.isnan(windows["named_service_share"].iloc[1])
