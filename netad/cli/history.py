"""`netad history`: who was judged how, when and by which model, as a local store knows it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from netad.cli.stores import config_option, echo_table, format_option, open_local
from netad.core.errors import ConfigError

if TYPE_CHECKING:
    from netad.outputs.store.history import Asked, SourceHistory
    from netad.outputs.store.stored import ParquetStored

MOST_SHOWN = 50
SEVERITIES = ("low", "medium", "high", "critical")


@click.command("history", short_help="Who was anomalous when, and by which model, from a local store.")
@click.argument("places", metavar="[STORE] [SOURCE]", nargs=-1)
@click.option("--since", metavar="DURATION|TIME|all", help="Windows that ended since then. [all]")
@click.option("--until", metavar="DURATION|TIME", help="Windows that ended before.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="At least so severe.")
@click.option("--min-score", type=click.FloatRange(0, 1), metavar="SCORE", help="At least so high a score.")
@click.option(
    "--profiles", is_flag=True, help="All profiles that were stored (ingest --profiles all), normal ones too."
)
@click.option("--sql", metavar="SELECT", help="Ask DuckDB instead: the views are anomaly, profile, flow and run.")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=60.0, show_default=True, metavar="SECONDS",
              help="How long a query of --sql may take.")  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Most rows. [50; all with --format json]")
@format_option
@config_option
def command(
    places: tuple[str, ...],
    sql: str | None,
    timeout: float,
    limit: int | None,
    form: str,
    config_file: str | None,
    **asked: Any,
) -> None:
    """Say which sources were anomalous, how often, how severe and when.

    With SOURCE, an address or a network, it tells of each window: score, model, what became of it, and what it did.

    STORE is the folder of `--to parquet`, without one that of the settings, or netad-store.

    \b
    netad history netad-store --since 30d
    netad history netad-store 10.20.10.27
    netad history netad-store 10.20.10.0/24 --profiles --min-score 0.4
    netad history --sql 'SELECT date, count(*) FROM anomaly GROUP BY date ORDER BY date'
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    store, source = _places(places)
    opened = open_local(store, config_file)
    most = limit if limit is not None or form == "json" else MOST_SHOWN
    if sql is not None:
        given = [f"--{name.replace('_', '-')}" for name, value in asked.items() if value]
        if source is not None or given:
            raise ConfigError(f"--sql says all by itself: leave {', '.join(given) or 'the source'} out")
        _answer(opened, sql, timeout, most, form)
        return
    wanted = _asked(source, **asked)
    if source is None:
        _sources(opened, wanted, most, form)
    else:
        _windows(opened, wanted, most, form)


def _places(given: tuple[str, ...]) -> tuple[str | None, str | None]:
    """Return what names the store and the source: of one word alone, an address or a network is the source.

    Raises:
        ConfigError: there are more than two.
    """
    if len(given) > 2:
        raise ConfigError("history takes a store and a source: quote what has spaces")
    if len(given) == 1:
        return (None, given[0]) if _is_source(given[0]) else (given[0], None)
    return (given[0], given[1]) if given else (None, None)


def _is_source(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _asked(
    source: str | None, since: str | None, until: str | None, severity: str | None, min_score: float | None,
    profiles: bool,
) -> "Asked":  # fmt: skip
    from netad.cli.moments import begin, end, now_ns
    from netad.detectors.anomaly import Severity
    from netad.outputs.store.history import Asked

    now = now_ns()
    return Asked(
        kind="profile" if profiles else "anomaly",
        source=source,
        since_ns=begin(since or "all", now),
        until_ns=end(until, now),
        severity=None if severity is None else Severity[severity.upper()],
        min_score=min_score,
    )


def _sources(opened: "ParquetStored", asked: "Asked", most: int | None, form: str) -> None:
    from netad.outputs.store.history import summarise
    from netad.outputs.wording import counted

    found = summarise(opened, asked)
    if form == "json":
        _print_lines(one.to_json() for one in found[:most])
        return
    if not found:
        click.echo(f"{opened.where} holds no such {asked.kind}")
        return
    rows: list[tuple[str, ...]] = [
        ("source", "windows", "anomalous", "highest", "score", "first", "last", "suppressed", "marked", "model")
    ]
    rows += map(_summary, found[:most])
    echo_table(rows)
    if most is not None and len(found) > most:
        click.echo(f"{counted(len(found) - most, 'more source')} (--limit)")


def _summary(one: "SourceHistory") -> tuple[str, ...]:
    from netad.outputs.wording import score_text

    marked = [
        f"{count} {word}" for count, word in ((one.true_positive, "true"), (one.false_positive, "false")) if count
    ]
    return (one.source, f"{one.windows:,}", f"{one.anomalous:,}", _severity(one.severity), score_text(one.score),
            one.first[:16], one.last[:16], f"{one.suppressed:,}", ", ".join(marked) or "-",
            ", ".join(one.models))  # fmt: skip


def _windows(opened: "ParquetStored", asked: "Asked", most: int | None, form: str) -> None:
    from netad.outputs.store.history import newest
    from netad.outputs.wording import counted

    found, total = newest(opened, asked, most)
    if form == "json":
        _print_lines(found)
        return
    if not found:
        click.echo(f"{opened.where} holds no such {asked.kind} of {asked.source}")
        return
    if total > len(found):
        click.echo(f"{counted(total - len(found), 'earlier window')} not shown (--limit)")
    echo_table([("window", "severity", "score", "model", "state", "event.id and what happened"), *map(_window, found)])


def _window(one: dict[str, Any]) -> tuple[str, ...]:
    from netad.outputs.wording import score_text

    said = (one.get("verdict") or "").replace("_", " ")
    state = [word for word in ("suppressed" if one.get("suppressed") else "", said) if word]
    return (one["start"][:16], _severity(one["severity"]), score_text(one["score"]), f"{one['model']} {one['version']}",
            ", ".join(state) or "-", f"{one['id']}  {one['message']}")  # fmt: skip


def _severity(number: int | None) -> str:
    from netad.detectors.anomaly import Severity

    return Severity(number).name if number else "below"


def _answer(opened: "ParquetStored", sql: str, timeout: float, most: int | None, form: str) -> None:
    from itertools import islice

    from netad.outputs.store.sql import asked

    with asked(opened.folder, sql, timeout) as answer:
        if form == "json":
            _print_lines(dict(zip(answer.columns, row, strict=True)) for row in islice(answer.rows, most))
            return
        rows = list(islice(answer.rows, most))
        more = next(answer.rows, None) is not None
    echo_table([answer.columns, *([_cell(value) for value in row] for row in rows)])
    if more:
        click.echo(f"more rows than {most:,} (--limit)")


def _cell(value: object) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _print_lines(documents: Iterable[dict[str, Any]]) -> None:
    """Print documents as lines of JSON, as they come."""
    from orjson import dumps

    for document in documents:
        click.echo(dumps(document, default=str).decode())
