"""What the console says when nothing stands out, and at the end."""

from dataclasses import replace

from netad.outputs.base import RunSummary
from netad.outputs.console_summary import closing_lines, nothing_found


def test_nothing_found_says_what_was_looked_at(summary):
    """Files, packets, flows, time span, profiles, sources, windows and the threshold in words."""
    assert nothing_found(summary) == (
        "Nothing anomalous. Looked at 2 files with 12,345 packets in 900 flows from 2026-01-11 06:00:00 to "
        "2026-01-11 09:00:00 UTC: 120 profiles of 40 sources in 3 windows of 1h. An anomaly is a score of at least "
        "0.989, which about 1 in 1,000 normal profiles reaches."
    )


def test_suppressed_anomalies_are_not_nothing(summary):
    """Someone decided that they are fine; the sentence says so."""
    assert nothing_found(replace(summary, suppressed=1)).startswith("Nothing anomalous that is not suppressed.")


def test_nothing_judged_is_not_nothing_anomalous():
    """Without profiles there was no judgement."""
    assert nothing_found(RunSummary()) == "Nothing was judged: the inputs hold no profile of a source."


def test_the_three_closing_lines(summary):
    """What was read and skipped, found and suppressed, and where it went."""
    told = replace(summary, suppressed=2, suppressed_by_rule={"nessus": 2, "unused": 0}, dropped=1)
    assert closing_lines(told) == [
        ("Read", "2 files (1.23 MB), 12,345 packets, 900 flows from 2026-01-11 06:00:00 to 2026-01-11 09:00:00 UTC; "
                 "skipped 12 arp, 3 not ip"),
        ("Found", "4 anomalies, 2 of them suppressed (by nessus 2), 1 more dropped by rules among 120 profiles of "
                  "40 sources, threshold 0.989, which about 1 in 1,000 normal profiles reaches; baseline: model office "
                  "2026.01.10, trained on 2,400 profiles"),
        ("Sent", "ndjson: 4 delivered (out.ndjson)"),
    ]  # fmt: skip


def test_problems_and_notes_come_first_and_problems_are_bounded(summary):
    """A thousand unreadable files do not bury the report."""
    lines = closing_lines(replace(summary, problems=[f"f{n}: empty" for n in range(7)], notes=["few profiles"]))
    assert [heading for heading, _ in lines] == ["Not read"] * 6 + ["Note", "Read", "Found", "Sent"]
    assert lines[5] == ("Not read", "2 further problems with inputs")


def test_an_empty_run_still_has_its_three_lines():
    """No span, no skipped records, no baseline, no other output."""
    assert closing_lines(RunSummary()) == [
        ("Read", "0 files (0 bytes), 0 packets, 0 flows; nothing skipped"),
        ("Found", "nothing, because the inputs hold no flow of a host"),
        ("Sent", "to this console"),
    ]


def test_the_share_left_to_dpkt_is_told():
    """Packets that the engine handed over are slow: the operator sees how many."""
    lines = dict(closing_lines(RunSummary(packets=1000, handed_over=4)))
    assert lines["Read"].endswith("; nothing skipped; 0.4 % decoded by dpkt")


def test_a_run_that_goes_on_has_judged_nothing_yet():
    """A scan in the middle of a window found nothing, and not because there was nothing."""
    summary = RunSummary(flows=9, goes_on=True)
    assert "yet" in nothing_found(summary)
    assert ("Found", "nothing yet: no window has closed") in closing_lines(summary)
