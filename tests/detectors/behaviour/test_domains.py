import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.detectors.behaviour.domains import registered, surprise_bits
from netad.sample.rhythm import random_stream


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("www.example.com", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("example.org.", "example.org"),
        ("co.uk", ""),
        ("com", ""),
        ("printer.local", ""),
        ("4.3.2.1.in-addr.arpa", ""),
        ("10.0.0.1", ""),
        ("a..b.com", ""),
        ("", ""),
    ],
)
def test_registered_domains(name, domain):
    """What somebody registered; nothing of local, reverse and broken names."""
    assert registered(name) == domain


def test_words_are_less_surprising_than_lots():
    """Names that people make up stay below 4.6 bits, letters drawn by lot above."""
    words = ("wikipedia", "cloudfront", "doubleclick", "bookstore", "mailserver", "weatherstation")
    assert max(surprise_bits(word) for word in words) < 4.6
    rng = random_stream(1)
    drawn = ["".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(14)) for _ in range(100)]
    assert sum(surprise_bits(label) > 4.8 for label in drawn) > 95
    assert surprise_bits("a") == surprise_bits("") == 0


@given(st.text(max_size=20))
def test_any_label_has_a_value(label):
    """Bits of a letter are between 0 and 9, whatever the characters are."""
    assert 0 <= surprise_bits(label) <= 9
    assert isinstance(registered(label), str)
