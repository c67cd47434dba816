"""Checks as lines."""

from netad.core.checks import Check


def test_a_line_says_state_first():
    """The states stand in one column, and what was looked at in the next."""
    lines = [Check("DNS", "ok", "found").line(), Check("TLS", "FAILED", "expired").line()]
    assert lines == ["ok      DNS              found", "FAILED  TLS              expired"]
