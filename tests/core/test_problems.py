from netad.core.errors import Location
from netad.core.problems import MAX_PROBLEMS, Position, Problems, did_you_mean, shown


def test_lines_are_in_the_order_of_the_file_and_each_once():
    """Problems come out as FILE:LINE:COLUMN: sentence, by line and column, without repetition."""
    problems = Problems("r.yml")
    for place, sentence in (
        (Position(10, 1), "b"),
        (Position(9, 12), "a"),
        (Position(9, 3), "c"),
        (Position(10, 1), "b"),
    ):
        problems.add(place, sentence)
    assert problems.lines() == ["r.yml:9:3: c", "r.yml:9:12: a", "r.yml:10:1: b"]
    assert len(problems) == 3
    assert problems.at(Position(1, 2)) == Location("r.yml", 1, 2)


def test_nothing_more_is_said_about_a_refused_place():
    """A node without a value is a problem once, not again for everything that would need its value."""
    problems = Problems("r.yml")
    problems.refuse(Position(1, 1), "no aliases")
    problems.add(Position(1, 1), "must be text")
    assert problems.lines() == ["r.yml:1:1: no aliases"]


def test_the_number_of_problems_is_bounded():
    """A hostile file ends in a sentence that says where checking stopped, not in millions of lines."""
    problems = Problems("r.yml")
    for line in range(1, 3 * MAX_PROBLEMS):
        problems.add(Position(line, 1), "wrong")
    assert problems.full
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems.lines()[-1] == "r.yml:1000:1: wrong"
    assert "r.yml:1000:1: more than 1000 problems, the rest of this file is not checked" in problems.lines()


def test_what_somebody_wrote_is_shown_short_and_on_one_line():
    """Control characters are escaped and long texts cut, so that a sentence stays one."""
    assert shown("a\n\x1b[31m") == r"'a\n\x1b[31m'"
    assert shown("x" * 61) == "'" + "x" * 59 + "…'"
    assert shown("x" * 60) == "'" + "x" * 60 + "'"


def test_the_nearest_name_is_suggested_and_only_a_near_one():
    """A typing error gets its suggestion; a foreign word gets none."""
    assert did_you_mean("Sorce.IP", ["source.ip", "event.kind"]) == "; did you mean 'source.ip'?"
    assert did_you_mean("zzz", ["source.ip"]) == ""
