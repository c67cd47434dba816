"""Events to outputs: an output that fails costs that output, and what became of everything is told."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from netad.core.errors import ExitCode, NetadError
from netad.outputs.base import Delivery, Event, KeepsMore, KeepsRuns, Output, RunSummary, shipped
from netad.outputs.origin import Origin


@dataclass
class Result:
    """How a run ended."""

    summary: RunSummary
    deliveries: dict[str, Delivery]
    exit_code: ExitCode


def write(outputs: Sequence[tuple[str, Output]], events: list[Event], failed: dict[str, NetadError]) -> None:
    """Hand events to every output that has not failed; those that fail now are kept in `failed` by name."""
    bare = [shipped(event) for event in events]
    for name, output in outputs:
        if name in failed:
            continue
        try:
            output.write(events if isinstance(output, KeepsMore) else bare)
        except NetadError as error:
            failed[name] = error


def write_run(
    outputs: Sequence[tuple[str, Output]],
    summary: RunSummary,
    started_ns: int,
    origin: Origin,
    failed: dict[str, NetadError],
    ended_by: BaseException | None = None,
    command: str = "ingest",
) -> None:
    """Write the run's own event to the outputs that keep runs: the last one, when they have dealt with all others.

    `started_ns` is when the run began (ns since the epoch), `ended_by` what ended it too early, `command` what ran.
    """
    from netad.outputs.run_event import Ending, run_event

    keeping = [(name, output) for name, output in outputs if isinstance(output, KeepsRuns)]
    deliveries = {name: _settled(name, output, failed) for name, output in keeping}
    code = exit_code(summary, deliveries, failed) if ended_by is None else _code_of(ended_by)
    told = [(output.name, deliveries[name]) for name, output in keeping]
    write(keeping, [run_event(summary, Ending(started_ns, time.time_ns(), code, told), origin, command)], failed)


def _settled(name: str, output: KeepsRuns, failed: dict[str, NetadError]) -> Delivery:
    try:
        return output.settle()
    except NetadError as error:
        failed.setdefault(name, error)
        return Delivery()


def _code_of(error: BaseException) -> ExitCode:
    if isinstance(error, NetadError):
        return error.exit_code
    return ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitCode.INTERNAL


def close(outputs: Sequence[tuple[str, Output]], summary: RunSummary, failed: dict[str, NetadError]) -> Result:
    """Close the outputs, the console last, so that it can say where everything went."""
    deliveries: dict[str, Delivery] = {}
    for name, output in sorted(outputs, key=lambda pair: pair[1].name == "console"):
        try:
            delivery = output.close(summary)
        except NetadError as error:
            failed.setdefault(name, error)
            delivery = Delivery()
        if name in failed:
            delivery.problems.append(f"{name}: {failed[name]}")
        deliveries[name] = delivery
        summary.deliveries.append(where(name, delivery))
    return Result(summary, deliveries, exit_code(summary, deliveries, failed))


def where(name: str, delivery: Delivery) -> str:
    """Return what became of an output's events, in words."""
    counts = {"delivered": delivery.delivered, "already there": delivery.duplicates, "spooled": delivery.spooled,
              "refused": delivery.dead, "left out": delivery.left_out}  # fmt: skip
    told = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "no events"
    return f"{name}: {told}" + (f" ({delivery.where})" if delivery.where else "")


def exit_code(summary: RunSummary, deliveries: dict[str, Delivery], failed: dict[str, NetadError]) -> ExitCode:
    """Return how a run ends, or would end if nothing further went wrong."""
    codes = {error.exit_code for error in failed.values()}
    if any(delivery.lost for delivery in deliveries.values()):
        codes.add(ExitCode.SPOOL)
    if any(delivery.spooled or delivery.dead or delivery.problems for delivery in deliveries.values()):
        codes.add(ExitCode.OUTPUT)
    if summary.problems:
        codes.add(ExitCode.INPUT)
    return next((code for code in (ExitCode.SPOOL, ExitCode.OUTPUT, ExitCode.INPUT) if code in codes), ExitCode.DONE)
