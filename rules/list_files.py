"""Lists of values that stand in files of their own: one value a line, or a column of a CSV file."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from netad.core.problems import Position, Problems, did_you_mean, shown
from netad.core.yaml_nodes import Mapping, Scalar

MAX_LIST_BYTES = 32 << 20
MAX_LINES = 1_000_000
KEYS = ("file", "column", "delimiter")
_COMMENT = re.compile(r"\s+#.*|^#.*")


def read_list_file(node: Mapping, problems: Problems) -> tuple[tuple[Scalar, ...], Problems] | None:
    """Return the values of the file that `{file: NAME, column: NAME}` names, and what is wrong inside that file.

    The name is relative to the rule file. A file that ends in `.csv`, or whose `column` is given, is CSV with a line
    of names at its top; any other has one value a line, where `#` begins a comment. Files ending in `.tsv` are
    separated by tabs.
    """
    entries = {}
    for key, value in node.entries:
        if key.text not in KEYS:
            problems.add(key, f"unknown key {shown(key.text)}{did_you_mean(key.text, KEYS)}")
        elif not isinstance(value, Scalar) or not value.text:
            problems.add(value, f"{key.text!r} must be text")
        else:
            entries[key.text] = value
    if "file" not in entries:
        problems.add(node, "a list from a file says {file: NAME}")
        return None
    named = entries["file"]
    path = Path(problems.path).parent / named.text
    try:
        with path.open("rb") as file:
            content = file.read(MAX_LIST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this is no name of a file"
        problems.add(named, f"the list file {shown(named.text)} cannot be read: {reason}")
        return None
    if len(content) > MAX_LIST_BYTES:
        problems.add(named, f"the list file {shown(named.text)} is larger than {MAX_LIST_BYTES >> 20} MiB")
        return None
    inside = Problems(str(path))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        inside.add(Position(line, 1), f"byte 0x{content[error.start]:02x} is not UTF-8 text")
        return (), inside
    if path.suffix in (".csv", ".tsv") or "column" in entries:
        found = _from_csv(text, entries, "\t" if path.suffix == ".tsv" else ",", problems, inside)
    else:
        found = tuple(_from_lines(text))
    if not found and not len(inside):
        problems.add(named, f"the list file {shown(named.text)} holds no value, so that no condition would ever match")
    if len(found) > MAX_LINES:
        problems.add(named, f"the list file {shown(named.text)} holds more than {MAX_LINES:,} values")
        return None
    return found, inside


def _from_lines(text: str) -> Iterator[Scalar]:
    for number, line in enumerate(text.splitlines(), 1):
        value = _COMMENT.sub("", line).strip()
        if value:
            yield Scalar(number, line.index(value) + 1, value, True)


def _from_csv(
    text: str, entries: dict[str, Scalar], delimiter: str, problems: Problems, inside: Problems
) -> tuple[Scalar, ...]:
    given = entries.get("delimiter")
    if given is not None and len(given.text) != 1:
        problems.add(given, "a delimiter is one character")
        return ()
    reader = csv.reader(text.splitlines(), delimiter=given.text if given else delimiter)
    values = []
    try:
        names = [name.strip() for name in next(reader, [])]
        place = _column(names, entries, problems)
        if place is None:
            return ()
        for row in reader:
            if row and len(row) <= place:
                inside.add(Position(reader.line_num, 1), f"this line has {len(row)} columns, {place + 1} are needed")
            elif row and row[place].strip():
                values.append(Scalar(reader.line_num, 1, row[place].strip(), True))
    except csv.Error as error:
        inside.add(Position(reader.line_num, 1), f"this is not CSV: {error}")
    return tuple(values)


def _column(names: list[str], entries: dict[str, Scalar], problems: Problems) -> int | None:
    wanted = entries.get("column")
    if wanted is None:
        if len(names) == 1:
            return 0
        problems.add(entries["file"], f"say which column: the file has {shown(', '.join(names))}")
        return None
    if wanted.text not in names:
        hint = did_you_mean(wanted.text, names)
        problems.add(wanted, f"the file has no column {shown(wanted.text)}{hint}")
        return None
    return names.index(wanted.text)
