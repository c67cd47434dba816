"""The web hook output as runs use it: what a receiver gets and can verify, faults, and what the next run does."""

import base64
import hashlib
import hmac

import orjson
import pytest

from netad.outputs.base import RunSummary
from netad.outputs.webhook.output import WebhookOutput
from tests.elastic_server import Answer

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


def ids_of(events):
    return [event["event"]["id"] for event in events]


def counts(delivery):
    return delivery.delivered, delivery.duplicates, delivery.spooled, delivery.dead


def deliver(output, events):
    output.write(events)
    return output.close(RunSummary())


class Receiver:
    """Takes each event once, by its idempotency key; `troubles` are answers to give first."""

    def __init__(self, *troubles):
        self.troubles = list(troubles)
        self.ids = []
        self.keys = []

    def __call__(self, asked):
        if self.troubles:
            return self.troubles.pop(0)
        key = asked.headers["idempotency-key"]
        if key not in self.keys:
            self.keys.append(key)
            body = orjson.loads(asked.body)
            self.ids += [event["event"]["id"] for event in (body if isinstance(body, list) else [body])]
        return Answer()


def verified(asked, secret):
    """Verify a request as a receiver does (Standard Webhooks), and return its body."""
    identity, timestamp = asked.headers["webhook-id"], asked.headers["webhook-timestamp"]
    assert abs(int(timestamp) - 1768208400) < 300
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = hmac.digest(key, f"{identity}.{timestamp}.".encode() + asked.body, "sha256")
    version, _, given = asked.headers["webhook-signature"].partition(",")
    assert version == "v1"
    assert hmac.compare_digest(base64.b64decode(given), expected)
    return orjson.loads(asked.body)


def test_each_anomaly_is_a_request_that_the_receiver_can_verify(make_output, serve, anomaly_events, events_of_flows):
    """The event as it is, stamped with the time of sending; flows are left out."""
    server = serve(lambda _: Answer())
    delivery = deliver(make_output(server.url, {"NETAD_WEBHOOK_SECRET": SECRET}), anomaly_events + events_of_flows)
    assert (counts(delivery), delivery.left_out) == ((4, 0, 0, 0), len(events_of_flows))
    for event, asked in zip(anomaly_events, server.asked, strict=True):
        body = verified(asked, SECRET)
        assert body["event"] == event["event"] | {"ingested": "2026-01-12T09:00:00.000Z"}
        assert asked.headers["idempotency-key"] == asked.headers["webhook-id"] == event["event"]["id"]
        assert asked.headers["content-type"] == "application/json"
    server.asked[0].body += b" "
    with pytest.raises(AssertionError):
        verified(server.asked[0], SECRET)


def test_without_a_secret_there_is_no_signature_and_a_header_may_say_who_we_are(make_output, serve, anomaly_events):
    """As Splunk's HTTP Event Collector wants it."""
    server = serve(lambda _: Answer())
    deliver(make_output(server.url, {"NETAD_WEBHOOK_AUTHORIZATION": "Splunk 0-1-2"}), anomaly_events[:1])
    (asked,) = server.asked
    assert "webhook-signature" not in asked.headers
    assert asked.headers["authorization"] == "Splunk 0-1-2"


def test_several_events_go_into_one_request(make_output, serve, anomaly_events):
    """As an array, or a line each; the key of a batch is made of the ids in it."""
    server = serve(lambda _: Answer())
    assert deliver(make_output(f"{server.url}/a#batch=3"), anomaly_events).delivered == 4
    assert [len(orjson.loads(asked.body)) for asked in server.asked] == [3, 1]
    key = hashlib.sha256("\n".join(ids_of(anomaly_events[:3])).encode()).hexdigest()[:32]
    assert server.asked[0].headers["idempotency-key"] == key
    assert deliver(make_output(f"{server.url}/b#batch=3&body=lines"), anomaly_events).delivered == 4
    asked = server.asked[2]
    assert [orjson.loads(line)["event"]["id"] for line in asked.body.splitlines()] == ids_of(anomaly_events[:3])
    assert asked.headers["content-type"] == "application/x-ndjson"


