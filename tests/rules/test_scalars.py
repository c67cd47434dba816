import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.yaml_nodes import Scalar
from netad.rules.scalars import parse_moment, read_scalar


def plain(text: str) -> Scalar:
    return Scalar(1, 1, text, True)


@pytest.mark.parametrize(
    ("text", "value"),
    [("", None), ("~", None), ("null", None), ("true", True), ("FALSE", False), ("22", 22), ("-7", -7), ("0", 0),
     ("1.5", 1.5), ("1e3", 1000.0), ("10.0.0.1", "10.0.0.1"), ("2001:db8::1", "2001:db8::1"), ("y", "y"),
     ("2026-01-10", "2026-01-10"), ("a-b", "a-b"), ("1.2.3", "1.2.3"), ("norway", "norway"), ("-", "-"), (".", ".")],
)  # fmt: skip
def test_plain_scalars_are_null_boolean_decimal_or_text(text, value):
    """Only forms that everybody reads alike have a type."""
    result = read_scalar(plain(text))
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize("text", ["no", "Yes", "ON", "off"])
def test_words_that_yaml_1_1_reads_as_booleans_are_refused(text):
    """The Norway problem is a sentence, not a silent false."""
    with pytest.raises(ValueError) as error:
        read_scalar(plain(text))
    assert str(error.value) == f"'{text}' may be read as a boolean: write true or false, or put it in quotes as text"


@pytest.mark.parametrize("text", ["010", "0x1F", "0b11", "0o17", "1_000", "22:30", "1:20:30.5", ".5", "1.", ".inf",
                                  "-.Inf", ".nan", "9" * 20])  # fmt: skip
def test_numbers_in_odd_notations_are_refused(text):
    """Octal, hexadecimal, binary, grouped and base-60 numbers are not guessed at."""
    with pytest.raises(ValueError) as error:
        read_scalar(plain(text))
    assert str(error.value) == f"'{text}' may be read as a number: write it in decimal, or put it in quotes as text"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("9999999999999999999", "the number '9999999999999999999' does not fit into 64 bits"),
     ("1e999", "the number '1e999' is too large")],
)  # fmt: skip
def test_numbers_beyond_their_type_are_refused(text, sentence):
    """No event can hold them."""
    with pytest.raises(ValueError) as error:
        read_scalar(plain(text))
    assert str(error.value) == sentence


@given(st.text(max_size=30))
def test_quoted_scalars_are_always_text(text):
    """Quotes settle it."""
    assert read_scalar(Scalar(1, 1, text, False)) == text


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_every_64_bit_integer_is_read_as_itself(number):
    """Decimal integers survive."""
    assert read_scalar(plain(str(number))) == number


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1970-01-01", 0), ("1970-01-02T00:00Z", 86400), ("1970-01-01T01:00:00+01:00", 0), ("1970-01-01 00:00:01", 1),
     ("1970-01-01t00:00:01.5z", 1.5)],
)  # fmt: skip
def test_moments_are_iso_8601_and_utc_unless_they_say_otherwise(text, seconds):
    """A date alone is its first moment."""
    assert parse_moment(text) == seconds * 1_000_000_000


@pytest.mark.parametrize("text", ["", "2026", "1760000000", "2026-13-01", "2026-02-30", "31.12.2026", "2026-W01-1",
                                  "2026-01-01T25:00", "tomorrow",
                                  "\uff12026-01-01", "0001-01-01T00:00:00+14:00"])  # fmt: skip
def test_what_is_no_date_is_refused_with_an_example(text):
    """Neither epoch seconds nor week dates nor impossible days pass for an end."""
    with pytest.raises(ValueError) as error:
        parse_moment(text)
    assert str(error.value) == f"'{text}' is not a date or time such as 2026-12-31 or 2026-12-31T18:00:00Z"


def test_a_date_before_1970_is_refused():
    """Times are counted from the epoch."""
    with pytest.raises(ValueError) as error:
        parse_moment("1969-12-31")
    assert str(error.value) == "'1969-12-31' lies before 1970"
