"""Ids of delivered events, kept on this machine for places that cannot be asked what they hold already."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from netad.core.errors import OutputError
from netad.core.state_folder import state_folder

FILE = "ledger.sqlite3"
MOST_IDS = 5_000_000
# SQLite's own ceiling on the values of one statement is 999 in old builds.
_AT_ONCE = 500
_WAIT_S = 30.0
_TABLES = (
    "CREATE TABLE IF NOT EXISTS places (place INTEGER PRIMARY KEY, target TEXT NOT NULL, stream TEXT NOT NULL,"
    " held INTEGER NOT NULL DEFAULT 0, UNIQUE (target, stream))",
    "CREATE TABLE IF NOT EXISTS delivered (place INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (place, id))"
    " WITHOUT ROWID",
)


class Ledger:
    """Which ids went to which stream of which target; several processes may share the file.

    Each stream keeps at most `most` ids. Beyond that its oldest tenth is forgotten, by the time that ids begin with
    (`netad.core.identity`), so that what is forgotten is the oldest traffic. The file is made with the first id.

    Raises:
        OutputError: (all but `close`) the file cannot be read or written, or is no ledger.
    """

    def __init__(self, path: Path, *, most: int = MOST_IDS) -> None:
        self.path = path
        self._most = most
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()  # a sender may work in a thread of its own

    def known(self, target: str, stream: str, ids: Sequence[str]) -> set[str]:
        """Return those of the ids that were delivered there."""
        keys = {_key(identity): identity for identity in ids}
        found: set[str] = set()
        with self._failing() as connection:
            place = connection.execute(
                "SELECT place FROM places WHERE target = ? AND stream = ?", (target, stream)
            ).fetchone()
            for part in _parts(list(keys)) if place else ():
                marks = ",".join("?" * len(part))
                rows = connection.execute(
                    f"SELECT id FROM delivered WHERE place = ? AND id IN ({marks})",  # noqa: S608 - marks only
                    (place[0], *part),
                )
                found |= {keys[row[0]] for row in rows}
        return found

    def add(self, target: str, stream: str, ids: Iterable[str]) -> None:
        """Remember ids as delivered there."""
        keys = [(_key(identity),) for identity in ids]
        if not keys:
            return
        with self._failing() as connection:
            connection.execute("BEGIN IMMEDIATE")  # no other process between reading `held` and writing it
            connection.execute("INSERT OR IGNORE INTO places (target, stream) VALUES (?, ?)", (target, stream))
            place, held = connection.execute(
                "SELECT place, held FROM places WHERE target = ? AND stream = ?", (target, stream)
            ).fetchone()
            before = connection.total_changes
            connection.executemany(f"INSERT OR IGNORE INTO delivered VALUES ({int(place)}, ?)", keys)  # noqa: S608
            held += connection.total_changes - before
            if held > self._most:
                surplus = held - self._most + self._most // 10
                connection.execute(
                    "DELETE FROM delivered WHERE place = ? AND id IN "
                    "(SELECT id FROM delivered WHERE place = ? ORDER BY id LIMIT ?)",
                    (place, place, surplus),
                )
                held -= surplus
            connection.execute("UPDATE places SET held = ? WHERE place = ?", (held, place))
            connection.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextlib.contextmanager
    def _failing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = _opened(self.path)
                yield self._connection
            except (sqlite3.Error, OSError) as error:
                if self._connection is not None:
                    with contextlib.suppress(sqlite3.Error):
                        self._connection.rollback()
                raise OutputError(f"the ledger of delivered events {self.path} cannot be used ({error})") from error


def open_ledger() -> Ledger:
    """Return this user's ledger of delivered events; raises ConfigError if there is no place for it."""
    return Ledger(state_folder() / FILE)


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        path.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        for table in _TABLES:
            connection.execute(table)
    except BaseException:
        connection.close()
        raise
    return connection


def _key(identity: str) -> Any:  # noqa: ANN401 - a value of SQLite's: bytes or text
    """Return an id of netad's in half the room (bytes sort as its time does), and any other as it is."""
    with contextlib.suppress(ValueError):
        if identity[12:13] == "-" and len(identity) == 33:
            return bytes.fromhex(identity[:12] + identity[13:])
    return identity


def _parts(keys: list[Any]) -> Iterator[list[Any]]:
    return (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))
