"""What limits let pass, kept in a file from run to run, so that a second capture of the same hour counts on."""

import fcntl
import hashlib
import logging
import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from netad.core.errors import ConfigError
from netad.core.files import atomic_path
from netad.core.state_folder import state_folder
from netad.rules.limits import LimitState

if TYPE_CHECKING:
    from netad.rules.ruleset import RuleSet

log = logging.getLogger(__name__)
MAX_BYTES = 64 << 20


def memory_file(observer: str, namespace: str) -> Path:
    """Return the file of one observer and namespace in the state folder: sensors count apart.

    Raises:
        ConfigError: this user has no state folder.
    """
    # An observer's name may hold anything, a slash too.
    return state_folder() / "limits" / f"{namespace}-{hashlib.sha256(observer.encode()).hexdigest()[:16]}.json"


class LimitMemory:
    """The limits' memory of one run: read when its events are judged, written when they are delivered.

    From `recall` until the end of the run no other process has it; others wait there, and count on. A run that does not
    get to `keep` leaves it as it was. Without a file (no rule limits) nothing is kept.

    Raises:
        ConfigError: the file's folder cannot be written; told before the run begins.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._state = LimitState()
        self._lock: int | None = None
        if file is not None:
            try:
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._lock = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise ConfigError(
                    f"{file.parent} cannot be written ({error.strerror}), and limits remember there what they let "
                    "pass: set NETAD_STATE_DIR"
                ) from error

    @classmethod
    def of_run(cls, rules: "RuleSet | None", observer: str, namespace: str) -> Self:
        """Return the memory of a run with these rules."""
        limits = rules is not None and any(rule.limit is not None for rule in rules.event_rules)
        return cls(memory_file(observer, namespace) if limits else None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)  # which unlocks it
            self._lock = None

    def recall(self) -> LimitState:
        """Return what earlier runs let pass; what this one lets pass goes into it."""
        if self._file is not None and self._lock is not None:
            self._wait(self._lock)
            self._state = _read(self._file)
        return self._state

    def keep(self) -> None:
        """Write what has passed; that it cannot be written is told, since the events are delivered already."""
        if self._file is None:
            return
        try:
            with atomic_path(self._file) as part:
                part.write_text(self._state.to_json(), encoding="utf-8")
        except OSError as error:
            log.error("%s cannot be written (%s): a later run may let other events pass its limits",
                      self._file, error.strerror or error)  # fmt: skip

    def _wait(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("another run of this observer is about to end: waiting for what its limits let pass")
            fcntl.flock(lock, fcntl.LOCK_EX)


def _read(file: Path) -> LimitState:
    """Return the state in the file; a new one where there is none, or where it is damaged, which is told."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES >> 20} MiB")
        return LimitState.from_json(content.decode())
    except FileNotFoundError:
        return LimitState()
    except (OSError, ValueError) as error:
        log.warning("what limits let pass in earlier runs is forgotten: %s: %s", file, error)
        return LimitState()
