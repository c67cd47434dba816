"""Messages as RFC 5424 has them."""

import re

import orjson
import pytest

from netad.outputs.syslog.message import DETAILS, Messages, parameter, severity
from netad.outputs.syslog.target import SyslogConfig

NOW = "2026-01-12T09:00:00.000Z"
# RFC 5424, section 6, as far as netad uses it.
RFC5424 = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<time>\S+) (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<proc>[!-~]{1,128}) "
    r'(?P<msgid>[!-~]{1,32}) \[(?P<sdid>[!-~]{1,32})(?P<params>(?: \w+="(?:\\["\\\]]|[^"\\\]])*")+)\] (?P<msg>.*)',
    re.DOTALL,
)


@pytest.fixture
def make():
    """Return a maker of messages for a URL."""
    return lambda url: Messages(SyslogConfig.from_target(url, {}), lambda: NOW)


def read(message):
    found = RFC5424.fullmatch(message.content.decode())
    assert found
    return found.groupdict()


def test_the_header_has_priority_time_host_and_id(make, anomaly_events):
    """Facility local0 and severity 3 (error) of a high anomaly; the id is structured data."""
    found = read(make("tcp://x").of(anomaly_events[1]))
    assert int(found["pri"]) == 16 * 8 + 3
    assert (found["time"], found["host"], found["app"], found["msgid"]) == (NOW, "sensor-1", "netad", "anomaly")
    assert found["sdid"] == "netad@32473"
    assert found["params"] == f' id="{anomaly_events[1]["event"]["id"]}"'
    assert found["msg"].startswith("CEF:0|netad|netad|")


def test_the_facility_is_an_option(make, events_of_flows):
    """A flow is informational."""
    assert read(make("tcp://x?facility=local4").of(events_of_flows[0]))["pri"] == str(20 * 8 + 6)


@pytest.mark.parametrize(("ours", "theirs"), [(21, 5), (47, 4), (73, 3), (99, 2)])
def test_severities_of_alerts(ours, theirs):
    """Critical, error, warning, notice; what was suppressed is informational."""
    assert severity({"event": {"kind": "alert", "severity": ours}}) == theirs
    assert severity({"event": {"kind": "event", "severity": ours}}) == 6


def test_a_name_that_no_header_can_hold_is_made_one(make, anomaly_events):
    """Spaces, other scripts and length would break the header."""
    event = anomaly_events[0]
    event["observer"]["name"] = "Fühler 1 " * 100
    assert len(read(make("tcp://x").of(event))["host"]) == 255


def test_parameters_are_escaped():
    """Quotes, backslashes and brackets."""
    assert parameter('a"b\\c]d') == 'a\\"b\\\\c\\]d'


def test_a_long_message_is_cut_and_says_so(make, anomaly_events):
    """Within the limit, still a message, and marked in the structured data."""
    message = make("udp://x?max=800").of(anomaly_events[1])
    found = read(message)
    assert len(message.content) <= 800
    assert message.shortened
    assert found["params"].endswith(' shortened="yes"')
    assert found["msg"].endswith("…")


def test_json_is_the_whole_event(make, anomaly_events):
    """With the time it was sent, as every output sends it."""
    message = make("tcp://x?format=json&max=100000").of(anomaly_events[1])
    event = orjson.loads(read(message)["msg"])
    assert event.pop("event") == anomaly_events[1]["event"] | {"ingested": NOW}
    assert event == {key: value for key, value in anomaly_events[1].items() if key != "event"}
    assert not message.shortened


def test_long_json_loses_its_details_and_stays_json(make, anomaly_events):
    """The most dispensable goes first; the given event stays as it was."""
    event = anomaly_events[1]
    before = repr(event)
    whole = len(make("tcp://x?format=json&max=100000").of(event).content)
    message = make(f"tcp://x?format=json&max={whole - 1}").of(event)
    found = read(message)
    kept = orjson.loads(found["msg"])
    assert message.shortened
    assert 'shortened="yes"' in found["params"]
    assert "profile" not in kept["netad"]["anomaly"]
    assert "influencers" in kept["netad"]["anomaly"]
    assert kept["message"] == event["message"]
    assert repr(event) == before


def test_what_does_not_fit_even_without_details_is_no_message(make, anomaly_events):
    """It is not cut into something that is no JSON."""
    assert make("tcp://x?format=json&max=480").of(anomaly_events[1]).content is None


def test_details_are_fields_that_an_event_may_have(anomaly_events, events_of_flows):
    """At least those that these events have are found where they are looked for."""
    found = set()
    for event in (*anomaly_events, *events_of_flows):
        for path in DETAILS:
            value = event
            for part in path:
                value = value.get(part, {})
            if value:
                found.add(path)
    assert {("netad", "anomaly", "profile"), ("netad", "anomaly", "influencers"), ("related",)} <= found