def test_a_template_makes_the_body(make_output, serve, tmp_path, anomaly_events):
    """For chat services."""
    (tmp_path / "chat.yml").write_text("text: '${source.ip}: ${event.reason}'")
    server = serve(lambda _: Answer())
    deliver(make_output(f"{server.url}#template={tmp_path}/chat.yml"), anomaly_events[:1])
    event = anomaly_events[0]
    assert orjson.loads(server.asked[0].body) == {"text": f"{event['source']['ip']}: {event['event']['reason']}"}


def test_a_storm_of_errors_passes(make_output, serve, anomaly_events, pauses):
    """Tried again with growing pauses, as long as the receiver asked for where it did."""
    storm = [Answer(500), Answer(503), Answer(429, headers={"Retry-After": "17"})]
    receiver = Receiver(*storm)
    delivery = deliver(make_output(serve(receiver).url), anomaly_events)
    assert counts(delivery) == (4, 0, 0, 0)
    assert receiver.ids == ids_of(anomaly_events)
    assert pauses.slept == [1.0, 2.0, 17.0]


def test_an_answer_that_got_lost_does_not_make_two_of_an_event(make_output, serve, anomaly_events):
    """The same key comes again, and the note says that it may have."""
    receiver = Receiver()
    lost = iter([True])

    def script(asked):
        answer = receiver(asked)
        return Answer(cut=True) if next(lost, False) else answer

    delivery = deliver(make_output(serve(script).url), anomaly_events)
    assert counts(delivery) == (4, 0, 0, 0)
    assert receiver.ids == ids_of(anomaly_events)
    assert "1 event went again after no answer came" in delivery.where


def test_what_does_not_please_is_found_and_kept_with_the_reason(make_output, serve, anomaly_events):
    """The others of its batch arrive."""
    bad = anomaly_events[2]["event"]["id"]
    receiver = Receiver()
    server = serve(lambda asked: Answer(400, "no such thing") if bad.encode() in asked.body else receiver(asked))
    delivery = deliver(make_output(f"{server.url}#batch=4"), anomaly_events)
    assert counts(delivery) == (3, 0, 0, 1)
    assert sorted(receiver.ids) == sorted(set(ids_of(anomaly_events)) - {bad})
    assert any("answered 400" in problem and "no such thing" in problem for problem in delivery.problems)


def test_a_receiver_that_is_away_gets_everything_from_the_next_run(make_output, serve, anomaly_events):
    """Kept under a name that shows no secret, brought home, and known from then on."""
    receiver = Receiver(*[Answer(503)] * 100)
    server = serve(receiver)
    url = f"{server.url}/hunter2"
    output = make_output(url)
    delivery = deliver(output, anomaly_events)
    assert counts(delivery) == (0, 0, 4, 0)
    assert all("hunter2" not in problem for problem in delivery.problems)
    assert all("hunter2" not in str(file.target) for file in output.waiting())
    receiver.troubles.clear()
    delivery = deliver(make_output(url), anomaly_events[:1])
    assert (counts(delivery), delivery.drained) == ((0, 1, 0, 0), 4)
    assert receiver.ids == ids_of(anomaly_events)


def test_a_receiver_that_knows_us_not_loses_nothing(make_output, serve, anomaly_events, pauses):
    """401 concerns every event: all wait for the right secret, and nothing is tried again."""
    server = serve(lambda _: Answer(401))
    delivery = deliver(make_output(server.url), anomaly_events)
    assert counts(delivery) == (0, 0, 4, 0)
    assert len(server.asked) == 1
    assert pauses.slept == []


def test_from_target_takes_the_environment(monkeypatch, tmp_path, serve, anomaly_events):
    """Spool and ledger lie in the state folder; a second run sends nothing again."""
    server = serve(lambda _: Answer())
    monkeypatch.setenv("NETAD_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("NETAD_SPOOL_DIR", raising=False)
    monkeypatch.setenv("NETAD_WEBHOOK_URL", server.url)
    assert deliver(WebhookOutput.from_target(None), anomaly_events).delivered == 4
    assert deliver(WebhookOutput.from_target("#batch=2"), anomaly_events).duplicates == 4
    assert len(server.asked) == 4
