"""How an anomaly looks on the console: a block a source for what is suspicious, a line for what rules suppressed.

Only ASCII is drawn and nothing depends on colour, so that a pipe, a log and a terminal without UTF-8 read the same.
"""

from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from netad.core.figures import percent
from netad.detectors.anomaly import Severity
from netad.outputs.event_words import (
    behind,
    hiding_rules,
    host,
    moment,
    mostly,
    normal_if,
    oddly,
    rarity,
    reason_cells,
    said,
    weight_text,
    when,
)
from netad.outputs.ranking import SourceFindings
from netad.outputs.wording import counted, score_text

# What operators ask about a source, in the order in which they ask it (feature names of netad.profiles).
MEASURES = ("unique_destinations", "unique_source_ports", "unique_destination_ports", "packet_length_mean",
            "packet_length_max", "total_packets", "port_ratio", "packets_per_destination")  # fmt: skip
TOP = 3
INDENT = 3
WIDTHS = (29, 11, 15, 8, 6)  # of the columns of both tables: 80 with what lies between them
NARROWEST_LABEL = 12

_COLOURS = {Severity.LOW: "cyan", Severity.MEDIUM: "yellow", Severity.HIGH: "red", Severity.CRITICAL: "bold red"}

Show = Callable[[str], str]


def block(rank: int | None, found: SourceFindings, show: Show) -> Iterator[RenderableType]:
    """Yield what one source looks like, with its place among the suspicious ones if it is one of several.

    `show` makes text from outside harmless. A window without a severity is below the threshold.
    """
    event = found.worst
    details = event["netad"]["anomaly"]
    yield Text("")
    yield Text.assemble(
        (f"{'' if rank is None else f'{rank}. '}{show(event['source']['ip'])}", "bold"),
        f"  anomaly score {score_text(details['score'])}  ",
        _severity(event["event"].get("severity", 0)),
        f"  {rare}" if (rare := rarity(details.get("tail", 0.0))) else "",
    )
    yield _indented(Text(", ".join(filter(None, (when(event), behind(details))))))
    yield Text("")
    yield _indented(_measures(details, show))
    if details.get("influencers"):
        yield Text("")
        yield _indented(_influencers(details["influencers"][:TOP], show))
    yield Text("")
    yield _indented(Text(show(event.get("message", ""))))
    evidence = event["netad"].get("evidence", {})
    for told in (host(event), mostly(event), normal_if(details), oddly(details), *said(evidence)):
        if told:
            yield _indented(Text(show(told)))
    if "url" in event["event"]:  # in one piece, however long: a link that is folded cannot be followed
        link = Text(f"{' ' * INDENT}{show(event['event']['url'])}", no_wrap=True, overflow="ignore")
        yield Group(link)  # a bare text would be printed with the console's own wrapping
    if found.others:
        heading = "Also anomalous" if all(window.severity for window in found.others) else "Also seen"
        yield _indented(Text(f"{heading}: {counted(found.windows - 1, 'other window')} of this source"))
    for window in sorted(found.others, reverse=True):
        line = Text.assemble(f"{moment(window.start)} UTC ({window.length})  score {score_text(window.score)}  ",
                             _severity(window.severity))  # fmt: skip
        yield _indented(line, 2 * INDENT)
    if found.windows - 1 > len(found.others):
        yield _indented(Text(f"and {found.windows - 1 - len(found.others):,} with lower scores"), 2 * INDENT)


def suppressed_lines(found: SourceFindings, show: Show) -> Iterator[RenderableType]:
    """Yield a source whose anomalies are suppressed: one line for it, one for every rule with its owner and reason."""
    event = found.worst
    more = f", and {counted(found.windows - 1, 'other window')}" if found.windows > 1 else ""
    yield _indented(
        Text.assemble(
            f"{show(event['source']['ip'])}  score {score_text(event['netad']['anomaly']['score'])}  ",
            _severity(event["event"]["severity"]),
            f"  {when(event)}{more}",
        )
    )
    for told in hiding_rules(event):
        yield _indented(Text(show(told)), 2 * INDENT)


def _severity(number: int) -> tuple[str, str]:
    if not number:
        return "below the threshold", "dim"
    severity = Severity(number)
    return severity.name, _COLOURS[severity]


def _indented(content: RenderableType, by: int = INDENT) -> Padding:
    return Padding(content, (0, 0, 0, by))


class _Grid:
    """Rows of figures under headings; where the terminal is narrow the labels fold, the figures never do."""

    def __init__(self, *headings: str) -> None:
        self._headings = headings
        self._rows: list[tuple[str, ...]] = []

    def add_row(self, *cells: str) -> None:
        self._rows.append(cells)

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        label, *figures = WIDTHS[: len(self._headings)]
        room = options.max_width - sum(figures) - 2 * len(self._headings)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column(self._headings[0], overflow="fold", min_width=max(min(label, room), NARROWEST_LABEL))
        for heading, width in zip(self._headings[1:], figures, strict=True):
            table.add_column(heading, justify="right", no_wrap=True, min_width=width)
        for row in self._rows:
            table.add_row(*row)
        yield table


def _measures(details: dict[str, Any], show: Show) -> _Grid:
    """The score and the operators' measures, each beside the baseline's median and the quantile it falls on."""
    grid = _Grid("", "this window", "baseline median", "quantile")
    quantile = percent(details["percentile"] / 100) if "percentile" in details else "-"
    grid.add_row(
        "anomaly score", score_text(details["score"]), f"threshold {score_text(details['threshold'])}", quantile
    )
    reasons = {reason["feature"]: reason for reason in (*details.get("influencers", ()), *details.get("profile", ()))}
    for name in MEASURES:
        if name in reasons:
            grid.add_row(*_cells(reasons[name], show))
    return grid


def _influencers(reasons: list[dict[str, Any]], show: Show) -> _Grid:
    grid = _Grid("what matters most", "this window", "baseline median", "quantile", "weight")
    for reason in reasons:
        grid.add_row(*_cells(reason, show), weight_text(reason))
    return grid


def _cells(reason: dict[str, Any], show: Show) -> tuple[str, str, str, str]:
    label, actual, typical, quantile = reason_cells(reason)
    return show(label), actual, typical, quantile
