"""Zeek's history in a row: netad.ingest.conn_state.History, and which letters of an endpoint are said again."""

from netad.ingest.conn_state import HISTORY_LETTERS
from netad.ingest.engine.compiled import compiled, compiled_apart
from netad.ingest.engine.layout import (
    E_REPEATS,
    LETTERS,
    R_BITS,
    R_HISTORY,
    Int64,
)

_LOWER = 32  # from an upper case letter to its lower case
_COUNT = 0xFFFF_FFFF


@compiled
def add_letter(rows: Int64, row: int, letter: int, from_originator: bool) -> None:
    """Append a letter, given in upper case; the history is cut at 24."""
    bits = rows[row, R_BITS]
    place = (bits >> LETTERS) & 31
    if place < HISTORY_LETTERS:
        code = letter if from_originator or letter == 94 else letter + _LOWER
        rows[row, R_HISTORY + (place >> 3)] |= code << ((place & 7) * 8)
        rows[row, R_BITS] = bits + (1 << LETTERS)


@compiled
def letter_at(rows: Int64, row: int, place: int) -> int:
    """Return a letter of the history, 0 behind its end."""
    return int((rows[row, R_HISTORY + (place >> 3)] >> ((place & 7) * 8)) & 0xFF)


@compiled_apart
def note_repeated(rows: Int64, row: int, endpoint: int, letter: int, shift: int, from_originator: bool) -> None:
    """Count what happens often, in the half of E_REPEATS that `shift` (0 or 32) names; write it at 1, 10, 100 ..."""
    repeats = rows[row, endpoint + E_REPEATS]
    seen = ((repeats >> shift) & _COUNT) + 1
    if seen > 0x7FFF_FFFF:
        return
    rows[row, endpoint + E_REPEATS] = repeats + (1 << shift)
    power = 1
    while power < seen:
        power *= 10
    if power == seen:
        add_letter(rows, row, letter, from_originator)


@compiled
def is_reset_attempt(rows: Int64, row: int) -> bool:
    """Tell whether the history is a SYN, then a RST of the originator, and nothing between that needs an answer."""
    place = 1 if letter_at(rows, row, 0) == 94 else 0
    if letter_at(rows, row, place) != 83:  # S
        return False
    for at in range(place + 1, HISTORY_LETTERS):
        letter = letter_at(rows, row, at)
        if letter == 82:  # R
            return True
        # H A F G I Q
        if letter in (0, 72, 65, 70, 71, 73, 81):
            return False
    return False
