"""The console report: suspicious sources ranked, each beside its baseline, and what was read, found and sent."""

import io
import json
import sys
from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal, TextIO

from rich.console import Console, RenderableType
from rich.text import Text

from netad.core.errors import OutputError
from netad.outputs.anomaly_event import DATASET
from netad.outputs.base import Delivery, Event, RunSummary
from netad.outputs.console_blocks import block, suppressed_lines
from netad.outputs.console_summary import closing_lines, nothing_found
from netad.outputs.event_words import hiding_rules
from netad.outputs.ranking import Ranking
from netad.outputs.recent_ids import RecentIds
from netad.outputs.wording import counted, printable

PIPE_WIDTH, NARROWEST, WIDEST = 80, 64, 110


class ConsoleOutput:
    """Prints anomalies for people (`text`, at the end of the run) or as JSON lines (`json`, as they come).

    Flow events are taken and not printed. Once a source is to be explained, only that is printed. Colours appear on a
    terminal only, and not with NO_COLOR set. A reader that goes (`netad ... | head`) has seen enough: the rest is not
    printed, and nothing is wrong.

    Raises:
        OutputError: standard output is closed; on `write`, the stream takes nothing more (a full disk).
    """

    name: ClassVar[str] = "console"
    anomalies_only: ClassVar[bool] = True

    def __init__(self, stream: TextIO | None = None, report_format: Literal["text", "json"] = "text") -> None:
        # Typed by hand: sys.stdout is None where a program is started with it closed.
        chosen: TextIO | None = stream if stream is not None else sys.stdout
        if chosen is None:
            raise OutputError("cannot print the results: standard output is closed")
        self._stream = chosen
        self._encoding = self._stream.encoding or "utf-8"
        self._json = report_format == "json"
        self._inside, self._outside, self._suppressed = Ranking(), Ranking(), Ranking()
        self._explained: str | None = None
        self._windows = Ranking()
        self._recent = RecentIds()
        self._delivery = Delivery(where="console")

    def write(self, events: Iterable[Event]) -> None:
        """Take events; in JSON, print the anomalies among them at once."""
        coming = iter(events)
        try:
            for event in coming:
                if not self._recent.add(event["event"]["id"]):
                    self._delivery.duplicates += 1
                    continue
                self._delivery.delivered += 1
                if event["data_stream"]["dataset"] == DATASET:
                    self._take(event)
            if self._json:
                self._stream.flush()
        except BrokenPipeError:
            self._reader_left()
            self.write(coming)
        except OSError as error:
            self._delivery.delivered += sum(1 for _ in coming)
            raise self._failed(error) from error

    def explain(self, source: str, events: Iterable[Event]) -> None:
        """Print this source only, whatever is written from now on; see `netad.outputs.base.Explains`."""
        self._explained = source
        for event in events:
            if self._json:
                self._print(event)
            else:
                self._windows.add(event)

    def close(self, summary: RunSummary) -> Delivery:
        """Print the report. When that fails, everything is counted as dead."""
        if not self._json:
            try:
                self._stream.write(self._rendered(summary))
                self._stream.flush()
            except BrokenPipeError:
                self._reader_left()
            except OSError as error:
                self._delivery.problems.append(str(self._failed(error)))
        return self._delivery

    def _take(self, event: Event) -> None:
        if self._explained is not None:
            return
        if self._json:
            self._print(event)
        elif event["netad"]["suppression"]["suppressed"]:
            self._suppressed.add(event)
        elif event["netad"]["entity"]["inside"]:
            self._inside.add(event)
        else:
            self._outside.add(event)

    def _print(self, event: Event) -> None:
        # ASCII only, so that no text from outside can drive a terminal and every encoding carries it.
        self._stream.write(json.dumps(event, separators=(",", ":")) + "\n")

    def _reader_left(self) -> None:
        self._stream = io.StringIO()

    def _failed(self, error: OSError) -> OutputError:
        self._delivery.dead, self._delivery.delivered = self._delivery.dead + self._delivery.delivered, 0
        return OutputError(f"cannot print the results: {error.strerror or error}")

    def _show(self, text: str) -> str:
        return printable(text, self._encoding)

    def _rendered(self, summary: RunSummary) -> str:
        """Return the whole report as text, with colour codes if the stream is a terminal that wants them."""
        terminal = self._stream.isatty()
        page = io.StringIO()  # not the stream itself: rich ends the program when a pipe's reader has gone
        console = Console(file=page, force_terminal=terminal or None, markup=False, highlight=False, emoji=False)
        console.width = max(min(console.width, WIDEST), NARROWEST) if terminal else PIPE_WIDTH
        for part in self._report(summary):
            console.print(part, crop=False)
        console.print()
        for heading, sentence in closing_lines(summary):
            console.print(Text.assemble((f"{heading}: ", "bold"), self._show(sentence)))
        return "\n".join(line.rstrip(" ") for line in page.getvalue().split("\n"))

    def _report(self, summary: RunSummary) -> Iterator[RenderableType]:
        if self._explained is not None:
            yield from self._explanation(self._explained)
            return
        if not self._inside and not self._outside:
            yield Text(self._show(nothing_found(summary)))
        yield from self._section("Suspicious sources", self._inside)
        yield from self._section("Suspicious sources outside the inside networks", self._outside)
        if self._suppressed:
            yield from self._heading("Suppressed by rules", self._suppressed)
            for found in self._suppressed.best():
                yield from suppressed_lines(found, self._show)
            yield from self._unlisted(self._suppressed)

    def _explanation(self, source: str) -> Iterator[RenderableType]:
        if not self._windows:
            yield Text(
                self._show(f"Nothing was seen of {source}: the inputs hold no flow of it in the time that was read.")
            )
        for found in self._windows.best():
            yield from block(None, found, self._show)
            for told in hiding_rules(found.worst):
                yield Text(self._show(f"   Suppressed by {told}"))

    def _section(self, title: str, ranking: Ranking) -> Iterator[RenderableType]:
        if not ranking:
            return
        yield from self._heading(title, ranking)
        for rank, found in enumerate(ranking.best(), 1):
            yield from block(rank, found, self._show)
        yield from self._unlisted(ranking)

    def _heading(self, title: str, ranking: Ranking) -> Iterator[RenderableType]:
        text = f"{title}: {'the ' if ranking.unlisted() else ''}{len(ranking.best()):,}"
        text += " with the highest scores" if ranking.unlisted() else ""
        yield Text(f"\n{text}\n{'=' * len(text)}", style="bold")

    def _unlisted(self, ranking: Ranking) -> Iterator[RenderableType]:
        if count := ranking.unlisted():
            windows = counted(count, "anomalous window")
            yield Text(f"\n   Not listed: {windows} of sources with lower scores (--format json prints all)")
