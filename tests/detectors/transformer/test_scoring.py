import numpy as np
import pytest

from netad.detectors.transformer.frozen import NoNetwork
from netad.detectors.transformer.scoring import NAME_WEIGHT, Reader, Word, score


class Counting(NoNetwork):
    """Counts the texts it is given."""

    rows = 4

    def __init__(self):
        self.seen = 0

    def run(self, ids):
        self.seen += int((ids[:, 1] != 0).sum())
        return super().run(ids)


@pytest.fixture
def reader(encoder, usual_of, text):
    """Reads by how often words stand in their slots, four texts at a time."""
    return Reader(encoder, usual_of([text(number) for number in range(10)]), Counting(), by_belonging=False)


def test_identical_texts_are_read_once(reader, text):
    """Equal texts share a reading, and what was read is remembered."""
    remembered = {}
    first = reader.scores([text(0), text(1), text(0), text(0)], remembered)
    assert reader.runner.seen == 2
    assert first[0] == first[2] == first[3] != first[1]
    assert np.array_equal(reader.scores([text(1), text(0)], remembered), first[[1, 0]])
    assert reader.runner.seen == 2
    assert reader.scores([], remembered).shape == (0,)


def test_a_text_reads_the_same_in_any_company(reader, text):
    """Short and long texts in one call come back in their places."""
    texts = [text(number, names=[("domains", True, "x" * 30)] * (number % 4)) for number in range(11)]
    together = reader.words(texts)
    assert together == [reader.words([one])[0] for one in texts]
    assert [sum(one.name >= 0 for one in words) for words in together] == [number % 4 for number in range(11)]


def test_the_score_is_nats_by_field():
    """All words in slots count, names for less, by the number of levels; a text without levels does not divide by 0."""
    words = (Word(0, 3, 3, -1, 1.0), Word(1, 4, 3, -1, 3.0), Word(5, 9, 8, -1, 2.0), Word(-1, -1, -1, 0, 1.0))
    assert score(words, 2) == pytest.approx((1 + 3 + 2 + NAME_WEIGHT) / 2)
    assert score((), 2) == 0.0
