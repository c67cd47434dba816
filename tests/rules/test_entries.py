import pytest

from netad.core.problems import Problems
from netad.core.yaml_nodes import read_document
from netad.rules.entries import known_entries, map_entries, read_moment, read_number, read_text, read_texts


@pytest.fixture
def problems():
    return Problems("a.yml")


def node(text, problems):
    found = read_document(text.encode(), problems)
    assert found is not None
    return found


def test_unknown_keys_come_with_the_nearest_known_one(problems):
    """The others are returned."""
    found = known_entries(node("{ab: 1, abd: 2}", problems), ("ab", "abc"), problems)
    assert list(found) == ["ab"]
    assert problems.lines() == ["a.yml:1:9: unknown key 'abd'; did you mean 'ab'?"]


@pytest.mark.parametrize("text", ["[a]", "a", "{}"])
def test_what_must_be_a_map_is_told_by_example(text, problems):
    """An empty map says nothing either."""
    assert map_entries(node(text, problems), ("a",), "{a: 1}", problems) is None
    assert problems.lines() == ["a.yml:1:1: this must be a map such as {a: 1}"]


def test_texts_are_one_or_several_each_once(problems):
    """White space around them is no part of them."""
    assert read_texts("t", node("[a, ' b ', a]", problems), problems) == ("a", "b")
    assert read_texts("t", node("a", problems), problems) == ("a",)
    assert read_text("t", node("' x '", problems), problems) == "x"
    assert not len(problems)
    assert read_texts("t", node("[]", problems), problems) is None
    assert read_texts("t", node("[a, 5]", problems), problems) is None
    assert problems.lines() == ["a.yml:1:1: 't' is an empty list", "a.yml:1:5: 't' must be text: put it in quotes"]


@pytest.mark.parametrize("text", ["0", "4", "1.5", "x", "'1'", "true", "010", "[1]"])
def test_numbers_outside_their_range_are_refused(text, problems):
    """And so is what is no number."""
    assert read_number("n", node(text, problems), 1, 3, problems, whole=True) is None
    assert problems.lines() == ["a.yml:1:1: 'n' must be a whole number from 1 to 3"]


def test_numbers_and_moments_are_read(problems):
    """Bounds included."""
    assert read_number("n", node("3", problems), 1, 3, problems, whole=True) == 3
    assert read_number("n", node("0.5", problems), 0.5, 1, problems) == 0.5
    assert read_moment(node("1970-01-02", problems), problems) == 86_400_000_000_000
    assert not len(problems)
    assert read_moment(node("soon", problems), problems) is None
    assert len(problems) == 1
