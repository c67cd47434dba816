"""`--to report:FILE.html`: the anomalies of a run as one HTML file that appears whole or not at all."""

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar, Protocol, Self, runtime_checkable

from netad import __version__
from netad.core.errors import ConfigError, OutputError
from netad.core.files import atomic_path
from netad.core.timing import now_iso
from netad.outputs.base import Delivery, Event, RunSummary
from netad.outputs.console_summary import closing_lines
from netad.outputs.recent_ids import RecentIds
from netad.outputs.report.cards import SuggestRule
from netad.outputs.report.gathering import Gathering
from netad.outputs.report.page import Told, page

TITLE = "netad report"
# What a run says at its end that is not of the report: where else its events went.
_ELSEWHERE = "Sent"


@runtime_checkable
class SuggestsRules(Protocol):
    """An output that offers a rule with an anomaly; outputs know no rules, so they are told how to write one."""

    def suggest(self, rule: SuggestRule) -> None:
        """Set what makes of an anomaly the text of a rule that hides it."""
        ...


class ReportOutput:
    """Gathers anomalies with what comes after them, and writes the page at `close`.

    Raises:
        OutputError: the file cannot be made.
    """

    name: ClassVar[str] = "report"

    def __init__(self, path: str, *, clock: Callable[[], str] = now_iso) -> None:
        self._label = path
        self._clock = clock
        self._gathering = Gathering()
        self._recent = RecentIds()
        self._suggest: SuggestRule | None = None
        self._delivery = Delivery(where=path)
        self._stack = contextlib.ExitStack()
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            raise OutputError(f"cannot write {path}: it is no file")
        try:
            self._part = self._stack.enter_context(atomic_path(target))
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror}") from error

    @classmethod
    def from_target(cls, target: str | None) -> Self:
        """Return the output that `--to report:FILE` names.

        Raises:
            ConfigError: no file is named.
        """
        if not target:
            raise ConfigError("a report needs a file: write --to report:FILE.html")
        return cls(target)

    def suggest(self, rule: SuggestRule) -> None:
        """See `SuggestsRules`."""
        self._suggest = rule

    def write(self, events: Iterable[Event]) -> None:
        """Take events, those that were written already left out and counted."""
        for event in events:
            if not self._recent.add(event["event"]["id"]):
                self._delivery.duplicates += 1
                continue
            self._delivery.delivered += 1
            self._gathering.add(event)

    def close(self, summary: RunSummary) -> Delivery:
        """Put the page in its place. When that fails, its events are counted as dead."""
        lines = [line for line in closing_lines(summary) if line[0] != _ELSEWHERE]
        told = Told(TITLE, self._clock(), __version__, lines)
        try:
            with self._stack:
                self._part.write_text(page(self._gathering, told, self._suggest), encoding="utf-8")
        except OSError as error:
            self._delivery.dead, self._delivery.delivered = self._delivery.delivered, 0
            self._delivery.problems.append(f"cannot write {self._label}: {error.strerror or error}")
        return self._delivery

    def abandon(self) -> None:
        """Leave what was there before as it was."""
        with contextlib.suppress(OSError):
            self._stack.__exit__(OutputError, OutputError("not delivered"), None)
