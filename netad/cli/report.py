"""`netad report`: stored events as one HTML file for people."""

from typing import TYPE_CHECKING, Any

import click

from netad.cli.options import common_options, hide_options, settings
from netad.core.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from datetime import datetime

    from netad.outputs.enrich.disguise import Disguise
    from netad.outputs.report.choice import Choice, Chosen

SEVERITIES = ("low", "medium", "high", "critical")
FILE = "netad-report.html"
STDOUT = "-"


@click.command("report", short_help="Stored anomalies as one HTML page.")
@click.argument("source", metavar="STORE|FILE")
@click.option("-o", "--output", default=FILE, show_default=True, metavar="FILE", help="The page; - is standard output.")
@click.option("--since", metavar="DURATION|TIME", help="Only anomalies since then: 7d, or 2026-01-31T08:00Z. [all]")
@click.option("--until", metavar="DURATION|TIME", help="Only anomalies before then.")
@click.option("--source", "sources", metavar="ADDRESS|NETWORK", multiple=True,
              help="Only these sources; may be given several times. [all]")  # fmt: skip
@click.option("--min-severity", type=click.Choice(SEVERITIES), help="Only anomalies at least as severe. [low]")
@click.option("--namespace", metavar="NAME", help="Only events of this namespace. [all]")
@click.option("--title", metavar="TEXT", help="What stands at the top of the page.")
@hide_options
@common_options
def command(source: str, output: str, title: str | None, **flags: Any) -> None:
    """Write stored anomalies as one HTML page that needs no network: what was found, why, and what to do next.

    STORE is parquet[:DIR], the folder itself, or elastic[:URL]; FILE holds events as JSON lines ('--to ndjson:FILE'), -
    is standard input. Scores of windows that are no anomaly are shown where profiles are stored ('--profiles all').

    \b
    netad report store
    netad report store --since 7d --min-severity high -o week.html
    netad report elastic:https://es.example:9200 --source 10.1.2.3 -o 10.1.2.3.html

    Exit codes: 0 done, 2 usage, 3 the events cannot be read, 4 the store cannot be read or the page not be written.
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    from datetime import UTC, datetime

    from netad import __version__
    from netad.core.figures import size
    from netad.core.timing import now_iso
    from netad.outputs.enrich.inventory import Inventory
    from netad.outputs.enrich.settings import disguise_of
    from netad.outputs.report.output import TITLE
    from netad.outputs.report.page import Told, page
    from netad.outputs.wording import counted
    from netad.rules.suggestion import suggestions

    now = datetime.now(UTC)
    choice = _choice(
        {name: flags.pop(name) for name in ("since", "until", "sources", "min_severity", "namespace")}, now
    )
    config = settings(flags)
    inside_names = Inventory.load(config.enrich.inventory).names()
    chosen, where = _gathered(source, choice, disguise_of(config.enrich, inside_names))
    told = Told(title or TITLE, now_iso(), __version__, chosen.lines(where))
    text = page(chosen.gathering, told, suggestions(now))
    if output == STDOUT:
        click.echo(text, nl=False)
        return
    _write(output, text)
    if not config.quiet:
        gathered = chosen.gathering
        found = f"{counted(gathered.anomalies, 'anomaly', 'anomalies')} of {counted(len(gathered.records()), 'source')}"
        click.echo(f"{output}: {found} ({size(len(text.encode()))})")


def _gathered(source: str, choice: "Choice", disguise: "Disguise | None") -> "tuple[Chosen, str]":
    """Return the chosen events of a store or a file, in disguise if there is one, and what it is called."""
    from pathlib import Path

    from netad.outputs.report.choice import gather_events, gather_stored
    from netad.outputs.stored import STORES, open_stored
    from netad.rules.event_files import read_events

    if Path(source).is_dir():
        source = f"parquet:{source}"
    if source.partition(":")[0] in STORES and not Path(source).is_file():
        stored = open_stored(source)
        where = stored.where if disguise is None else disguise.text(stored.where)
        return gather_stored(stored, choice, disguise), where
    return gather_events(read_events(source), choice, disguise), "standard input" if source == STDOUT else source


def _choice(given: dict[str, Any], now: "datetime") -> "Choice":
    """Return which anomalies the options choose.

    Raises:
        ConfigError: one of them is no time or network.
    """
    from netad.core.addresses import Networks
    from netad.detectors.anomaly import Severity
    from netad.outputs.report.choice import Choice
    from netad.rules.ruleset import nanoseconds

    least = given["min_severity"]
    return Choice(
        since_ns=_moment("--since", given["since"], nanoseconds(now)),
        until_ns=_moment("--until", given["until"], nanoseconds(now)),
        sources=Networks.parse(given["sources"]) if given["sources"] else None,
        least_severity=int(Severity[least.upper()]) if least else 0,
        namespace=given["namespace"],
    )


def _moment(option: str, text: str | None, now_ns: int) -> int | None:
    from netad.core.timing import parse_duration, parse_time

    if text is None:
        return None
    for parse in (lambda one: now_ns - parse_duration(one), parse_time):
        try:
            return max(parse(text), 0)
        except ConfigError:
            continue
    raise ConfigError(f"{option}: {text!r} is neither a duration such as 30d nor a time")


def _write(output: str, text: str) -> None:
    from pathlib import Path

    from netad.core.files import atomic_path

    try:
        with atomic_path(Path(output).resolve()) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {output}: {error.strerror or error}") from error
