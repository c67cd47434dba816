"""Tests of netad.ingest.engine.hashing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.engine.hashing import hash_ends, insert, rehash_slots, remove


def entry(mixed, row):
    return (mixed >> 32 << 32) | (row + 1)


def reachable(slots, mixed, row):
    """Tell whether a search from the hash's home finds the row before a free slot."""
    mask = len(slots) - 1
    slot = (mixed >> 32) & mask
    while slots[slot]:
        if slots[slot] == entry(mixed, row):
            return True
        slot = (slot + 1) & mask
    return False


@given(st.lists(st.integers(0, 15), min_size=1, max_size=14), st.data())
def test_what_is_left_is_found(homes, data):
    """Rows that collide are all found, and after any of them is removed so are the others."""
    slots = np.zeros(16, np.int64)
    hashes = [home << 32 | (row & 1) << 62 for row, home in enumerate(homes)]
    for row, mixed in enumerate(hashes):
        insert(slots, mixed, row)
    left = list(range(len(homes)))
    for row in data.draw(st.permutations(left)):
        assert all(reachable(slots, hashes[one], one) for one in left)
        remove(slots, hashes[row], row)
        left.remove(row)
        assert np.count_nonzero(slots) == len(left)


def test_a_larger_table_has_the_same_rows():
    """Rows move with their hashes alone."""
    old, slots = np.zeros(8, np.int64), np.zeros(64, np.int64)
    hashes = [(-7 + row * 13) << 32 for row in range(4)]
    for row, mixed in enumerate(hashes):
        insert(old, mixed, row)
    rehash_slots(old, slots)
    assert all(reachable(slots, mixed, row) for row, mixed in enumerate(hashes))
    assert np.count_nonzero(slots) == 4


def test_hashes_depend_on_every_part_and_the_seed():
    """One bit of any address half, the key or the seed makes another hash, different in the half that is kept."""
    parts = [5, 0, 0xFFFF_0A00_0001, 0, 0xFFFF_C000_0207, 40000 << 25 | 80 << 9 | 12]
    kept = {hash_ends(*parts) >> 32}
    for place in range(1, 6):
        for bit in (0, 31, 62):
            changed = parts.copy()
            changed[place] ^= 1 << bit
            kept.add(hash_ends(*changed) >> 32)
    assert len(kept) == 16
    assert hash_ends(6, *parts[1:]) >> 32 not in kept


def test_neighbours_spread():
    """A scan of one host's ports, or of a network, fills slots as evenly as chance would."""
    for step in ((0, 0, 0, 0, 0, 1 << 9), (0, 0, 0, 0, 1, 0), (0, 0, 1, 0, 0, 0), (0, 1, 0, 0, 0, 0)):
        homes = [
            (hash_ends(9, 0, 0xFFFF_0A00_0001 + n * step[2], n * step[1], n * step[4], 12 + n * step[5]) >> 32) & 1023
            for n in range(1024)
        ]
        assert 580 < len(set(homes)) < 720  # 1 - 1 / e of them: 647
