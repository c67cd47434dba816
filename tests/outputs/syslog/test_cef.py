"""CEF: keys and values, escaping, and what is left of an event that must be short."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.outputs.syslog.cef import KEYS, cut, escaped, header_escaped, line, severity

DOCS = Path(__file__).resolve().parents[3] / "docs" / "outputs.md"
# Keys of the public dictionary with their ceilings in characters, None where a number or address is meant.
DICTIONARY = {"rt": None, "start": None, "end": None, "externalId": 40, "cat": 1023, "act": 63, "dvchost": 100,
              "src": None, "c6a2": None, "spt": None, "dst": None, "c6a3": None, "dpt": None, "proto": 31, "app": 31,
              "deviceDirection": None, "in": None, "out": None, "cnt": None, "cfp1": None, "cn1": None, "cs1": 4000,
              "cs2": 4000, "cs3": 4000, "cs4": 4000, "cs5": 4000, "cs6": 4000, "flexString1": 1023, "flexString2": 1023,
              "msg": 1023}  # fmt: skip


def parsed(text):
    """The seven fields of the header and the extension, read as a receiver reads them."""
    *head, extension = re.split(r"(?<!\\)(?:\\\\)*\|", text, maxsplit=7)
    pairs = re.findall(r"(\w+)=((?:\\.|[^\\=])*?)(?=\s\w+=|$)", extension)
    unescape = {"\\\\": "\\", "\\=": "=", "\\n": "\n"}
    return head, {key: re.sub(r"\\[\\=n]", lambda match: unescape[match.group()], value) for key, value in pairs}


def test_an_anomaly_has_its_fields_in_the_keys_of_the_dictionary(anomaly_events):
    """Header by rule and severity; addresses, times in milliseconds, labels with custom keys."""
    text, shortened = line(anomaly_events[1], 8192)
    head, keys = parsed(text)
    assert head == ["CEF:0", "netad", "netad", "0.1.0", "netad.isolation_forest.source_profile",
                    "Unusual network profile of a source address", "7"]  # fmt: skip
    event = anomaly_events[1]
    assert keys["externalId"] == event["event"]["id"]
    assert (keys["src"], keys["proto"], keys["cnt"], keys["dvchost"]) == ("10.4.2.2", "TCP", "812", "sensor-1")
    assert (keys["start"], keys["end"]) == ("1768111200000", "1768114800000")
    assert keys["msg"] == event["message"]
    assert (keys["cs4"], keys["cs4Label"]) == ("office", "model")
    assert (keys["cfp1"], keys["cfp1Label"]) == ("0.9987", "score")
    assert "act" not in keys
    assert not shortened


def test_ipv6_addresses_have_keys_of_their_own(anomaly_events):
    """`src` is for IPv4; CEF:0 has c6a2 for the source in IPv6, with a label."""
    keys = parsed(line(anomaly_events[2], 8192)[0])[1]
    assert keys["c6a2"] == "fd00::5"
    assert keys["c6a2Label"] == "Source IPv6 Address"
    assert "src" not in keys


def test_a_suppressed_anomaly_says_so_and_by_which_rules(anomaly_events):
    """`act` is what was done about it."""
    event = anomaly_events[0]
    event["netad"]["suppression"] = {"suppressed": True, "rule_ids": ["scanner", "night"]}
    keys = parsed(line(event, 8192)[0])[1]
    assert keys["act"] == "suppressed"
    assert (keys["cs5"], keys["cs5Label"]) == ("scanner,night", "suppressedBy")


def test_a_flow_has_both_ends_and_no_severity(events_of_flows):
    """Flows are named by what they are; bytes from source to destination are `in`."""
    head, keys = parsed(line(events_of_flows[0], 8192)[0])
    assert head[4:] == ["netad.flow", "Network flow", "0"]
    assert (keys["src"], keys["spt"], keys["dst"], keys["dpt"]) == ("10.4.2.2", "50000", "198.51.100.80", "443")
    assert (keys["in"], keys["out"], keys["deviceDirection"]) == ("700", "3000", "1")
    assert keys["flexString2"].startswith("1:")


@pytest.mark.parametrize(("ours", "theirs"), [(0, 0), (21, 2), (47, 5), (73, 7), (99, 10)])
def test_severities_are_in_the_class_of_the_same_name(ours, theirs):
    """0-3 low, 4-6 medium, 7-8 high, 9-10 very high."""
    assert severity({"event": {"severity": ours}}) == theirs


def test_hostile_text_cannot_make_keys_fields_or_lines(anomaly_events):
    """Pipes, equals signs, backslashes, line ends and escape sequences stay text."""
    event = anomaly_events[0]
    event["message"] = "a=b \\ act=none\nCEF:0|x|\r\n\x1b[2J\u202e end"
    event["rule"]["name"] = "p|q\\r\ns"
    text = line(event, 8192)[0]
    head, keys = parsed(text)
    assert "\n" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "act" not in keys
    assert keys["msg"] == "a=b \\ act=none\nCEF:0|x|\n\\x1b[2J\\u202e end"
    assert head[5] == "p\\|q\\\\r s"


@given(st.text(max_size=80))
def test_escaping_can_be_undone(text):
    """Of printable text a receiver reads what was there."""
    plain = "".join(character for character in text if character.isprintable())
    assert parsed(f"CEF:0|a|b|c|d|e|1|msg={escaped(plain)}")[1] == {"msg": plain}


@given(st.text())
def test_an_escaped_header_field_is_one_field_on_one_line(text):
    """Nothing in it ends it."""
    field = header_escaped(text)
    assert "\n" not in field
    assert not re.search(r"(?<!\\)(?:\\\\)*\|", field)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60), st.integers(4, 90))
def test_a_cut_is_never_within_a_character_or_an_escape(text, most):
    """What is left is the beginning of the text and an ellipsis, in the bytes allowed."""
    whole = escaped(text)
    short = cut(whole, most)
    assert len(short.encode()) <= most
    assert whole.startswith(short[:-1])
    assert (len(short[:-1]) - len(short[:-1].rstrip("\\"))) % 2 == 0


@pytest.mark.parametrize("most", range(200, 1400, 7))
def test_a_short_line_keeps_whole_keys_and_what_matters_most(anomaly_events, most):
    """Every key that is there has its whole value, the message and reason apart; custom keys keep their labels."""
    event = anomaly_events[1]
    event["message"] = "ü=\\" * 200
    whole = parsed(line(event, 1 << 20)[0])[1]
    text, shortened = line(event, most)
    keys = parsed(text)[1]
    assert len(text.encode()) <= most
    assert shortened == (len(keys) < len(whole) or keys.get("msg") != whole["msg"])
    for key, value in keys.items():
        assert value == whole[key] or (value.endswith("…") and whole[key].startswith(value[:-1]))
    assert all(f"{key.name}Label" in keys for key in KEYS if key.label and key.name in keys)


def test_every_key_is_of_the_dictionary_and_within_its_length():
    """No key is given twice, and none is longer than a receiver takes."""
    assert [key.name for key in KEYS] == list(dict.fromkeys(key.name for key in KEYS))
    for key in KEYS:
        most = DICTIONARY[key.name]
        assert most is None or key.longest <= most, key.name


def test_the_table_in_the_documentation_is_this_one():
    """Key, label and field, in order."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| `([\w.@]+)`", DOCS.read_text(), re.MULTILINE)
    assert rows == [(key.name, key.label, key.field) for key in KEYS]
