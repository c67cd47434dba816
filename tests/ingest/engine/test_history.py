"""Tests of netad.ingest.engine.history."""

import re

import numpy as np
import pytest

from netad.ingest.engine.history import add_letter, is_reset_attempt, letter_at, note_repeated
from netad.ingest.engine.layout import R_ENDPOINTS, R_FIELDS


def row_of(letters):
    rows = np.zeros((1, R_FIELDS), np.int64)
    for letter in letters:
        add_letter(rows, 0, ord(letter.upper()), letter.isupper() or letter == "^")
    return rows


def text(rows):
    return "".join(chr(letter_at(rows, 0, place)) for place in range(24)).rstrip("\0")


@pytest.mark.parametrize("letters", ["", "S", "ShADadFf", "^hA", "ShADadttttttttttttttttFf", "DdWwTtQqIiHhRr" * 3])
def test_letters_are_kept_up_to_24(letters):
    """Upper case is the originator's, lower case the responder's, and ^ is nobody's."""
    assert text(row_of(letters)) == letters[:24]


def test_what_repeats_is_written_at_powers_of_ten():
    """Zero windows and payloads sent again are counted apart."""
    rows = row_of("")
    for _ in range(1000):
        note_repeated(rows, 0, R_ENDPOINTS, ord("W"), 0, True)
    for _ in range(99):
        note_repeated(rows, 0, R_ENDPOINTS, ord("T"), 32, False)
    assert text(rows) == "WWWWtt"


@pytest.mark.parametrize(
    "letters",
    ["SR", "^SR", "SsR", "STRA", "SaR", "SAR", "SFR", "SIR", "SQR", "SHR", "RS", "S", "", "Sr", "^R", "hSR", "SWTR"],
)
def test_reset_attempts(letters):
    """A SYN, then a RST of the originator, and nothing between that needs an answer."""
    expected = re.fullmatch(r"\^?S[^HAFGIQ]*R.*", letters) is not None
    assert is_reset_attempt(row_of(letters), 0) == expected
