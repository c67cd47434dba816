"""Tests of netad.ingest.logs.json_spans."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.logs import spans
from netad.ingest.logs.json_spans import NOT_JSON, Wanted, split_json
from netad.ingest.logs.spans import ABSENT, COMPOSITE, LITERAL, TEXT, Table

PATHS = ("a", "b", "b.c", "d.e.f", "id.orig_h")


def split(raw, paths=PATHS, also=(), room=100):
    """Split lines of JSON; return each row as the wanted fields' raw text by path, and the kernel's state."""
    table, state = Table(tuple(paths), room), np.zeros(spans.S_FIELDS, np.int64)
    state[spans.S_LINE] = 1
    wanted = Wanted([*((path, at) for at, path in enumerate(paths)), *also])
    split_json(
        np.frombuffer(raw, np.uint8), wanted.hashes, wanted.columns, table.starts, table.ends, table.kinds, table.lines,
        np.zeros(5, np.uint64), state,
    )  # fmt: skip
    fields = table.fields(raw, int(state[spans.S_ROWS]))
    found = [
        {path: (raw[fields.starts[row, at] : fields.ends[row, at]].decode(), int(fields.kinds[row, at]))
         for at, path in enumerate(paths) if fields.kinds[row, at] != ABSENT}
        for row in range(len(fields))
    ]  # fmt: skip
    return found, state


def test_wanted_fields_are_found():
    """Strings without their quotes, numbers and truths as they are, null as nothing, objects and lists whole."""
    raw = b'{"a":"x\\"y","q":1,"id.orig_h": -1.5e3 }\n { "a" : null , "d" : {"e":{"f":true,"g":[1,{"f":2}]}} }\n'
    rows, _ = split(raw)
    assert rows == [{"a": ('x\\"y', TEXT), "id.orig_h": ("-1.5e3", LITERAL)}, {"d.e.f": ("true", LITERAL)}]


def test_a_nested_key_is_the_same_as_one_with_a_dot():
    """Zeek writes id.orig_h, other tools nest it."""
    assert split(b'{"id":{"orig_h":"x"}}\n')[0] == split(b'{"id.orig_h":"x"}\n')[0] == [{"id.orig_h": ("x", TEXT)}]


def test_an_object_that_is_wanted_itself_is_taken_whole():
    """What is in it is not looked for."""
    rows, _ = split(b'{"b":{"c":1},"a":[{"a":2},"]"]}\n')
    assert rows == [{"b": ('{"c":1}', COMPOSITE), "a": ('[{"a":2},"]"]', COMPOSITE)}]


def test_a_column_may_have_several_paths():
    """Names differ between versions."""
    assert split(b'{"other":7}\n', also=[("other", 0)])[0] == [{"a": ("7", LITERAL)}]


def test_of_a_key_that_comes_twice_the_last_counts():
    """As in other readers."""
    assert split(b'{"a":1,"a":2}\n')[0] == [{"a": ("2", LITERAL)}]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"}",
        b"[]",
        b"{}x",
        b'{"a"}',
        b'{"a":}',
        b'{"a":1,}',
        b'{"a":1 "b":2}',
        b'{"a":[1}',
        b'{"a":{]}',
        b'{"a":"x',
        b'{"a":"x\\',
        b'{"a',
        b'{"a":nul}',
        b'{"a":NaN}',
        b"{a:1}",
        b'{"a":1}{"a":1}',
        b'"a"',
        b"1",
        b"\xff\xfe",
        b"{,}",
        b'{"d":{"e":1}',
        b'{"d":{,}}',
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_what_is_no_object_is_refused(line):
    """It costs its line, which is counted and shown, and no other."""
    rows, state = split(b'{"a":1}\n' + line + b'\n\n{"a":2}\n')
    assert [row["a"][0] for row in rows] == ["1", "2"]
    assert state[spans.S_BAD] == 1
    assert state[spans.S_SHOWN : spans.S_SHOWN + 2].tolist() == [2, NOT_JSON]


def test_empty_objects_are_objects():
    """At any depth, blanks or not."""
    rows, state = split(b'{}\n{ }\r\n{"d":{},"a":1}\n{"d":{"e":{ }}}\n')
    assert (rows, state[spans.S_BAD]) == ([{}, {}, {"a": ("1", LITERAL)}, {}], 0)


def test_a_line_that_is_too_long_is_refused():
    """Though it is JSON."""
    rows, state = split(b'{"a":"' + b"x" * (1 << 20) + b'"}\n{"a":1}\n')
    assert rows == [{"a": ("1", LITERAL)}]
    assert state[spans.S_SHOWN : spans.S_SHOWN + 2].tolist() == [1, spans.TOO_LONG]


def test_it_stops_for_want_of_room():
    """The caller goes on where it stopped."""
    rows, state = split(b"{}\n{}\n{}\n", room=2)
    assert (len(rows), state[spans.S_STOP], state[spans.S_POSITION], state[spans.S_LINE]) == (2, spans.FULL, 6, 3)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "x", "", "é"]), VALUES, max_size=4), max_size=6))
def test_it_reads_what_python_writes(records):
    """Every value of a wanted key at the top, as written."""
    raw = "".join(json.dumps(record) + "\n" for record in records).encode()
    rows, state = split(raw, ("a", "b"))
    assert state[spans.S_BAD] == 0
    for row, record in zip(rows, records, strict=True):
        for name in ("a", "b"):
            text, kind = row.get(name, ("null", LITERAL))
            assert json.loads(f'"{text}"' if kind == TEXT else text) == record.get(name)


@given(st.binary(max_size=60))
def test_no_bytes_lead_astray(line):
    """Any line ends in rows or in refusals, and the next line is read."""
    raw = line.replace(b"\n", b" ") + b'\n{"a":1}\n'
    rows, state = split(raw)
    assert rows[-1] == {"a": ("1", LITERAL)}
    assert state[spans.S_POSITION] == len(raw)
