"""An evaluation as text: Markdown tables that read well in a terminal, and JSON."""

import json
import math
from collections.abc import Sequence
from typing import Any

from netad.detectors.evaluate.running import Counts, Evaluation, Result

_HEADINGS = {
    "transplant": "malicious flows moved onto known normal hosts, among their own traffic",
    "recorded": "malicious windows as recorded; most malicious hosts have no past, so being a stranger gives them away",
    "hosts": "half of the clean hosts train; windows of hosts that training never saw",
    "contaminated": "transplant with {share} of the training windows replaced by malicious ones",
}


def to_json(evaluation: Evaluation) -> str:
    """Return the results as a JSON list, one object a split and detector, in order."""
    return json.dumps([_document(result) for result in evaluation.results], indent=1) + "\n"


def _document(result: Result) -> dict[str, Any]:
    windowed, source = result.windowed, result.per_source
    return {
        "split": result.split,
        "contamination": result.contamination,
        "detector": result.detector,
        "baseline": result.baseline,
        **({"feature": result.detail} if result.detail else {}),
        "seeds": list(result.seeds),
        "macro_auroc": _number(windowed.macro_auroc),
        "interval": [_number(end) for end in result.interval],
        "tpr_at_1pct_fpr": _number(windowed.tpr),
        "pr_auc": _number(windowed.pr_auc),
        "auroc_by_scenario": {name: _number(value) for name, value in windowed.auroc.items()},
        "false_alarms_per_host_day": _number(result.false_alarms),
        "per_source": {
            "macro_auroc": _number(source.macro_auroc),
            "tpr_at_1pct_fpr": _number(source.tpr),
            "pr_auc": _number(source.pr_auc),
            "auroc_by_scenario": {name: _number(value) for name, value in source.auroc.items()},
        },
        "hosts": _counts(result.hosts),
        "windows": _counts(result.windows),
    }


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 6)


def _counts(counts: Counts) -> dict[str, float]:
    return {name: round(getattr(counts, name), 3) for name in ("train", "normal", "malicious")}


def to_markdown(evaluation: Evaluation) -> str:
    """Return the results as Markdown: for each split a table of the detectors, and one of the scenarios."""
    lines = [f"# Evaluation: {evaluation.suite}", "",
             f"Windows of {evaluation.window}. AUROC and the true positive rate at 1 % false positives (TPR) are means "
             "over scenarios and seeds; in brackets the 95 % bootstrap interval over hosts. Per source: the maximum "
             "over its windows. False alarms are per host-day of normal test windows, at the threshold the model chose "
             f"for a budget of {evaluation.budget:g}.", ""]  # fmt: skip
    groups: dict[tuple[str, float], list[Result]] = {}
    for result in evaluation.results:
        groups.setdefault((result.split, result.contamination), []).append(result)
    for (split, contamination), results in groups.items():
        share = f"{100 * contamination:g} %"
        lines += [f"## {split}{f' {share}' if contamination else ''}", "",
                  f"{_sentence(_HEADINGS[split].format(share=share))} {_tried(results[0])}", ""]  # fmt: skip
        lines += [*_table(*_detector_rows(results)), "", *_table(*_scenario_rows(results)), ""]
    lines += [f"- {note}" for note in evaluation.notes]
    return "\n".join(lines).rstrip() + "\n"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _tried(result: Result) -> str:
    hosts, windows = result.hosts, result.windows
    seeds = f"{len(result.seeds)} seed{'s' if len(result.seeds) > 1 else ''}"
    return (f"Training: {windows.train:.4g} windows of {hosts.train:.4g} hosts; tested: {windows.normal:.4g} normal "
            f"windows of {hosts.normal:.4g} hosts, {windows.malicious:.4g} malicious windows on "
            f"{hosts.malicious:.4g} hosts; {seeds}.")  # fmt: skip


def _detector_rows(results: Sequence[Result]) -> tuple[list[str], list[list[str]]]:
    heads = ["detector", "AUROC", "interval", "TPR", "PR-AUC", "per source: AUROC", "TPR", "PR-AUC", "false alarms"]
    rows = []
    for one in results:
        windowed, source = one.windowed, one.per_source
        numbers = [windowed.tpr, windowed.pr_auc, source.macro_auroc, source.tpr, source.pr_auc]
        named = f"{one.detector} ({one.detail})" if one.detail else one.detector
        alarms = "" if one.false_alarms is None else f"{one.false_alarms:.2f}"
        between = f"[{_shown(one.interval[0])}, {_shown(one.interval[1])}]"
        named = f"*{named}*" if one.baseline else named
        rows.append([named, _shown(windowed.macro_auroc), between, *map(_shown, numbers), alarms])
    return heads, rows


def _scenario_rows(results: Sequence[Result]) -> tuple[list[str], list[list[str]]]:
    names = sorted({name for one in results for name in one.windowed.auroc})
    rows = [[name, *(_shown(one.windowed.auroc.get(name, math.nan)) for one in results)] for name in names]
    return ["AUROC by scenario", *(one.detector for one in results)], rows


def _shown(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        first, *others = cells
        told = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        return f"| {' | '.join(told)} |"

    rule = [f"{'-' * (widths[0] + 1)}", *(f"{'-' * (width + 1)}:" for width in widths[1:])]
    return [line(heads), f"|{'|'.join([rule[0] + '-', *rule[1:]])}|", *map(line, rows)]
