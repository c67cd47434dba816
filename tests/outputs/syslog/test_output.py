"""The syslog output as runs use it: faults of a real receiver, and what the next run makes of them."""

import re
from functools import partial

import pytest

from netad.core.errors import ConfigError
from netad.outputs.base import RunSummary
from netad.outputs.syslog.output import SyslogOutput
from tests.elastic_server import TLS


def ids(messages):
    return [re.search(rb'\[netad@32473 id="([^"]+)"', message)[1].decode() for message in messages]


def ids_of(events):
    return [event["event"]["id"] for event in events]


def counts(delivery):
    return delivery.delivered, delivery.duplicates, delivery.spooled, delivery.dead


def deliver(output, events):
    output.write(events)
    return output.close(RunSummary())


@pytest.fixture
def many(anomaly_events):
    """Thirty anomalies with ids of their own."""
    return [
        event | {"event": event["event"] | {"id": f"{number:012x}-{position:020x}"}}
        for number in range(10)
        for position, event in enumerate(anomaly_events[:3])
    ]


def test_anomalies_go_out_and_flows_do_not_unless_asked(make_output, receive, anomaly_events, events_of_flows):
    """What was not asked for is counted as left out."""
    receiver = receive()
    delivery = deliver(make_output(receiver.url), anomaly_events + events_of_flows)
    assert counts(delivery) == (len(anomaly_events), 0, 0, 0)
    assert delivery.left_out == len(events_of_flows)
    delivery = deliver(make_output(f"{receiver.url}?flows=yes"), events_of_flows)
    assert counts(delivery) == (len(events_of_flows), 0, 0, 0)
    assert ids(receiver.messages) == ids_of(anomaly_events + events_of_flows)


def test_suppressed_anomalies_are_marked_or_left_out(make_output, datagrams, anomaly_events):
    """`act=suppressed`, or nothing with ?suppressed=no."""
    anomaly_events[0]["netad"]["suppression"] = {"suppressed": True, "rule_ids": ["x"]}
    delivery = deliver(make_output(f"{datagrams.url}?suppressed=no"), anomaly_events)
    assert (delivery.delivered, delivery.left_out) == (len(anomaly_events) - 1, 1)
    assert ids(datagrams.read()) == ids_of(anomaly_events[1:])
    assert deliver(make_output(datagrams.url), anomaly_events).delivered == 1
    (message,) = datagrams.read()
    assert b" act=suppressed " in message


def test_udp_says_that_nothing_is_confirmed_and_what_was_shortened(make_output, datagrams, anomaly_events):
    """The count is of what was sent."""
    delivery = deliver(make_output(f"{datagrams.url}?max=480"), anomaly_events)
    assert delivery.delivered == len(anomaly_events)
    assert "sent over UDP, which confirms nothing; 4 messages shortened to 480 bytes" in delivery.where
    assert all(len(message) <= 480 for message in datagrams.read())


def test_what_cannot_be_made_short_enough_is_kept_among_the_dead(make_output, datagrams, anomaly_events):
    """With the reason, and what to do."""
    delivery = deliver(make_output(f"{datagrams.url}?format=json&max=480"), anomaly_events)
    assert counts(delivery) == (0, 0, 0, len(anomaly_events))
    assert any("does not fit into 480 bytes" in problem for problem in delivery.problems)


def test_a_receiver_that_is_away_leaves_events_in_the_spool_for_the_next_run(make_output, receive, many, pauses):
    """Tried again with growing pauses, then kept; the next run sends them first, and a third nothing."""
    receiver = receive()
    receiver.stop()
    delivery = deliver(make_output(receiver.url), many[:20])
    assert counts(delivery) == (0, 0, 20, 0)
    assert pauses.slept[:3] == [1.0, 2.0, 4.0]
    assert any("cannot be reached (Connection refused)" in problem for problem in delivery.problems)
    receiver.start()
    delivery = deliver(make_output(receiver.url), many[20:])
    assert (counts(delivery), delivery.drained) == ((10, 0, 0, 0), 20)
    assert ids(receiver.messages) == ids_of(many)
    assert counts(deliver(make_output(receiver.url), many)) == (0, 30, 0, 0)


def test_a_connection_cut_in_mid_message_is_made_anew(make_output, receive, many, pauses):
    """Everything arrives; what may be there twice is counted, and has the same id."""
    receiver = receive(plan=lambda number: 4 if number == 0 else None)
    delivery = deliver(make_output(receiver.url), many)
    assert counts(delivery) == (30, 0, 0, 0)
    assert set(ids(receiver.messages)) == set(ids_of(many))
    assert len(receiver.messages) == 34
    assert "may be there twice" in delivery.where
    assert pauses.slept == [1.0]


def test_a_receiver_that_dies_in_the_middle_and_comes_back(make_output, receive, many):
    """The rest waits in the spool; after the next run every event is there."""
    receiver = receive()
    output = make_output(receiver.url, at_once=10)
    output.write(many[:10])
    receiver.stop()
    output.write(many[10:])
    delivery = output.close(RunSummary())
    assert counts(delivery) == (10, 0, 20, 0)
    receiver.start()
    delivery = deliver(make_output(receiver.url), many)
    assert (counts(delivery), delivery.drained) == ((0, 30, 0, 0), 20)
    assert ids(receiver.messages) == ids_of(many)


def test_replay_brings_the_spool_home(make_output, receive, many):
    """As `netad replay` does, without events of a run."""
    receiver = receive()
    receiver.stop()
    deliver(make_output(receiver.url), many)
    receiver.start()
    output = make_output(receiver.url)
    assert [file.target for file in output.waiting()] == [f"syslog:{receiver.url}"]
    delivery = output.replay(dead=False)
    assert delivery.drained == 30
    assert delivery.problems == []
    assert ids(receiver.messages) == ids_of(many)


def test_the_dead_can_be_tried_again_with_more_room(make_output, datagrams, anomaly_events):
    """Options are not part of what a spool is for."""
    deliver(make_output(f"{datagrams.url}?format=json&max=480"), anomaly_events)
    assert make_output(f"{datagrams.url}?max=2048").replay(dead=True).drained == len(anomaly_events)
    assert ids(datagrams.read()) == ids_of(anomaly_events)


def test_over_tls_with_a_file_of_trusted_certificates(make_output, receive, many):
    """And without it nothing goes out, which is not tried again."""
    receiver = receive(tls=True)
    trusting = partial(make_output, environment={"NETAD_SYSLOG_CA_FILE": str(TLS / "certificate.pem")})
    delivery = deliver(make_output(receiver.url), many)
    assert counts(delivery) == (0, 0, 30, 0)
    assert any("no trusted TLS connection" in problem for problem in delivery.problems)
    delivery = deliver(trusting(receiver.url), [])
    assert delivery.drained == 30
    assert ids(receiver.messages) == ids_of(many)


def test_from_target_takes_the_environment(monkeypatch, tmp_path, receive, anomaly_events):
    """Spool and ledger lie in the state folder."""
    receiver = receive()
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("NETAD_SPOOL_DIR", raising=False)
    monkeypatch.setenv("NETAD_SYSLOG_URL", receiver.url)
    assert deliver(SyslogOutput.from_target(None), anomaly_events).delivered == len(anomaly_events)
    assert deliver(SyslogOutput.from_target(None), anomaly_events).duplicates == len(anomaly_events)
    monkeypatch.setenv("NETAD_SYSLOG_CAFILE", "x")
    with pytest.raises(ConfigError, match="unknown environment variable NETAD_SYSLOG_CAFILE"):
        SyslogOutput.from_target(None)
