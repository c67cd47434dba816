import pytest

from netad.core.errors import Location
from netad.rules.rule import AllOf, Rule


@pytest.mark.parametrize(
    ("starts", "expires", "states"),
    [(None, None, ["active"] * 4), (10, None, ["pending", "active", "active", "active"]),
     (None, 20, ["active", "active", "expired", "expired"]), (10, 20, ["pending", "active", "expired", "expired"])],
)  # fmt: skip
def test_a_rule_is_in_force_from_its_start_until_just_before_its_end(starts, expires, states):
    """Start included, end excluded, permanent for ever."""
    rule = Rule("r", "c", "o", AllOf(()), Location("r.yml", 1, 1), starts_ns=starts, expires_ns=expires)
    assert [rule.state(now) for now in (9, 10, 20, 21)] == states
