"""A run as an ECS event: what it read, found, hid, delivered and left undone, how long it took, and how it ended."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from netad.core.errors import ExitCode
from netad.core.identity import content_id
from netad.core.timing import SECOND_NS, format_duration, iso
from netad.detectors.anomaly import Severity
from netad.outputs.base import Delivery, Event, RunSummary
from netad.outputs.origin import Origin, envelope, storable
from netad.outputs.wording import counted

DATASET = "netad.run"
# How many rules and sentences an event lists: those that count most, and the first.
MOST_LISTED = 50
SENTENCE = 1000
_ENDED = {
    ExitCode.DONE: "done",
    ExitCode.INPUT: "inputs_skipped",
    ExitCode.OUTPUT: "output_failed",
    ExitCode.SPOOL: "events_lost",
    ExitCode.INTERRUPTED: "interrupted",
}
_FINISHED = (ExitCode.DONE, ExitCode.INPUT)
_LIBRARIES = ("numpy", "numba", "pandas", "scikit-learn", "elasticsearch")
_COUNTS = ("delivered", "duplicates", "spooled", "dead", "drained")


@dataclass(frozen=True, slots=True)
class Ending:
    """When a run began and ended (ns since the epoch), with which exit code, and what became of its other events.

    `deliveries` holds the name of the kind of output and what it has done so far, for those that keep runs.
    """

    started_ns: int
    ended_ns: int
    exit_code: ExitCode
    deliveries: Sequence[tuple[str, Delivery]]


def run_event(summary: RunSummary, ending: Ending, origin: Origin, command: str = "ingest") -> Event:
    """Return the event of a run: an ECS 9.4 document, all plain Python values, none of them null.

    Its id comes from the run's, so every run makes one. `event.ingested` is stamped by the outputs.
    """
    started, ended = ending.started_ns, ending.ended_ns
    document = envelope(
        DATASET,
        origin,
        ended,
        {
            "kind": "event",
            "category": ["process"],
            "type": ["end"],
            "action": "netad_run",
            "outcome": "success" if ending.exit_code in _FINISHED else "failure",
            "id": content_id(started, "run", origin.run_id),
            "start": iso(started),
            "end": iso(ended),
            "duration": ended - started,
            "created": iso(ended),
        },
    )
    document["message"] = _message(summary, ending)
    document["netad"] = {"run": _run(summary, ending, origin, command)}
    if summary.model is not None:
        document["netad"]["model"] = dict(zip(("name", "version"), summary.model, strict=True))
    return document


def _message(summary: RunSummary, ending: Ending) -> str:
    ended = _ended(ending).replace("_", " ")
    return (
        f"{counted(summary.anomalies, 'anomaly', 'anomalies')} ({summary.suppressed:,} suppressed) among "
        f"{counted(summary.profiles, 'profile')} of {counted(summary.flows, 'flow')} from "
        f"{counted(summary.files, 'file')} in {format_duration(ending.ended_ns - ending.started_ns)}: {ended}."
    )


def _ended(ending: Ending) -> str:
    return _ENDED.get(ending.exit_code, "failed")


def _run(summary: RunSummary, ending: Ending, origin: Origin, command: str) -> dict[str, Any]:
    """Return `netad.run`."""
    run: dict[str, Any] = {
        "id": origin.run_id,
        "command": command,
        "exit_code": int(ending.exit_code),
        "ended": _ended(ending),
        "versions": _versions(origin),
        **_read(summary),
        **_found(summary),
        "problems": [_sentence(problem) for problem in summary.problems[:MOST_LISTED]],
        "problem_count": len(summary.problems),
        "notes": [_sentence(note) for note in summary.notes[:MOST_LISTED]],
        "seconds": {stage: round(seconds, 6) for stage, seconds in summary.seconds.items()},
        **_delivered([delivery for _, delivery in ending.deliveries]),
        "deliveries": [{"output": name, **_delivered([delivery])} for name, delivery in ending.deliveries],
        "spool": {
            "files": sum(delivery.waiting_files for _, delivery in ending.deliveries),
            "bytes": sum(delivery.waiting_bytes for _, delivery in ending.deliveries),
        },
    }
    run["seconds"]["total"] = (ending.ended_ns - ending.started_ns) / SECOND_NS
    return {name: value for name, value in run.items() if value not in ([], {}, "")}


def _read(summary: RunSummary) -> dict[str, Any]:
    """Return what was read and what became of it, up to profiles."""
    read: dict[str, Any] = {
        "inputs": {
            "files": summary.files,
            "captures": summary.files - summary.logs,
            "logs": summary.logs,
            "bytes": summary.bytes,
        },
        "skipped": {_field(kind): count for kind, count in summary.skipped.items()},
        "skipped_records": sum(summary.skipped.values()),
        "window": summary.window_length,
    }
    if summary.kinds:
        read["inputs"]["kinds"] = summary.kinds
    for name in ("packets", "records", "handed_over", "flows", "profiles", "sources", "windows"):
        read[name] = getattr(summary, name)
    if summary.first_ns is not None and summary.last_ns is not None:
        read["traffic"] = {"start": iso(summary.first_ns), "end": iso(summary.last_ns)}
    return read


def _found(summary: RunSummary) -> dict[str, Any]:
    """Return what was found, by which measure, and what rules made of it."""
    by_severity = {severity.name.lower(): 0 for severity in Severity} | summary.severities
    return {
        "baseline": summary.baseline,
        "threshold": float(summary.threshold),
        "budget": float(summary.budget),
        "anomalies": {"total": summary.anomalies, **by_severity},
        "suppressed": summary.suppressed,
        "dropped": summary.dropped,
        "rules": _rules(summary),
    }


def _versions(origin: Origin) -> dict[str, str]:
    libraries = {name.replace("-", "_"): version(name) for name in _LIBRARIES}
    return {"netad": origin.agent_version, "python": platform.python_version(), **libraries}


def _rules(summary: RunSummary) -> list[dict[str, Any]]:
    """Return the rules that hid or dropped most, each with how many."""
    hidden, dropped = summary.suppressed_by_rule, summary.dropped_by_rule
    counts: Mapping[str, int] = {rule: hidden.get(rule, 0) + dropped.get(rule, 0) for rule in {**hidden, **dropped}}
    most = sorted((rule for rule in counts if counts[rule]), key=lambda rule: (-counts[rule], rule))[:MOST_LISTED]
    return [{"id": rule, "suppressed": hidden.get(rule, 0), "dropped": dropped.get(rule, 0)} for rule in most]


def _delivered(deliveries: Sequence[Delivery]) -> dict[str, int]:
    return {name: sum(getattr(delivery, name) for delivery in deliveries) for name in _COUNTS}


def _field(kind: str) -> str:
    """Return a kind of skipped record, which a log may have named, as the name of a field."""
    plain = "".join(character if character.isascii() and character.isalnum() else "_" for character in kind.lower())
    return plain[:64]


def _sentence(text: str) -> str:
    return storable(text)[:SENTENCE]
