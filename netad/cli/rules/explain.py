"""`netad rules explain`: which rules apply to an event, and why the others do not."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from netad.cli.rules.options import config_option, load, rules_option
from netad.cli.rules.stored import find_event, open_store, store_option

if TYPE_CHECKING:
    from netad.outputs.base import Event
    from netad.outputs.stored import StoredEvents
    from netad.rules.judging import Verdict
    from netad.rules.ruleset import RuleSet


@click.command("explain", short_help="Which rules apply to an event, and why the others do not.")
@click.argument("event", metavar="FILE[#ID]|ID")
@rules_option
@store_option
@click.option("--all", "everything", is_flag=True, help="Also the rules that are far from it.")
@config_option
def command(event: str, paths: tuple[str, ...], store: str | None, everything: bool, config_file: str | None) -> None:
    """Say for each rule whether it applies to an event, and which of its conditions stand in the way.

    The event is in a JSON or NDJSON file, FILE#ID for that of this event.id, or - for standard input. The id alone is
    that of a stored event, which is judged among those around it, by the rules that were in force when it was made. Of
    rules that do not apply, those with at most two conditions in the way are told, unless --all is given.
    """
    rules = load(paths, config_file)
    stored = find_event(event, store, config_file)
    judged = _of_file(event, rules) if stored is None else [_among(stored, open_store(store, config_file), rules)]
    for each, verdict, now_ns in judged:
        for line in _told(each, verdict, rules, now_ns, everything=everything):
            click.echo(line)


def _of_file(source: str, rules: "RuleSet") -> "Iterator[tuple[Event, Verdict, int]]":
    """Yield the events of a file with the verdicts on them as a run, and the wall clock they were judged by."""
    from datetime import UTC, datetime

    from netad.rules.event_files import read_events
    from netad.rules.marking import unmark
    from netad.rules.ruleset import nanoseconds

    now = datetime.now(UTC)
    events = read_events(source)
    for each in events:
        unmark(each)
    for each, verdict in zip(events, rules.judge(events, now).verdicts, strict=True):
        yield each, verdict, nanoseconds(now)


def _among(event: "Event", stored: "StoredEvents", rules: "RuleSet") -> "tuple[Event, Verdict, int]":
    """Return a stored event with the verdict on it among those around it, and the wall clock that made it."""
    from netad.rules.marking import unmark
    from netad.rules.replay import context_end, context_start, replay
    from netad.rules.view import EventView

    unmark(event)
    view = EventView(event)
    time_ns = view.time_ns or 0
    around = context_start(rules.event_rules, time_ns), context_end(rules.event_rules, time_ns)
    found = replay(stored.events("anomaly", *around), rules)
    return event, found.verdicts[view.identity], view.created_ns or 0


def _told(event: "Event", verdict: "Verdict", rules: "RuleSet", now_ns: int, *, everything: bool) -> Iterator[str]:
    from netad.rules.explain import explain

    block = event.get("event")
    yield f"{(block.get('id') if isinstance(block, dict) else None) or 'event'}: {verdict.action or 'none'}"
    far = 0
    for rule in rules.event_rules:
        told = explain(rule, event, now_ns)
        if told.applies:
            effect = "" if rule in verdict.rules else ", but no stronger event is here to inhibit it"
            yield f"  applies    {rule.id} ({rule.action}{effect}) of {rule.created_by}: {rule.comment}"
        elif everything or len(told.reasons) <= 2:
            yield f"  does not   {rule.id} ({rule.action}) at {rule.where}"
            yield from (f"             {reason}" for reason in told.reasons)
        else:
            far += 1
    if far:
        yield f"  and {far:,} rules that are further from it (--all)"
