"""`netad rules`: check, test, explain, list, write and import rules."""

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from netad.core.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from netad.rules.importing import Imported
    from netad.rules.ruleset import RuleSet

log = logging.getLogger("netad.rules")
F = TypeVar("F", bound=Callable[..., Any])

paths_argument = click.argument("paths", metavar="[FILE|DIR|builtin:NAME]...", nargs=-1)
config_option = click.option("--config", "config_file", metavar="FILE", help="Settings in YAML, for their rules.")
rules_option = click.option("--rules", "paths", multiple=True, metavar="FILE|DIR|builtin:NAME",
                            help="The rules; may be given several times. [those of the settings]")  # fmt: skip
_WRITING = (
    click.option("-o", "--output", metavar="FILE", help="Write to this file. [standard output]"),
    click.option("--permanent", is_flag=True, help="It never ends."),
    click.option("--expires", metavar="DURATION|TIME", help="When it ends: 30d from now, or a date."),
    click.option("--created-by", required=True, metavar="NAME", help="Whose rule it is."),
)


def writing_options(function: F) -> F:
    """Give a command the options of rules that are written: owner, end and file."""
    for option in _WRITING:
        function = option(function)
    return function


@click.group("rules", short_help="Check, test, explain, list, write and import suppression rules.")
def command() -> None:
    """Work with suppression rules.

    \b
    netad rules lint rules/
    netad rules test rules/
    netad rules explain event.json --rules rules/
    netad rules add --from events.ndjson#ID --created-by soc --comment "known backup" --expires 30d -o rules/new.yml
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"


def named_paths(paths: Sequence[str], config_file: str | None) -> Sequence[str]:
    """Return the paths of rules: those that were given, else those of the settings.

    Raises:
        ConfigError: there are none.
    """
    from netad.config import load_config

    found = paths or load_config(config_file, {}).rules
    if not found:
        raise ConfigError("no rules were named: give files or folders, or rules: in the settings")
    return found


def load(paths: Sequence[str], config_file: str | None = None) -> "RuleSet":
    """Return the rules that the paths or the settings name.

    Raises:
        RuleError: they do not load.
    """
    from netad.rules.ruleset import RuleSet

    return RuleSet.load(named_paths(paths, config_file))


@command.command("lint", short_help="All that is wrong or worth a look, with file, line and column.")
@paths_argument
@click.option("--strict", is_flag=True, help="End with an error for warnings too.")
@config_option
@click.pass_context
def lint_command(ctx: click.Context, /, paths: tuple[str, ...], strict: bool, config_file: str | None) -> None:
    """Check rule files: every error of every file at once, then warnings about rules that load.

    Warnings are about rules that are over or end within 14 days, that other rules leave nothing to do, that overlap,
    and about lists that no rule uses.

    Exit codes: 0 fine (warnings may be printed), 2 errors (with --strict: or warnings).
    """
    from datetime import UTC, datetime

    from netad.rules.lint import lint
    from netad.rules.ruleset import RuleSet, nanoseconds

    now = datetime.now(UTC)
    rules = RuleSet.load_what_can(named_paths(paths, config_file), now)
    for problem in rules.problems:
        click.echo(f"error: {problem}")
    warnings = [] if rules.problems else [*lint(rules.rules, nanoseconds(now)), *rules.unused_lists]
    for warning in warnings:
        click.echo(f"warning: {warning}")
    errors, count = len(rules.problems), len(rules)
    click.echo(f"{count:,} {'rule' if count == 1 else 'rules'}, {errors:,} {'error' if errors == 1 else 'errors'}, "
               f"{len(warnings):,} {'warning' if len(warnings) == 1 else 'warnings'}", err=True)  # fmt: skip
    ctx.exit(int(ExitCode.USAGE if errors or (strict and warnings) else ExitCode.DONE))


@command.command("test", short_help="Run the test cases of rule files.")
@paths_argument
@config_option
@click.pass_context
def test_command(ctx: click.Context, /, paths: tuple[str, ...], config_file: str | None) -> None:
    """Run the cases under `tests:` in rule files: an event or a flow, and what must become of it.

    Exit codes: 0 all as expected, 1 some are not, 2 the rules do not load.
    """
    from datetime import UTC, datetime

    from netad.rules.case_runs import run_cases

    rules = load(paths, config_file)
    failed = total = 0
    for outcome in run_cases(rules, datetime.now(UTC)):
        total += 1
        failed += bool(outcome.failures)
        click.echo(f"{'FAILED' if outcome.failures else 'ok':7}{outcome.case.name}")
        for failure in outcome.failures:
            click.echo(f"       {outcome.case.where}: {failure}")
    click.echo(f"{total:,} {'case' if total == 1 else 'cases'}, {failed:,} failed", err=True)
    if not total:
        log.warning("these files have no cases: write some under 'tests:'")
    ctx.exit(int(ExitCode.INTERNAL if failed else ExitCode.DONE))


@command.command("explain", short_help="Which rules apply to an event, and why the others do not.")
@click.argument("event", metavar="EVENT")
@rules_option
@click.option("--all", "everything", is_flag=True, help="Also the rules that are far from it.")
@config_option
def explain_command(event: str, paths: tuple[str, ...], everything: bool, config_file: str | None) -> None:
    """Say for each rule whether it applies to an event, and which of its conditions stand in the way.

    EVENT is a JSON or NDJSON file, FILE#ID for the event of that event.id, or - for standard input. Of rules that do
    not apply, those with at most two conditions in the way are told, unless --all is given.
    """
    from datetime import UTC, datetime

    from netad.rules.event_files import read_events
    from netad.rules.explain import explain
    from netad.rules.marking import unmark
    from netad.rules.ruleset import nanoseconds

    now = datetime.now(UTC)
    rules = load(paths, config_file)
    events = read_events(event)
    for each in events:
        unmark(each)
    for each, verdict in zip(events, rules.judge(events, now).verdicts, strict=True):
        block = each.get("event")
        click.echo(f"{(block.get('id') if isinstance(block, dict) else None) or 'event'}: {verdict.action or 'none'}")
        far = 0
        for rule in rules.event_rules:
            told = explain(rule, each, nanoseconds(now))
            if told.applies:
                effect = "" if rule in verdict.rules else ", but no stronger event is here to inhibit it"
                click.echo(f"  applies    {rule.id} ({rule.action}{effect}) of {rule.created_by}: {rule.comment}")
            elif everything or len(told.reasons) <= 2:
                click.echo(f"  does not   {rule.id} ({rule.action}) at {rule.where}")
                for reason in told.reasons:
                    click.echo(f"             {reason}")
            else:
                far += 1
        if far:
            click.echo(f"  and {far:,} rules that are further from it (--all)")


@command.command("list", short_help="The rules with owner, action and days left.")
@paths_argument
@config_option
def list_command(paths: tuple[str, ...], config_file: str | None) -> None:
    """List the rules, strongest first: id, action, days left, owner, ticket and reason."""
    from datetime import UTC, datetime

    from netad.rules.ruleset import nanoseconds

    rules = load(paths, config_file)
    now_ns = nanoseconds(datetime.now(UTC))
    rows = [("id", "action", "left", "owner", "ticket", "reason")]
    for rule in rules.rules:
        action = "keep out" if rule.applies_to == "flows" else rule.action
        rows.append((rule.id, action, rule.left_told(now_ns), rule.created_by, rule.ticket or "-", rule.comment))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        click.echo(f"{'  '.join(cells)}  {' '.join(row[-1].split())[:80]}")


@command.command("add", short_help="Write a rule as narrow as an event.")
@click.option("--from", "source", required=True, metavar="FILE[#ID]", help="The event, in a JSON or NDJSON file.")
@click.option("--comment", required=True, metavar="TEXT", help="Why the event is no alarm.")
@click.option("--id", "identity", metavar="ID", help="The rule's id. [made of the source and the event's id]")
@click.option("--ticket", metavar="TEXT", help="A reference for people.")
@writing_options
def add_command(source: str, comment: str, identity: str | None, output: str | None, **given: Any) -> None:
    """Write a rule that suppresses events like one event: the same source doing the same, and nothing worse."""
    from pathlib import Path

    from netad.rules.event_files import read_events
    from netad.rules.narrow import narrow_match, rule_id
    from netad.rules.writing import append_rule, rules_text

    events = read_events(source)
    if len(events) != 1:
        raise ConfigError(f"{source} holds {len(events)} events: say which by FILE#ID")
    try:
        match = narrow_match(events[0])
    except ValueError as error:
        raise ConfigError(str(error)) from error
    rule = {"id": identity or rule_id(events[0]), "comment": comment, **_common(given)}
    rule |= {"ticket": given["ticket"]} if given["ticket"] else {}
    rule["match"] = match
    if output is None:
        click.echo(rules_text([rule]), nl=False)
        return
    append_rule(Path(output), rule)
    click.echo(f"rule {rule['id']} written to {output}", err=True)


@command.command("import", short_help="Turn another tool's rules into netad's.")
@click.argument("kind", metavar="suricata|slips", type=click.Choice(("suricata", "slips")))
@click.argument("file", metavar="FILE")
@click.option("--signature", "signatures", multiple=True, metavar="ID=BEHAVIOUR",
              help="suricata: what netad calls what a signature finds; may be given several times.")  # fmt: skip
@writing_options
@click.pass_context
def import_command(
    ctx: click.Context, /, kind: str, file: str, signatures: tuple[str, ...], output: str | None, **given: Any
) -> None:
    """Turn Suricata's threshold.config or Slips' whitelist.conf into rules; what cannot be said is told line by line.

    Exit codes: 0 everything was said, 3 some lines could not be.
    """
    from pathlib import Path

    from netad.core.files import atomic_path
    from netad.rules.importing import read_text
    from netad.rules.slips import import_slips
    from netad.rules.suricata import import_suricata
    from netad.rules.writing import rules_text

    text, common = read_text(file), _common(given)
    if kind == "suricata":
        found = import_suricata(file, text, common, _behaviours(signatures))
    elif signatures:
        raise ConfigError("--signature is for suricata only")
    else:
        found = import_slips(file, text, common)
    made = rules_text(found.rules, _heading(kind, found))
    if output is None:
        click.echo(made, nl=False)
    else:
        with atomic_path(Path(output)) as part:
            part.write_text(made, encoding="utf-8")
    for line in found.unsaid:
        click.echo(f"left out: {line}", err=True)
    click.echo(f"{found.lines:,} lines: {len(found.rules):,} rules, {len(found.unsaid):,} lines left out", err=True)
    ctx.exit(int(ExitCode.INPUT if found.unsaid else ExitCode.DONE))


def _heading(kind: str, found: "Imported") -> str:
    return f"Imported from {found.path} ({kind}) by netad rules import; {len(found.unsaid)} lines could not be said."


def _behaviours(signatures: Sequence[str]) -> dict[int, str]:
    found = {}
    for text in signatures:
        number, _, behaviour = text.partition("=")
        if not number.isascii() or not number.isdigit() or not behaviour:
            raise ConfigError(f"--signature: {text!r} is not ID=BEHAVIOUR, such as 2001219=brute_force")
        found[int(number)] = behaviour
    return found


@command.command("schema", short_help="Print the JSON Schema of rule files.")
def schema_command() -> None:
    """Print the JSON Schema of rule files, for editors that complete and check YAML by it."""
    from netad.rules.json_schema import schema_text

    click.echo(schema_text(), nl=False)


def _common(given: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a rule that say whose it is and when it ends.

    Raises:
        ConfigError: there is not exactly one end.
    """
    from netad.rules.writing import end_of

    if bool(given["expires"]) is given["permanent"]:
        raise ConfigError("say when the rule ends: --expires, or --permanent")
    return {"created_by": given["created_by"], **end_of(given["expires"])}
