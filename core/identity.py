"""Content identities: the same event from the same traffic has the same id, whoever computes it and when.

An id is `<12 hex digits of the start in ms>-<20 hex digits of a SHA-256>`: the time prefix keeps Elasticsearch's id
look-ups in few segments.
"""

import hashlib
import re

_ID = re.compile(r"([0-9a-f]{12})-[0-9a-f]{20}")


def content_id(start_ns: int, *parts: str | int) -> str:
    """Return the id of an event that starts at `start_ns` (ns since the epoch) and is told apart by `parts`."""
    joined = "\x1f".join(map(str, parts))
    digest = hashlib.sha256(joined.encode()).hexdigest()[:20]
    return f"{max(start_ns, 0) // 1_000_000 & 0xFFFFFFFFFFFF:012x}-{digest}"


def start_of(identity: str) -> int | None:
    """Return when the event with this id started, ns since the epoch to the millisecond; None if it is no such id."""
    found = _ID.fullmatch(identity)
    return None if found is None else int(found[1], 16) * 1_000_000
