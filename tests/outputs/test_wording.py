"""Figures, shares, counts and printable text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.outputs.wording import counted, figure, files_read, percent, printable, score_text, size, traffic_read


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (812.0, "ports", "812"),
        (1234567.0, "", "1,234,567"),
        (0.97, "share", "97.0 %"),
        (6.6667, "", "6.67"),
        (512.75, "bytes", "512.8"),
        (-3.0, "", "-3"),
        (0.000123, "s", "0.000123"),
    ],
)
def test_figures(value, unit, text):
    """Whole numbers stay whole, shares are per cent, the rest has three digits."""
    assert figure(value, unit) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.9996, "99.96 %"), (0.99999999, ">99.999 %"), (1e-9, "<0.001 %"), (0.5, "50.0 %")],
)
def test_shares_are_never_rounded_to_all_or_nothing(share, text):
    """99.96 % of the baseline is not all of it."""
    assert percent(share) == text


@pytest.mark.parametrize(
    ("score", "text"), [(0.5, "0.500"), (0.9996, "0.9996"), (1.0, "1.000"), (0.9999999, "1.000000")]
)
def test_scores_show_what_tells_them_from_one(score, text):
    """A score just below 1 does not read as 1."""
    assert score_text(score) == text


def test_counts_and_sizes():
    """Nouns follow their number, sizes their magnitude."""
    assert counted(1, "flow") == "1 flow"
    assert counted(2400, "anomaly", "anomalies") == "2,400 anomalies"
    assert [size(count) for count in (7, 1_234_567, 3 * 10**13)] == ["7 bytes", "1.23 MB", "30 TB"]


def test_terminal_escapes_are_shown_not_obeyed():
    """Colour codes, the C1 CSI, line breaks and direction overrides appear as escapes."""
    assert printable("a\x1b[31mb\x9b2J\n\u202ec", "utf-8") == r"a\x1b[31mb\x9b2J\x0a\u202ec"


@given(st.text(st.characters(codec=None)), st.sampled_from(["utf-8", "ascii", "latin-1"]))
def test_printable_text_has_no_control_characters_and_fits_the_encoding(text, encoding):
    """Whatever comes from outside, the stream can carry it and the terminal has nothing to obey."""
    shown = printable(text, encoding)
    shown.encode(encoding)
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in shown)


def test_captures_and_logs_are_told_apart():
    """Packets come of captures, records of logs."""
    assert (files_read(2, 0), traffic_read(12, 0, 0)) == ("2 files", "12 packets")
    assert (files_read(3, 3), traffic_read(0, 12_345, 3)) == ("3 logs", "12,345 records")
    assert (files_read(3, 2), traffic_read(1, 5, 2)) == ("1 capture and 2 logs", "1 packet and 5 records")
