"""Scores, counts and printable text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.outputs.wording import counted, files_read, printable, score_text, traffic_read


@pytest.mark.parametrize(
    ("score", "text"), [(0.5, "0.500"), (0.9996, "0.9996"), (1.0, "1.000"), (0.9999999, "1.000000")]
)
def test_scores_show_what_tells_them_from_one(score, text):
    """A score just below 1 does not read as 1."""
    assert score_text(score) == text


def test_counts():
    """Nouns follow their number."""
    assert counted(1, "flow") == "1 flow"
    assert counted(2400, "anomaly", "anomalies") == "2,400 anomalies"


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
