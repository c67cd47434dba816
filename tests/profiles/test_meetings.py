import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import parse_address
from netad.profiles.meetings import MeetingKind, Meetings, address_hash, numbers_hash, texts_hash


def addresses(*texts):
    high, low = zip(*(parse_address(text) for text in texts), strict=True)
    return np.array(high, dtype=np.uint64), np.array(low, dtype=np.uint64)


def entries(meetings):
    names = ("row", "kind", "item", "count", "failed")
    return list(zip(*(getattr(meetings, name).tolist() for name in names), strict=True))


def table(rows):
    """Meetings of (row, kind, item) with counts that tell them apart."""
    rows = sorted(set(rows), key=lambda one: (one[1], one[0]))
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return Meetings(
        np.array(columns[0], np.int32),
        np.array(columns[1], np.uint8),
        np.array(columns[2], np.uint64),
        np.arange(len(rows), dtype=np.int32),
        np.zeros(len(rows), dtype=np.int32),
    )


ROWS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(list(MeetingKind)), st.integers(0, 9)), max_size=30)


def test_items_are_the_same_on_every_machine():
    """Hashes that are kept in models must not change: these are the ones of the first version."""
    assert numbers_hash(MeetingKind.PORT, np.array([6 << 16 | 443])).tolist() == [18260563259884935572]
    assert address_hash(MeetingKind.DESTINATION, *addresses("192.0.2.1")).tolist() == [10118800837636037868]
    assert texts_hash(np.array(["example.org", "", "example.org", "grüße.de"], dtype=object)).tolist() == [
        2655631250893057461,
        0,
        2655631250893057461,
        11601951517128183521,
    ]


def test_items_do_not_depend_on_the_type_of_the_column():
    """The same number as uint8 or int64 is the same item; as an item of another kind it is another one."""
    wide, narrow = np.array([6, 200]), np.array([6, 200], dtype=np.uint8)
    assert numbers_hash(MeetingKind.STATE, wide).tolist() == numbers_hash(MeetingKind.STATE, narrow).tolist()
    assert not set(numbers_hash(MeetingKind.PORT, wide)) & set(numbers_hash(MeetingKind.STATE, wide))


def test_networks_are_24_and_48_bits():
    """Addresses of one /24, or of one IPv6 /48, are in the same network; neighbours are not."""
    texts = ("192.0.2.1", "192.0.2.255", "192.0.3.1", "2001:db8:1::1", "2001:db8:1:ffff::2", "2001:db8:2::1", "::1")
    networks = address_hash(MeetingKind.NETWORK, *addresses(*texts)).tolist()
    assert networks[0] == networks[1]
    assert networks[3] == networks[4]
    assert len(set(networks)) == 5


@given(ROWS)
def test_meetings_of_one_kind(rows):
    """Every kind gives its own entries; together they are all."""
    meetings = table(rows)
    parts = [meetings.of_kind(kind) for kind in MeetingKind]
    assert all(set(part.kind.tolist()) <= {kind} for kind, part in zip(MeetingKind, parts, strict=True))
    assert [entry for part in parts for entry in entries(part)] == entries(meetings)


@given(ROWS, st.permutations(range(6)), st.integers(0, 6))
def test_selected_rows_keep_their_meetings(rows, order, size):
    """Rows picked in any order keep exactly their meetings under their new numbers, sorted by kind and row."""
    meetings, chosen = table(rows), np.array(order[:size], dtype=np.int64)
    got = entries(meetings.select(chosen, 6))
    back = sorted((order[row], *rest) for row, *rest in got)
    assert back == sorted(entry for entry in entries(meetings) if entry[0] in order[:size])
    assert [entry[:2][::-1] for entry in got] == sorted(entry[:2][::-1] for entry in got)


@given(st.lists(ROWS, max_size=3))
def test_joined_frames_keep_their_meetings(parts):
    """What is joined can be selected again."""
    tables = [table(rows) for rows in parts]
    joined = Meetings.join(tables, [6] * len(parts))
    assert len(joined) == sum(len(one) for one in tables)
    for number, one in enumerate(tables):
        rows = np.arange(6 * number, 6 * number + 6)
        assert entries(joined.select(rows, 6 * len(parts))) == entries(one)


def test_text_that_is_no_unicode():
    """Lone surrogates, as in names of hostile logs, have a hash too."""
    assert texts_hash(np.array(["\ud800"], dtype=object))[0] != 0
    assert texts_hash(np.empty(0, dtype=object)).shape == (0,)
