"""Blocks and lines of the console report."""

import io

from rich.console import Console

from netad.detectors.explain import FRAMED
from netad.outputs.console_blocks import MEASURES, block, suppressed_lines
from netad.outputs.ranking import SourceFindings, Window
from netad.profiles.features import FEATURES


def drawn(parts):
    console = Console(file=io.StringIO(), width=80, markup=False, highlight=False)
    for part in parts:
        console.print(part, crop=False)
    return console.file.getvalue()


def rows(text):
    """Lines without their runs of blanks."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_measures_stand_beside_the_baseline_in_the_operators_order(anomaly_events):
    """Score first, then each measure with the baseline's median and its quantile."""
    lines = rows(drawn(block(1, SourceFindings(anomaly_events[1]), str)))
    start = lines.index("this window baseline median quantile") + 1
    assert lines[start : start + 9] == [
        "anomaly score 0.999 threshold 0.989 99.96 %",
        "unique destinations 3 6 25.0 %",
        "unique source ports 812 40 100 %",
        "unique destination ports 812 6 100 %",
        "average packet length (bytes) 44 512.8 0.2 %",
        "maximum packet length (bytes) 60 1,500 0 %",
        "total packets 1,624 2,100 40.0 %",
        "port ratio 1 6.67 10.0 %",
        "packets per destination 541.3 350 80.0 %",
    ]


def test_a_link_stands_on_a_line_of_its_own(anomaly_events):
    """It is not folded, so that it can be followed from a terminal; without one there is no line for it."""
    event, link = anomaly_events[1], f"https://kibana.example/{'x' * 200}"
    assert "https://" not in drawn(block(1, SourceFindings(event), str))
    event["event"]["url"] = link
    assert f"   {link}" in drawn(block(1, SourceFindings(event), str)).splitlines()


def test_the_three_features_that_matter_most_and_the_sentence(anomaly_events):
    """Three of the four influencers with their weight, then the message."""
    lines = rows(drawn(block(2, SourceFindings(anomaly_events[1]), str)))
    start = lines.index("what matters most this window baseline median quantile weight") + 1
    assert lines[start : start + 3] == [
        "unique destination ports 812 6 100 % 61.0 %",
        "failed connection share 97.0 % 4.0 % 99.9 % 22.0 %",
        "average packet length (bytes) 44 512.8 0.2 % 10.0 %",
    ]
    assert anomaly_events[1]["message"] in " ".join(lines)
    assert lines[1] == "2. 10.4.2.2 anomaly score 0.999 HIGH about 1 in 2,500 normal profiles"
    assert lines[2] == "2026-01-11 06:00:00 to 07:00:00 UTC (1h), 812 flows to 3 addresses"


def test_what_would_have_been_normal_follows_the_sentence(anomaly_events):
    """The smallest normalising change is told after the message, where there is one."""
    event = anomaly_events[1]
    assert "Normal with" not in drawn(block(1, SourceFindings(event), str))
    ports = {"feature": "unique_destination_ports", "label": "destination ports", "actual": 812.0, "target": 40.0}
    event["netad"]["anomaly"]["normal_if"] = [ports]
    assert "Normal with destination ports 40 instead of 812" in rows(drawn(block(1, SourceFindings(event), str)))


def test_further_windows_are_one_line_each_and_the_rest_a_count(anomaly_events):
    """The highest score first."""
    others = [Window(0.4, "2026-01-11T01:00:00.000Z", "1h", 21), Window(0.6, "2026-01-11T02:00:00.000Z", "1h", 47)]
    text = drawn(block(1, SourceFindings(anomaly_events[1], 30, others), str))
    assert rows(text)[-4:] == [
        "Also anomalous: 29 other windows of this source",
        "2026-01-11 02:00:00 UTC (1h) score 0.600 MEDIUM",
        "2026-01-11 01:00:00 UTC (1h) score 0.400 LOW",
        "and 27 with lower scores",
    ]


def test_values_that_are_missing_are_dashes(anomaly_events):
    """No baseline, no value: the row stays."""
    details = anomaly_events[1]["netad"]["anomaly"]
    details["profile"][0] = {"feature": "unique_destinations", "label": "unique destinations"}
    for name in ("percentile", "tail", "influencers"):
        del details[name]
    text = drawn(block(1, SourceFindings(anomaly_events[1]), str))
    assert "unique destinations - - -" in rows(text)
    assert "anomaly score 0.999 threshold 0.989 -" in rows(text)
    assert "matters most" not in text


def test_a_window_seen_in_part_says_so(anomaly_events):
    """The numbers of half a window are not those of a whole one."""
    anomaly_events[1]["netad"]["anomaly"]["is_interim"] = True
    assert "(1h, seen in part)" in drawn(block(1, SourceFindings(anomaly_events[1]), str))


def test_suppressed_sources_name_rule_owner_and_reason(anomaly_events):
    """Hiding something says who wanted it and why."""
    anomaly_events[1]["netad"]["suppression"] = {
        "suppressed": True, "rule_ids": ["nessus", "lab"], "owner": ["soc", "netops"], "reason": ["weekly scan", "lab"],
    }  # fmt: skip
    lines = rows(drawn(suppressed_lines(SourceFindings(anomaly_events[1], 3), str)))
    assert lines[-2:] == ["rule nessus of soc: weekly scan", "rule lab of netops: lab"]
    assert "and 2 other windows" in " ".join(lines)


def test_everything_fits_into_80_columns_of_ascii(anomaly_events):
    """Longest address, longest lines: wrapped, never cut."""
    event = anomaly_events[1]
    event["source"]["ip"] = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"
    text = drawn([*block(1, SourceFindings(event, 2, [Window(0.4, "2026-01-11T01:00:00.000Z", "1h", 99)]), str)])
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80


def test_measures_are_features_that_profiles_have():
    """A feature that is renamed must be renamed here too; explanations frame the same ones in the same order."""
    assert set(MEASURES) <= set(FEATURES.names())
    assert MEASURES == FRAMED


def test_what_was_said_is_at_most_three_lines(anomaly_events):
    """Alerts of other tools, the names that nobody else named or else the most frequent, the clients."""
    event = anomaly_events[1]
    text = " ".join(drawn(block(1, SourceFindings(event), str)).split())
    assert ("Alerts of other tools: 40 x ET SCAN Potential SSH Scan OUTBOUND (severity 2); 1 x Scan::Port_Scan "
            "Named by no other source: example.net "
            "Clients: curl/8.5.0, t13d1516h2_8daaf6152771_e5627efa2ab1") in text  # fmt: skip
    said = event["netad"]["evidence"] | {"rare_names": [], "alerts": event["netad"]["evidence"]["alerts"][:1]}
    event["netad"]["evidence"] = said
    text = " ".join(drawn(block(1, SourceFindings(event), str)).split())
    assert "OUTBOUND (severity 2); 1 more Names: example.net, example.org, login.example.net and 1 more" in text
