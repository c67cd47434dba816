"""Sizes as settings have them."""

import pytest

from netad.core.errors import ConfigError
from netad.core.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("500MB", 500_000_000), ("1GiB", 1 << 30), ("1.5 kb", 1500), ("4096", 4096), ("7b", 7), ("2TiB", 2 << 40)],
)
def test_sizes(text, size):
    """Decimal and binary units, in any case, with or without a fraction."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "MB", "1 XB", "1e9", "0.1b", "nan", "1,5GB", "٣MB"])
def test_what_is_no_size(text):
    """One sentence says what a size looks like."""
    with pytest.raises(ConfigError, match="is not a size such as 500MB or 1GiB"):
        parse_size(text)
