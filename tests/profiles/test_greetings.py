import math

from netad.ingest.facts.batch import FactBatch, FactKind


def test_tls_greetings_are_counted(flow, fact, closed):
    """Greetings, those without a server name, names, clients, and those to encrypted DNS."""
    tls = FactBatch.from_rows(
        FactKind.TLS,
        [
            fact(server_name="a.example.org", ja3="x", ja4="t13d", resp_port=443, protocol=6),
            fact(server_name="dns.google", ja3="x", ja4="t12d", resp_port=443, protocol=6),
            fact(server_name="", ja3="", ja4="t13d", resp_port=853, protocol=6),
            fact(server_name="", ja3="", ja4="", resp_port=443, protocol=6),
        ],
    )
    (row,) = closed([flow()], tls).frame.to_dict("records")
    assert (row["tls_greetings"], row["tls_nameless_share"], row["tls_server_names"]) == (4, 0.5, 2)
    assert (row["ja3_clients"], row["ja4_clients"]) == (1, 2)
    assert row["encrypted_dns_share"] == 0.5
    assert math.isnan(row["http_requests"])


def test_a_log_without_fingerprints(flow, fact, closed):
    """Zeek alone has no JA4: that is not known of any host, what it has is."""
    tls = FactBatch.from_rows(FactKind.TLS, [fact(server_name="a.example.org", ja3="x")], without=["ja4"])
    frame = closed([flow(), flow(source="10.0.0.2")], tls).frame
    assert frame["tls_server_names"].tolist() == frame["ja3_clients"].tolist() == [1, 0]
    assert frame["ja4_clients"].isna().all()


def test_http_requests_are_counted(flow, fact, closed):
    """Requests, agents, hosts, and requests without an agent."""
    http = FactBatch.from_rows(
        FactKind.HTTP,
        [fact(host="a.test", user_agent="curl/8"), fact(host="b.test", user_agent="curl/8"), fact(host="b.test")],
    )
    (row,) = closed([flow()], http).frame.to_dict("records")
    assert (row["http_requests"], row["user_agents"], row["http_hosts"]) == (3, 1, 2)
    assert row["agentless_share"] == 1 / 3


def test_an_empty_log_says_that_there_was_nothing(flow, closed):
    """A kind without a single fact: counts are 0."""
    row = closed([flow()], FactBatch.from_rows(FactKind.TLS, [])).frame.iloc[0]
    assert (row["tls_greetings"], row["ja4_clients"], row["tls_server_names"]) == (0, 0, 0)
    assert math.isnan(row["tls_nameless_share"])
