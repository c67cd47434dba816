"""The page: complete, within its size, and never anything but text where text came from outside."""

import base64
import hashlib
import re
from copy import deepcopy
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netad.core.errors import InputError
from netad.outputs.report.gathering import Gathering
from netad.outputs.report.page import as_written, page
from netad.rules.suggestion import suggestions
from tests.outputs.report.conftest import MADE

NOW = datetime(2026, 1, 12, tzinfo=UTC)
EVIL = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg onload=alert(1)> {{ 7*7 }} "
    "\u202egpj.exe\x1b[31m"
)


class Parsed(HTMLParser):
    """Elements with the names of their attributes, texts of elements, and what they refer to."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.ids, self.links, self.labels, self.texts = [], [], [], [], {}
        self._open = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, tuple(name for name, _ in attributes)))
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given[name] for name in ("href", "src") if name in given]
        self.labels += given.get("aria-labelledby", "").split()
        self._open.append(tag)

    def handle_data(self, text):
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(text)


def made(events, told):
    gathering = Gathering()
    for event in events:
        gathering.add(event)
    return page(gathering, told, lambda event: f"comment: {event['event']['reason']}\n")


def with_text(events, text):
    """The events with a text in every place that is free text, or may be it in a store that others write to."""
    events = deepcopy(events)
    for event in events:
        event["message"] = event["event"]["reason"] = text
        event["source"]["ip"] = event["event"]["url"] = text
        event["netad"]["behaviours"] = [text]
        event["netad"]["evidence"] = {"domains": [text], "rare_names": [text], "user_agents": [text], "alert_count": 1,
                                      "alerts": [{"signature": text, "count": 1, "tool": text}]}  # fmt: skip
        event["netad"]["anomaly"]["influencers"] = [{"feature": text, "label": text, "unit": text, "quantile": 1.0}]
        event["netad"]["anomaly"]["unexpected"] = [text]
        event["netad"]["findings"] = [
            {"behaviour": text, "sentence": text, "technique": {"id": text}},
            {"behaviour": "scan", "sentence": text},
        ]
        event["netad"]["suppression"] = {
            "suppressed": True, "rule_ids": [text], "owner": [text], "reason": [text], "actions": [text],
            "expires": [text],
        }  # fmt: skip
    return events


def flow_with_text(flow, text):
    event = flow(1, source=text, destination=f"{text}2", state=text)
    event["log"]["file"]["path"] = event["network"]["transport"] = event["network"]["protocol"] = text
    return event


def test_the_page_is_complete(gathering, told):
    """Summary, timeline, sources, cards; what is hidden apart, outside sources apart; ids are there once."""
    text = page(gathering, told, suggestions(NOW))
    found = Parsed(text)
    assert len(found.ids) == len(set(found.ids))
    assert {f"#{name}" for name in found.ids} >= {link for link in found.links if link.startswith("#")}
    assert set(found.labels) <= set(found.ids)
    assert found.texts["h1"][0] == "netad report"
    headings = ["Summary", "Sources by score", "Suspicious sources", "Suspicious sources outside the inside networks",
                "Suppressed by rules"]  # fmt: skip
    assert [text for text in found.texts["h2"] if text.strip()] == headings
    assert text.count("<article") == 3
    assert "Made 2026-01-12 09:00:00 UTC" in text
    for sentence in ("2 files", "rule <b>backup</b> of kim: nightly backup (suppress), until 2026-06-01 00:00:00 UTC",
                     "created_by: &#34;your name&#34;"):  # fmt: skip
        assert sentence in text


def test_nothing_is_asked_for_from_outside(gathering, told):
    """No address of another place, and the policy allows only this script and this style."""
    text = page(gathering, told)
    assert {link for link in Parsed(text).links if not link.startswith("#")} == {"data:,"}
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    for name in ("style", "script"):
        (inline,) = re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
        assert "url(" not in inline
        assert "http" not in inline
    assert " style=" not in text
    assert not re.search(r"\son[a-z]+=", text)


def test_no_anomaly_is_a_page_too(told):
    """It says so, and has nothing to filter."""
    text = page(Gathering(), told)
    assert "Nothing anomalous was found." in text
    assert 'id="search"' not in text
    assert "<article" not in text


def test_text_from_outside_stays_text(anomaly_events, flow, told):
    """The same elements as with a harmless text; nothing of it drives a reader's display either."""
    plain, hostile = (
        made([*with_text(anomaly_events, text), flow_with_text(flow, text)], told) for text in ("harmless", EVIL)
    )
    assert Parsed(hostile).elements == Parsed(plain).elements
    assert "alert(1)" in hostile
    assert "<img" not in hostile
    assert "\u202e" not in hostile
    assert "\x1b" not in hostile
    assert "{{ 7*7 }}" in hostile


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
        lambda text: text[:8] != "https://"
    )
)
def test_any_text_stays_text(anomaly_events, flow, told, text):
    """Whatever a host names itself, a rule says or a path is called."""
    events = [*with_text(anomaly_events, f"x{text}"), flow_with_text(flow, f"x{text}")]
    plain = [*with_text(anomaly_events, "x"), flow_with_text(flow, "x")]
    assert Parsed(made(events, told)).elements == Parsed(made(plain, told)).elements


@pytest.mark.parametrize(
    ("block", "field", "value"),
    [("event", "end", None), ("event", "end", "soon"), ("netad", "entity", None), ("netad", "findings", [7])],
)
def test_an_event_that_is_not_ours_is_named(beacon, told, block, field, value):
    """By its id, and by what it lacks or has otherwise."""
    gathering = Gathering()
    gathering.add(beacon)
    beacon[block][field] = value
    if value is None:
        del beacon[block][field]
    with pytest.raises(InputError, match=f"^the event {beacon['event']['id']} is not as netad writes it: ..."):
        page(gathering, told)


def test_errors_of_ours_are_not_blamed_on_events():
    """Only what reading an event can raise is the event's."""
    with pytest.raises(ZeroDivisionError), as_written({}):
        raise ZeroDivisionError


def test_a_hundred_sources_take_less_than_two_megabytes(beacon, flow, profile, told):
    """Each with a day of windows, 200 flows, many peers, a beat and long names."""
    gathering = Gathering()
    events = []
    for number in range(100):
        source = f"2001:db8:1234:5678:9abc:def0:1234:{number:x}"
        event = deepcopy(beacon)
        event["source"]["ip"], event["event"]["id"] = source, f"019bab8f5f2a-{number:020x}"
        event["netad"]["evidence"]["rare_names"] = ["a-rather-long-name.of-a-service.in-some-region.example.com"] * 3
        gathering.add(event)
        events += [profile(hour) | {"source": {"ip": source}} for hour in range(-23, 1)]
        events += [
            flow(n, n * 15, source=source, destination=f"2001:db8:ffff:{n % 40:x}::{n % 40:x}") for n in range(200)
        ]
    for event in events:
        gathering.add(event)
    assert len(gathering.records()) == 100
    text = page(gathering, told, suggestions(NOW))
    assert text.count("<article") == 100
    assert MADE[:10] in text
    assert len(text.encode()) < 2_000_000
