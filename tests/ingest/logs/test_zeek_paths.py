"""Tests of netad.ingest.logs.zeek_paths."""

from netad.ingest.logs.detect import ZEEK_SIGNS
from netad.ingest.logs.zeek_paths import ALL_FIELDS, CONN, ZEEK_PATHS


def test_every_path_that_is_told_apart_is_read():
    """And all but conn make facts."""
    assert list(ZEEK_PATHS) == list(ZEEK_SIGNS)
    assert [path for path, about in ZEEK_PATHS.items() if about.parts is None] == [CONN]


def test_all_fields_holds_what_any_path_reads_and_is_told_by():
    """Once each."""
    assert len(ALL_FIELDS) == len(set(ALL_FIELDS))
    assert {name for path in ZEEK_PATHS.values() for name in path.fields} <= set(ALL_FIELDS)
    assert {name for signs, without in ZEEK_SIGNS.values() for name in (*signs, *without)} <= set(ALL_FIELDS)
