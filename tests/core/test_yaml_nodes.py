import string

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from netad.core import yaml_nodes
from netad.core.problems import Problems
from netad.core.yaml_nodes import MAX_BYTES, Items, Mapping, Node, Scalar, read_document


def read(content: str | bytes) -> tuple[Node | None, list[str]]:
    problems = Problems("r.yml")
    root = read_document(content.encode() if isinstance(content, str) else content, problems)
    return root, [line.removeprefix("r.yml:") for line in problems.lines()]


@pytest.fixture(params=["pure", "libyaml"])
def parser(request, monkeypatch):
    """Both of PyYAML's parsers; the pure one is there where the package was built without libyaml."""
    loader = yaml.SafeLoader if request.param == "pure" else getattr(yaml, "CSafeLoader", None)
    if loader is None:
        pytest.skip("this PyYAML was built without libyaml")
    monkeypatch.setattr(yaml_nodes, "_LOADER", loader)


def test_every_node_knows_its_place_and_its_text(parser):
    """Lines and columns count from 1 and in characters; a scalar keeps its text and whether it was quoted."""
    root, problems = read("# é\né: [010, 'no', ~]\nb:\n  - {c: 0}\n")
    assert problems == []
    assert root == Mapping(
        2,
        1,
        (
            (
                Scalar(2, 1, "é", True),
                Items(2, 4, (Scalar(2, 5, "010", True), Scalar(2, 10, "no", False), Scalar(2, 16, "~", True))),
            ),
            (
                Scalar(3, 1, "b", True),
                Items(4, 3, (Mapping(4, 5, ((Scalar(4, 6, "c", True), Scalar(4, 9, "0", True)),)),)),
            ),
        ),
    )


def test_a_byte_order_mark_is_no_content():
    """Files from Windows editors start with a mark that is not part of the first key."""
    root, problems = read("a: 1".encode("utf-8-sig"))
    assert problems == []
    assert isinstance(root, Mapping)
    assert root.entries[0][0] == Scalar(1, 1, "a", True)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a:\n\tb: 1\n", ["2:1: YAML does not allow a tab here: indent with spaces"]),
        ("a: 1\na: 2\nb: {c: 1, c: 2}\n", [
            "2:1: the key 'a' is given twice, first on line 1",
            "3:11: the key 'c' is given twice, first on line 3",
        ]),
        ("a: &x 1\nb: *x\n", [
            "1:4: anchors are not supported ('&x'): write the values out",
            "2:4: aliases are not supported ('*x'): write the values out",
        ]),
        ("a: &x [*x]\n", [
            "1:4: anchors are not supported ('&x'): write the values out",
            "1:8: aliases are not supported ('*x'): write the values out",
        ]),
        ("a: !!python/object/apply:os.system [id]\n", [
            "1:4: YAML tags are not supported ('tag:yaml.org,2002:python/object/apply:os.system'): put text in quotes",
        ]),
        ("a: !!str 1\n", ["1:4: YAML tags are not supported ('tag:yaml.org,2002:str'): put text in quotes"]),
        ("? [a]\n: 1\n", ["1:3: a key must be a plain name, not a map, a list or an alias"]),
        ("*x : 1\n", ["1:1: aliases are not supported ('*x'): write the values out"]),
        ("a: 1\n---\nb: 1\n", ["2:1: a file holds one document; put the next one into its own file"]),
        ("", ["1:1: the file is empty"]),
        ("# nothing\n", ["1:1: the file is empty"]),
        ("a: 1\nb: x\x00y\n", ["2:5: the character '\\x00' may not stand in a YAML file"]),
        ("a: 1\nb: é".encode("latin-1"), ["2:4: byte 0xe9 is not UTF-8 text"]),
        (b"a: " + b"x" * MAX_BYTES, ["1:1: the file is larger than 1 MiB; split it into several"]),
        ("[" * 20, ["1:17: maps and lists are nested deeper than 16 levels"]),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(parser, content, expected):
    """Each problem of the document is one sentence with the line and column of what is wrong."""
    assert read(content)[1] == expected


@pytest.mark.parametrize(
    ("content", "start"),
    [("a: [1\nb: 2\n", "2:2: this is not valid YAML: "), ("a: b: c\n", "1:5: this is not valid YAML: "),
     ("a: 'x\n", ": this is not valid YAML: "), ("%YAML 1.1\n%YAML 1.1\n---\na", "2:1: this is not valid YAML: ")],
)  # fmt: skip
def test_broken_yaml_is_one_sentence_with_its_place(parser, content, start):
    """What the parser cannot read is told in its words, on one line."""
    root, problems = read(content)
    assert root is None
    assert len(problems) == 1
    assert start in problems[0]
    assert "\n" not in problems[0]


def test_what_is_beside_a_problem_is_still_there():
    """A duplicate key or an anchor does not hide the rest of the file from the checks that follow."""
    root, problems = read("a: &x 1\na: 2\nb: 3\n")
    assert len(problems) == 2
    assert isinstance(root, Mapping)
    assert [key.text for key, _ in root.entries] == ["a", "b"]


def test_a_yaml_bomb_ends_in_an_error_and_not_in_an_expansion(parser):
    """Nine levels of nine aliases would be 3 GiB; nothing is expanded, each anchor and alias is refused."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    _, problems = read("\n".join(lines))
    assert len(problems) == 9 + 8 * 9


@given(st.text(alphabet=string.printable + "é\u2028\ufeff", max_size=60) | st.binary(max_size=60))
def test_any_content_gives_a_tree_or_a_problem(content):
    """Whatever the bytes are, reading ends without an exception, and never with neither a tree nor a problem."""
    root, problems = read(content)
    assert root is not None or problems
