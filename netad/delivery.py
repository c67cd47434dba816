"""Events to outputs: an output that fails costs that output, and what became of everything is told."""

from collections.abc import Sequence
from dataclasses import dataclass

from netad.core.errors import ExitCode, NetadError
from netad.outputs.base import Delivery, Event, Output, RunSummary


@dataclass
class Result:
    """How a run ended."""

    summary: RunSummary
    deliveries: dict[str, Delivery]
    exit_code: ExitCode


def write(outputs: Sequence[tuple[str, Output]], events: list[Event], failed: dict[str, NetadError]) -> None:
    """Hand events to every output that has not failed; those that fail now are kept in `failed` by name."""
    for name, output in outputs:
        if name in failed:
            continue
        try:
            output.write(events)
        except NetadError as error:
            failed[name] = error


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
    return Result(summary, deliveries, _exit_code(summary, deliveries, failed))


def where(name: str, delivery: Delivery) -> str:
    """Return what became of an output's events, in words."""
    counts = {"delivered": delivery.delivered, "already there": delivery.duplicates, "spooled": delivery.spooled,
              "refused": delivery.dead}  # fmt: skip
    told = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "no events"
    return f"{name}: {told}" + (f" ({delivery.where})" if delivery.where else "")


def _exit_code(summary: RunSummary, deliveries: dict[str, Delivery], failed: dict[str, NetadError]) -> ExitCode:
    codes = {error.exit_code for error in failed.values()}
    if any(delivery.spooled or delivery.dead or delivery.problems for delivery in deliveries.values()):
        codes.add(ExitCode.OUTPUT)
    if summary.problems:
        codes.add(ExitCode.INPUT)
    return next((code for code in (ExitCode.SPOOL, ExitCode.OUTPUT, ExitCode.INPUT) if code in codes), ExitCode.DONE)
