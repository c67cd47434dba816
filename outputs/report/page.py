"""The page itself: one HTML file that asks for nothing from outside.

Every text goes through Jinja's escaping, and through `printable` before, so that what came over the network is neither
markup nor a control character. The policy in the page's head lets only its own script and style run, by their hashes.
"""

import base64
import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from netad.core.errors import ConfigError, InputError
from netad.core.figures import size
from netad.outputs.event_words import moment
from netad.outputs.report.cards import Card, Room, SuggestRule, card
from netad.outputs.report.charts import Chart, timeline
from netad.outputs.report.gathering import SUPPRESSED, Gathering
from netad.outputs.report.source import SourceRecord
from netad.outputs.wording import counted, printable

PACKAGE = "netad.outputs.report.assets"
LANES = ("critical", "high", "medium", "low", SUPPRESSED)


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says of itself: title, when it was made (ISO 8601), and sentences about the run with headings."""

    title: str
    made: str
    version: str
    lines: Sequence[tuple[str, str]]


def page(gathering: Gathering, told: Told, suggest: SuggestRule | None = None) -> str:
    """Return the report as HTML.

    Raises:
        InputError: an event is not as netad writes it.
    """
    records = gathering.records()
    room = Room.among(len(records))
    cards = [_card(record, f"source-{number}", room, suggest) for number, record in enumerate(records, 1)]
    style, script = _asset("report.css"), _asset("report.js")
    return _environment().get_template("report.html").render(
        told=told,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        cards=cards,
        sections=list(_sections(cards)),
        counts=[(lane, gathering.severities[lane]) for lane in LANES],
        anomalies=gathering.anomalies,
        unlisted=gathering.unlisted(),
        timeline=_timeline(gathering),
        undrawn=gathering.undrawn,
        rules=gathering.rules(),
        runs=gathering.runs,
        newline=Markup("\n"),
    )  # fmt: skip


def _card(record: SourceRecord, anchor: str, room: Room, suggest: SuggestRule | None) -> Card:
    with as_written(record.worst):
        return card(record, anchor, room, suggest)


@contextlib.contextmanager
def as_written(event: Mapping[str, Any]) -> Iterator[None]:
    """Read an event inside: what it lacks or has otherwise than netad writes it is an error of the input.

    Raises:
        InputError: it does.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError) as error:
        block = event.get("event") if isinstance(event, Mapping) else None
        named = block.get("id") if isinstance(block, Mapping) else None
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(f"the event {named or '(without an id)'} is not as netad writes it: {what}") from error


def _timeline(gathering: Gathering) -> Chart | None:
    lanes = [lane for lane in LANES if gathering.severities[lane]]
    return timeline(gathering.moments(), lanes, gathering.window_ns)


def _sections(cards: Sequence[Card]) -> Iterator[tuple[str, str, list[Card]]]:
    """Yield anchor, heading and cards of those that have any, as the console divides them."""
    yield "inside", "Suspicious sources", [one for one in cards if one.inside and not one.hidden]
    yield "outside", "Suspicious sources outside the inside networks", \
        [one for one in cards if not one.inside and not one.hidden]  # fmt: skip
    yield SUPPRESSED, "Suppressed by rules", [one for one in cards if one.hidden]


@cache
def _asset(name: str) -> str:
    return files(PACKAGE).joinpath(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """Return how a policy names an inline script or style: by its hash."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: _asset(f"{name}.j2")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {
        "counted": counted,
        "size": size,
        "place": _place,
        "whole": _whole,
        "moment": moment,
    }
    return environment


def _shown(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    """Make text harmless to readers; Jinja escapes it afterwards. Markup and numbers are ours."""
    if type(value) is str:
        return printable(value, "utf-8")
    return "" if value is None else value


def _whole(number: int) -> str:
    """Return a count with thousands separators."""
    return f"{number:,}"


def _place(number: float) -> str:
    """Return a place in a drawing, short."""
    return f"{number:.1f}".removesuffix(".0")
