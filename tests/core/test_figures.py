import pytest

from netad.core.figures import figure, percent, quantity, size


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
    ("value", "unit", "text"),
    [
        (5.2e9, "bytes", "5.2 GB"),
        (114.1, "bytes", "114 bytes"),
        (3599.5, "s", "59m59.5s"),
        (0.02, "share", "2.0 %"),
        (1200.0, "flows", "1,200"),
    ],
)
def test_quantities_carry_their_unit(value, unit, text):
    """In a sentence bytes and seconds are told in the unit that suits them."""
    assert quantity(value, unit) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.9996, "99.96 %"), (0.99999999, ">99.999 %"), (1e-9, "<0.001 %"), (0.5, "50.0 %")],
)
def test_shares_are_never_rounded_to_all_or_nothing(share, text):
    """99.96 % of the baseline is not all of it."""
    assert percent(share) == text


def test_sizes_follow_their_magnitude():
    """Bytes are told in powers of 1,000."""
    assert [size(count) for count in (7, 1_234_567, 3 * 10**13)] == ["7 bytes", "1.23 MB", "30 TB"]
