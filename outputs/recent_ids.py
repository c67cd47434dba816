"""Ids of events that were written lately, so that one run does not write an event twice."""

KEPT = 65_536


class RecentIds:
    """The last `kept` distinct ids; what is older is forgotten, so memory stays bounded."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._ids: dict[str, None] = {}

    def add(self, identity: str) -> bool:
        """Remember an id; tell whether it is new."""
        if identity in self._ids:
            return False
        self._ids[identity] = None
        if len(self._ids) > self._kept:
            del self._ids[next(iter(self._ids))]
        return True
