"""Finding a flow by its two ends: an open-addressing table whose slots hold half a hash and a row.

A slot's home is the lowest bits of that half, so that slots can be moved without a look at their rows. Deleting moves
what stands behind (no tombstones), so the table never wears out.
"""

from typing import Final

from netad.ingest.engine.compiled import compiled
from netad.ingest.engine.layout import R_A_HI, R_A_LO, R_B_HI, R_B_LO, R_KEY, Int64

# Odd constants of MurmurHash3's finaliser and SplitMix64, as int64.
_ONE: Final = -0x00AE502812AA7333
_OTHER: Final = -0x3B314601E57A13AD
_LOW: Final = 0xFFFF_FFFF
_HIGH: Final = ~_LOW


@compiled
def hash_ends(seed: int, a_hi: int, a_lo: int, b_hi: int, b_lo: int, key: int) -> int:
    """Return a 64-bit hash of a flow's key. Products wrap around."""
    mixed = (seed ^ a_lo) * _ONE
    mixed = ((mixed ^ ((mixed >> 32) & _LOW)) + b_lo) * _OTHER
    if a_hi != 0 or b_hi != 0:
        mixed = ((mixed ^ ((mixed >> 32) & _LOW)) + a_hi) * _ONE
        mixed = ((mixed ^ ((mixed >> 32) & _LOW)) + b_hi) * _OTHER
    mixed = ((mixed ^ ((mixed >> 32) & _LOW)) + key) * _ONE
    return (mixed ^ ((mixed >> 29) & _LOW)) * _OTHER


@compiled
def hash_row(seed: int, rows: Int64, row: int) -> int:
    """Return the hash of the flow in a row."""
    return hash_ends(seed, rows[row, R_A_HI], rows[row, R_A_LO], rows[row, R_B_HI], rows[row, R_B_LO], rows[row, R_KEY])


@compiled
def insert(slots: Int64, mixed: int, row: int) -> None:
    """Enter a row that is not in the table."""
    mask = slots.size - 1
    slot = (mixed >> 32) & mask
    while slots[slot] != 0:
        slot = (slot + 1) & mask
    slots[slot] = (mixed & _HIGH) | (row + 1)


@compiled
def remove(slots: Int64, mixed: int, row: int) -> None:
    """Take a row out and move what its slot had pushed away (Knuth, The Art of Computer Programming 3, 6.4 R)."""
    mask = slots.size - 1
    entry = (mixed & _HIGH) | (row + 1)
    slot = (mixed >> 32) & mask
    while slots[slot] != entry:
        slot = (slot + 1) & mask
    hole = slot
    while True:
        slot = (slot + 1) & mask
        entry = slots[slot]
        if entry == 0:
            break
        home = (entry >> 32) & mask
        if (slot - home) & mask >= (slot - hole) & mask:
            slots[hole] = entry
            hole = slot
    slots[hole] = 0


@compiled
def rehash_slots(old: Int64, slots: Int64) -> None:
    """Enter all rows of one table in another, larger one."""
    for slot in range(old.size):
        if old[slot] != 0:
            insert(slots, old[slot], (old[slot] & _LOW) - 1)
