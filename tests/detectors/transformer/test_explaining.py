from netad.detectors.transformer.encoding import CHOICES
from netad.detectors.transformer.explaining import MOST_WORDS, told
from netad.detectors.transformer.scoring import NAME_WEIGHT, Word

FIELDS = ("flows", "failed_share")


def word(slot, choice, nll, expected="normal"):
    return Word(slot, CHOICES.index(choice), CHOICES.index(expected), -1, nll)


def test_the_most_unexpected_words_come_first(text):
    """Levels with what was expected, names with their mark; what was likely is left out."""
    made = text(names=[("services", True, "irc chat"), ("domains", False, "a.org")])
    slots = (
        word(0, "high", 0.3),
        word(1, "extreme", 5.0),
        word(2, "new", 6.0, "known"),
        word(3, "known", 0.1, "known"),
    )
    words = (*slots, Word(-1, -1, -1, 0, 2.0), Word(-1, -1, -1, 1, 0.2))
    first, second = told(made, words, FIELDS, expects=True)
    assert (first.field, first.word, first.expected) == ("services", "irc chat (new)", "")
    assert first.nats == 6.0 + NAME_WEIGHT * 2.0
    assert (second.field, second.label, second.word, second.expected) == (
        "failed_share", "failed connection share", "extreme", "normal",
    )  # fmt: skip


def test_a_model_that_cannot_say_what_it_expected_does_not(text):
    """Replaced-field detection doubts a word without another in its place."""
    (only,) = told(text(names=()), (word(1, "extreme", 5.0),), FIELDS, expects=False)
    assert only.expected == ""


def test_at_most_five_words(text):
    """An explanation stays short."""
    words = tuple(word(place % 2, "extreme", 2.0 + place) for place in range(9))
    assert len(told(text(names=()), words, FIELDS, expects=True)) == MOST_WORDS
