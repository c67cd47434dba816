"""What Kibana's dashboards would show, as Markdown tables: `python -m tests.show_dashboards URL [NAMESPACE]`.

Asks the Elasticsearch at URL the question of every panel, as Kibana would, over all that is there.
"""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

from netad.outputs.elastic.assets import SAVED_OBJECTS, read_asset
from tests.kibana_panels import Question, questions, saved_objects

Rows = list[dict[str, Any]]
MOST_ROWS = 12
WIDEST = 60


def ask(url: str, question: Question, namespace: str = "*") -> Rows:
    """Return what a panel shows of the events of a namespace."""
    stream = question.index.removesuffix("*") + namespace
    request = urllib.request.Request(
        f"{url}/{stream}/_search?ignore_unavailable=true&allow_no_indices=true",
        json.dumps(question.body).encode(),
        {"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            found = json.load(answer)
    except urllib.error.HTTPError as error:
        raise ValueError(f"{question.dashboard}: {question.title}: {error.read(2000).decode()}") from error
    assert not found["timed_out"]
    assert found["_shards"]["failed"] == 0, found["_shards"]
    return question.rows(found)


def pages(found: Callable[[Question], Rows]) -> Iterator[str]:
    """Yield the dashboards line by line, each panel as a table of the rows that `found` gives."""
    objects = saved_objects(read_asset(SAVED_OBJECTS))
    board = ""
    for question in questions(objects):
        if question.dashboard != board:
            board = question.dashboard
            yield f"# {objects['dashboard', board]['attributes']['title']}"
            yield ""
        yield f"## {question.title}"
        yield ""
        yield from _table(_compact(question, found(question)))
        yield ""


def _compact(question: Question, rows: Rows) -> Rows:
    """Leave out the hours in which nothing was: a chart shows them as nothing too."""
    if not any(column["operationType"] == "date_histogram" for column in question.columns.values()):
        return rows
    numbers = [column["label"] for column in question.shown.values() if not column["isBucketed"]]
    return [row for row in rows if any(row[label] for label in numbers)]


def _table(rows: Rows) -> Iterator[str]:
    if not rows:
        yield "(nothing)"
        return
    yield "| " + " | ".join(rows[0]) + " |"
    yield "|" + "---|" * len(rows[0])
    for row in rows[:MOST_ROWS]:
        yield "| " + " | ".join(_cell(value) for value in row.values()) + " |"
    if len(rows) > MOST_ROWS:
        yield f"\n{len(rows) - MOST_ROWS} more rows"


def _cell(value: Any) -> str:
    text = "" if value is None else f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    text = text.replace("|", "\\|")
    return text if len(text) <= WIDEST else f"{text[:WIDEST]}…"


if __name__ == "__main__":
    at, *rest = sys.argv[1:]
    for line in pages(lambda question: ask(at, question, *rest)):
        sys.stdout.write(f"{line}\n")
