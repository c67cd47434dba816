"""Events from JSON and NDJSON files, for commands that look at single ones."""

import sys
from pathlib import Path
from typing import Any

import orjson

from netad.core.errors import InputError

MAX_EVENT_BYTES = 256 << 20


def read_events(source: str) -> list[dict[str, Any]]:
    """Return the events of `FILE`, of `-` (standard input), or the one event of `FILE#ID`.

    A file holds one JSON object, a JSON list of objects, or an object a line (NDJSON). The id is `event.id`.

    Raises:
        InputError: it cannot be read, holds something else, or has no such event.
    """
    name, identity = _split(source)
    try:
        content = sys.stdin.buffer.read(MAX_EVENT_BYTES + 1) if name == "-" else _content(Path(name))
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}") from error
    if len(content) > MAX_EVENT_BYTES:
        raise InputError(f"{name} is larger than {MAX_EVENT_BYTES >> 20} MiB")
    events = _parse(name, content)
    if identity is None:
        return events
    found = [event for event in events if _identity(event) == identity]
    if not found:
        raise InputError(f"{name} holds no event with the id {identity!r}")
    return found[:1]


def _split(source: str) -> tuple[str, str | None]:
    """Return the file's name and the event's id; a name with a `#` of its own is taken for a name if it is there."""
    name, mark, identity = source.rpartition("#")
    if not mark or Path(source).exists():
        return source, None
    return name, identity


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_EVENT_BYTES + 1)


def _parse(name: str, content: bytes) -> list[dict[str, Any]]:
    try:
        whole = orjson.loads(content)
        items = whole if isinstance(whole, list) else [whole]
    except orjson.JSONDecodeError:
        items = []
        for number, line in enumerate(content.splitlines(), 1):
            if line.strip():
                try:
                    items.append(orjson.loads(line))
                except orjson.JSONDecodeError as error:
                    raise InputError(f"{name}:{number}: this line is not JSON: {error}") from error
    if not items:
        raise InputError(f"{name} holds no event")
    if not all(isinstance(item, dict) for item in items):
        raise InputError(f"{name} holds something that is no event (a JSON object)")
    return items


def _identity(event: dict[str, Any]) -> object:
    block = event.get("event")
    return block.get("id") if isinstance(block, dict) else event.get("event.id")
