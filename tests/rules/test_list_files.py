import pytest

from netad.core.problems import Problems
from netad.core.yaml_nodes import read_document
from netad.rules import list_files
from netad.rules.list_files import read_list_file


@pytest.fixture
def read(tmp_path):
    """Read a list from a file: the values with their lines, and the problems of both files."""

    def read_text(content, text="{file: l.txt}", name="l.txt"):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        problems = Problems(str(tmp_path / "r.yml"))
        found = read_list_file(read_document(text.encode(), problems), problems)
        values = [] if found is None else [(node.line, node.text) for node in found[0]]
        inside = found[1].lines() if found else []
        return values, [line.replace(f"{tmp_path}/", "") for line in [*problems.lines(), *inside]]

    return read_text


def test_a_text_file_has_a_value_a_line(read):
    """Comments and empty lines are no values; a byte order mark and Windows line ends do no harm."""
    assert read("\ufeff# head\r\na\r\n\r\n  b # why\r\nc#d\r\n") == ([(2, "a"), (4, "b"), (5, "c#d")], [])


def test_a_csv_file_has_a_column(read):
    """The only one, or the one that is named; the separator is a comma, a tab for .tsv, or what is said."""
    assert read("ip\n10.0.0.1\n", "{file: l.csv}", "l.csv") == ([(2, "10.0.0.1")], [])
    assert read("n,ip\na,\nb, 10.0.0.1\n", "{file: l.csv, column: ip}", "l.csv") == ([(3, "10.0.0.1")], [])
    assert read("n\tip\na\t1\n", "{file: l.tsv, column: ip}", "l.tsv") == ([(2, "1")], [])
    assert read("n;ip\na;1\n", "{file: l.txt, column: ip, delimiter: ';'}") == ([(2, "1")], [])


@pytest.mark.parametrize(
    ("content", "text", "problem"),
    [
        ("", "{file: l.txt}", "r.yml:1:8: the list file 'l.txt' holds no value, so that no condition would ever match"),
        ("a", "{file: gone.txt}", "r.yml:1:8: the list file 'gone.txt' cannot be read: No such file or directory"),
        ("a", "{file: .}", "r.yml:1:8: the list file '.' cannot be read: Is a directory"),
        ("a", "{fiel: l.txt}", "r.yml:1:2: unknown key 'fiel'; did you mean 'file'?"),
        ("a", "{column: a}", "r.yml:1:1: a list from a file says {file: NAME}"),
        ("a", "{file: [l.txt]}", "r.yml:1:8: 'file' must be text"),
        ("a\nb\n", "{file: l.txt, column: c}", "r.yml:1:23: the file has no column 'c'"),
        ("a,b\n1,2\n", "{file: l.txt, column: b, delimiter: ''}", "r.yml:1:37: 'delimiter' must be text"),
        ("a,b\n1,2\n", "{file: l.txt, column: b, delimiter: ab}", "r.yml:1:37: a delimiter is one character"),
        ("a,b\n1,2\n3\n", "{file: l.txt, column: b}", "l.txt:3:1: this line has 1 columns, 2 are needed"),
        (b"ok\n\xff\n", "{file: l.txt}", "l.txt:2:1: byte 0xff is not UTF-8 text"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_list_file(read, content, text, problem):
    """A sentence at the place that is to be mended."""
    assert problem in read(content, text)[1]


def test_a_csv_file_of_several_columns_needs_a_name(read):
    """None is guessed."""
    assert read("a,b\n1,2\n", "{file: l.csv}", "l.csv")[1][0] == "r.yml:1:8: say which column: the file has 'a, b'"


def test_list_files_are_bounded(read, monkeypatch):
    """In bytes and in values."""
    monkeypatch.setattr(list_files, "MAX_LINES", 2)
    assert read("a\nb\nc\n")[1] == ["r.yml:1:8: the list file 'l.txt' holds more than 2 values"]
    monkeypatch.setattr(list_files, "MAX_LIST_BYTES", 3)
    assert read("abcd")[1] == ["r.yml:1:8: the list file 'l.txt' is larger than 0 MiB"]
