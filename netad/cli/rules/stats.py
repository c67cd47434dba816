"""`netad rules stats`: what each rule has done, as it stands in stored events."""

from typing import TYPE_CHECKING, Any

import click

from netad.cli.rules.options import config_option, format_option, load, paths_argument
from netad.cli.rules.stored import choose, stored_options
from netad.cli.rules.tables import table

if TYPE_CHECKING:
    from netad.rules.rule import Rule
    from netad.rules.stats import Hits


@click.command("stats", short_help="Hits, first and last hit, owner and days left of each rule.")
@paths_argument
@stored_options("all")
@format_option
@config_option
def command(
    paths: tuple[str, ...],
    store: str | None,
    since: str,
    namespace: str | None,
    report_format: str,
    config_file: str | None,
) -> None:
    """Count the stored events that each rule matched, and those where its action took effect.

    Rules that were never matched are told, and rules that events name but no file has any more. What a rule drops is
    not stored, and flows carry no marks: of such rules nothing is known here.
    """
    from datetime import UTC, datetime

    from netad.rules.ruleset import nanoseconds
    from netad.rules.stats import count_hits

    rules, now_ns = load(paths, config_file), nanoseconds(datetime.now(UTC))
    chosen = choose(store, since, namespace, config_file, now_ns)
    total, hits = count_hits(chosen.events(chosen.since_ns))
    rows = [_of_file(rule, hits.get(rule.id), now_ns) for rule in rules.rules]
    rows += [_of_store(rule_id, hits[rule_id]) for rule_id in sorted(hits.keys() - {rule.id for rule in rules.rules})]
    rows.sort(key=lambda row: (-(row["matched"] or 0), row["id"]))
    if report_format == "json":
        from orjson import OPT_INDENT_2, dumps

        click.echo(dumps({"store": chosen.stored.where, "events": total, "rules": rows}, option=OPT_INDENT_2).decode())
        return
    _print(rows)
    click.echo(chosen.told(total), err=True)


def _of_file(rule: "Rule", hits: "Hits | None", now_ns: int) -> dict[str, Any]:
    """Return the row of a rule that a file has; nothing is known of hits that leave no marks."""
    from netad.rules.stats import Hits

    traceless = hits is None and (rule.action == "drop" or rule.applies_to == "flows")
    action = "keep out" if rule.applies_to == "flows" else rule.action
    return _row(rule.id, action, None if traceless else hits or Hits(), rule.created_by, rule.left_told(now_ns))


def _of_store(rule_id: str, hits: "Hits") -> dict[str, Any]:
    return _row(rule_id, hits.action, hits, hits.owner, "in no file")


def _row(rule_id: str, action: str, hits: "Hits | None", owner: str, left: str) -> dict[str, Any]:
    return {
        "id": rule_id,
        "action": action,
        "matched": None if hits is None else hits.matched,
        "effective": None if hits is None else hits.effective,
        "first": hits.first if hits is not None and hits.first else None,
        "last": hits.last if hits is not None and hits.last else None,
        "owner": owner,
        "left": left,
    }


def _print(rows: list[dict[str, Any]]) -> None:
    told = [("id", "action", "matched", "effective", "first hit", "last hit", "owner", "left")]
    for row in rows:
        counts = [_count(row["matched"]), _count(row["effective"])]
        never = "never" if row["matched"] == 0 else "-"
        times = [f"{row[name][:19]}Z" if row[name] else never for name in ("first", "last")]
        told.append((row["id"], row["action"], *counts, *times, row["owner"], row["left"]))
    for line in table(told):
        click.echo(line)


def _count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"
