"""Templates: values in, shape kept, mistakes found when they are loaded."""

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.errors import ConfigError
from netad.outputs.webhook.template import Template

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"
EVENT = {
    "@timestamp": "2026-01-12T09:00:00.500Z",
    "message": 'said "hi"\n${source.ip}',
    "event": {"severity": 73, "id": "a-1"},
    "source": {"ip": "10.0.0.1"},
    "netad": {"behaviours": ["scan", "beacon"], "findings": [{"behaviour": "scan"}]},
}


def render(text, tmp_path, event=EVENT):
    file = tmp_path / "template.yml"
    file.write_text(text)
    return Template.load(str(file)).render(event)


def test_fields_stand_in_texts(tmp_path):
    """Lists are joined, what the event has not is empty or what the template says."""
    text = "text: '${source.ip} [${event.severity}]: ${netad.behaviours} to ${destination.ip:-all}${rule.name} for $$5'"
    assert render(text, tmp_path) == {"text": "10.0.0.1 [73]: scan, beacon to all for $5"}


def test_a_placeholder_alone_is_the_value_itself(tmp_path):
    """Numbers stay numbers, lists lists, and the whole event is one of them."""
    text = "{n: '${event.severity}', l: '${netad.behaviours}', e: '${.}', t: '${epoch}', none: '${x.y}', d: '${x:-7}'}"
    found = render(text, tmp_path)
    assert found == {"n": 73, "l": ["scan", "beacon"], "e": EVENT, "t": 1768208400.5, "none": None, "d": "7"}


def test_other_values_are_what_json_takes_them_for(tmp_path):
    """Words and numbers without quotes, in YAML and in JSON."""
    tree = {
        "yes": True,
        "no": False,
        "nothing": None,
        "int": 7,
        "float": 1.5,
        "text": "7",
        "word": "seven",
        "list": [1],
    }
    assert render(orjson.dumps(tree).decode(), tmp_path) == tree
    text = "yes: true\nno: false\nnothing:\nint: 7\nfloat: 1.5\ntext: '7'\nword: seven\nlist: [1]\n"
    assert render(text, tmp_path) == tree


def test_what_traffic_said_cannot_change_the_shape(tmp_path):
    """Neither quotes nor placeholders in a value mean anything."""
    assert render("{text: '${message}', alone: 'x ${message}'}", tmp_path) == {
        "text": EVENT["message"],
        "alone": f"x {EVENT['message']}",
    }


@given(st.text())
def test_any_value_comes_out_as_it_went_in(text):
    """Whatever it is made of."""
    event = {"message": text}
    assert Template({"a": "${message}", "b": ["<${message}>"]}).render(event) == {"a": text, "b": [f"<{text}>"]}


def test_values_that_are_no_text_stand_as_json(tmp_path):
    """Objects in the middle of a text."""
    assert render('["f=${netad.findings} e=${event}"]', tmp_path) == [
        'f=[{"behaviour":"scan"}] e={"severity":73,"id":"a-1"}'
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("text: '$message'", "template.yml:1:7: '$message' is no placeholder"),
        ("text: '${mess age}'", "template.yml:1:7:"),
        ("text: '${__class__.__init__(x)}'", "template.yml:1:7:"),
        ("a: 1\na: 2", "template.yml:2:1: the key 'a' is given twice"),
        ("just text", "a template is a mapping or a list"),
        ("", "the file is empty"),
        ("a: &x 1\nb: *x", "aliases are not supported"),
        ('a: "\\ud83d"', "template.yml:1:"),
        ("a: [1", "this is not valid YAML"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path, text, said):
    """When the template is loaded, not when the first event comes."""
    with pytest.raises(ConfigError) as caught:
        render(text, tmp_path)
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_said():
    """With the operating system's word for it."""
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        Template.load("/nowhere.yml")


@pytest.mark.parametrize("example", ["slack", "teams", "splunk-hec"])
def test_the_examples_of_the_documentation_fit_an_anomaly(example, anomaly_events):
    """Every placeholder has a value, and nothing that only looks like one is left."""
    template = Template.load(str(EXAMPLES / f"{example}.yml"))
    for event in anomaly_events:
        text = orjson.dumps(template.render(event)).decode()
        assert event["source"]["ip"] in text
        assert "${" not in text
        assert "null" not in text


def test_the_example_for_splunk_has_the_event_as_an_object(anomaly_events):
    """With its time in seconds, as the collector wants it."""
    found = Template.load(str(EXAMPLES / "splunk-hec.yml")).render(anomaly_events[0])
    assert found["event"] is anomaly_events[0]
    assert found["time"] == 1768118400.0
