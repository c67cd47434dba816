"""Reasons why events were not delivered, counted."""

from netad.outputs.reasons import KNOWN_REASONS, TOLD_REASONS, Reasons


def test_reasons_alike_but_for_numbers_and_values_are_told_once():
    """The first of them stands for all, the commonest comes first."""
    reasons = Reasons()
    reasons.add("timed out")
    for number in range(3):
        reasons.add(f"field {number} holds 'value {number}'")
    assert reasons.told() == [("field 0 holds 'value 0'", 3), ("timed out", 1)]
    assert reasons.total == 4


def test_many_different_reasons_stay_bounded():
    """What comes after the twentieth kind is counted as other, and a few are told."""
    reasons = Reasons()
    for number in range(KNOWN_REASONS + 50):
        reasons.add(chr(ord("a") + number % 26) * (number + 1))
    assert reasons.total == KNOWN_REASONS + 50
    assert reasons.told()[0] == ("other reasons", 50)
    assert len(reasons.told()) == TOLD_REASONS
