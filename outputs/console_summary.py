"""The words around the console's blocks: what was looked at when nothing stands out, and the closing lines."""

from netad.core.figures import figure, size
from netad.core.timing import iso
from netad.outputs.base import RunSummary
from netad.outputs.wording import counted, files_read, score_text, traffic_read

SHOWN = 5


def nothing_found(summary: RunSummary) -> str:
    """Return what was looked at, for a run without an anomaly that is not suppressed."""
    if not summary.profiles and summary.goes_on:
        return "Nothing was judged yet: the windows that are open close in a later run."
    if not summary.profiles:
        return "Nothing was judged: the inputs hold no profile of a source."
    besides = " that is not suppressed" if summary.suppressed else ""
    return (
        f"Nothing anomalous{besides}. Looked at {files_read(summary.files, summary.logs)} with "
        f"{_traffic(summary)} in {counted(summary.flows, 'flow')}{_span(summary)}: "
        f"{counted(summary.profiles, 'profile')} of {counted(summary.sources, 'source')} in "
        f"{counted(summary.windows, 'window')}{_length(summary)}. "
        f"An anomaly is a score of at least {_threshold(summary)}."
    )


def closing_lines(summary: RunSummary) -> list[tuple[str, str]]:
    """Return the last lines as (heading, sentence): notes if there are any, then what was read, found and sent."""
    lines = [("Not read", problem) for problem in summary.problems[:SHOWN]]
    if len(summary.problems) > SHOWN:
        lines.append(("Not read", f"{counted(len(summary.problems) - SHOWN, 'further problem')} with inputs"))
    lines += [("Note", note) for note in summary.notes]
    return [*lines, ("Read", _read(summary)), ("Found", _found(summary)), ("Sent", _sent(summary))]


def _read(summary: RunSummary) -> str:
    read = (
        f"{files_read(summary.files, summary.logs)} ({size(summary.bytes)}), {_traffic(summary)}, "
        f"{counted(summary.flows, 'flow')}{_span(summary)}"
    )
    skipped = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in summary.skipped.items() if count)
    by_dpkt = f"; {100 * summary.handed_over / summary.packets:.2g} % decoded by dpkt" if summary.handed_over else ""
    return f"{read}; skipped {skipped}{by_dpkt}" if skipped else f"{read}; nothing skipped{by_dpkt}"


def _traffic(summary: RunSummary) -> str:
    return traffic_read(summary.packets, summary.records, summary.logs)


def _found(summary: RunSummary) -> str:
    if not summary.profiles and summary.goes_on:
        return "nothing yet: no window has closed"
    if not summary.profiles:
        return "nothing, because the inputs hold no flow of a host"
    found = counted(summary.anomalies, "anomaly", "anomalies")
    if summary.suppressed:
        rules = ", ".join(f"{rule} {count:,}" for rule, count in summary.suppressed_by_rule.items() if count)
        found += f", {summary.suppressed:,} of them suppressed" + (f" (by {rules})" if rules else "")
    if summary.dropped:
        found += f", {summary.dropped:,} more dropped by rules"
    looked = f"{counted(summary.profiles, 'profile')} of {counted(summary.sources, 'source')}"
    baseline = f"; baseline: {summary.baseline}" if summary.baseline else ""
    return f"{found} among {looked}, threshold {_threshold(summary)}{baseline}"


def _sent(summary: RunSummary) -> str:
    return "; ".join(summary.deliveries) if summary.deliveries else "to this console"


def _threshold(summary: RunSummary) -> str:
    """Return the threshold in words: the score, and how often normal profiles reach it."""
    if not 0 < summary.budget < 1:
        return score_text(summary.threshold)
    return (
        f"{score_text(summary.threshold)}, which about 1 in {figure(round(1 / summary.budget))} normal profiles reaches"
    )


def _span(summary: RunSummary) -> str:
    if summary.first_ns is None or summary.last_ns is None:
        return ""
    first, last = (iso(moment)[:19].replace("T", " ") for moment in (summary.first_ns, summary.last_ns))
    return f" from {first} to {last} UTC"


def _length(summary: RunSummary) -> str:
    return f" of {summary.window_length}" if summary.window_length not in ("", "capture") else ""
