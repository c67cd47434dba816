"""Which rules marked an anomaly: their names, owners, reasons and ends, each with its own."""

from dataclasses import dataclass

from netad.outputs.base import Event


@dataclass(frozen=True, slots=True)
class Mark:
    """A rule that marked an anomaly: which, whose, why, until when (ISO 8601; empty: no end), and what it did."""

    rule: str
    owner: str
    reason: str
    until: str
    action: str


def marks(event: Event) -> list[Mark]:
    """Return the rules that marked an anomaly.

    An event lists the ends of those rules that have one: whose an end is can be told only where all have one.
    """
    marked = event["netad"]["suppression"]
    ids = list(marked.get("rule_ids", ()))
    columns = []
    for name in ("owner", "reason", "expires", "actions"):
        given = list(marked.get(name, ()))
        columns.append(given if len(given) == len(ids) else [""] * len(ids))
    return [Mark(*column) for column in zip(ids, *columns, strict=True)]
