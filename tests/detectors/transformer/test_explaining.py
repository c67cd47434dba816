from netad.detectors.transformer.encoding import CHOICES
from netad.detectors.transformer.explaining import LEVELS, MOST_WORDS, NAMES, told
from netad.detectors.transformer.levels import WORDS
from netad.detectors.transformer.names import KINDS
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
    assert (first.field, first.label, first.word, first.expected) == (
        "services", "service", "irc chat, new to the baseline", "",
    )  # fmt: skip
    assert first.nats == 6.0 + NAME_WEIGHT * 2.0
    assert (second.field, second.label, second.word, second.expected) == (
        "failed_share", "failed connection share", "far above the whole baseline", "normal",
    )  # fmt: skip


def test_what_the_model_would_have_put_itself_is_no_surprise(text):
    """However unsure it was between eight levels, it has nothing else to offer; a model that cannot say tells of it."""
    words = (word(0, "above", 0.9, "above"),)
    assert told(text(names=()), words, FIELDS, expects=True) == ()
    assert len(told(text(names=()), words, FIELDS, expects=False)) == 1


def test_every_word_of_the_text_can_be_said():
    """No level and no kind of names is without words for people."""
    assert tuple(LEVELS) == WORDS
    assert tuple(NAMES) == tuple(KINDS.values())


def test_a_model_that_cannot_say_what_it_expected_does_not(text):
    """Replaced-field detection doubts a word without another in its place."""
    (only,) = told(text(names=()), (word(1, "extreme", 5.0),), FIELDS, expects=False)
    assert only.expected == ""


def test_at_most_five_words(text):
    """An explanation stays short."""
    words = tuple(word(place % 2, "extreme", 2.0 + place) for place in range(9))
    assert len(told(text(names=()), words, FIELDS, expects=True)) == MOST_WORDS
