"""Who reports an event, and the fields every event of netad has in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from netad.core.errors import ConfigError
from netad.core.identity import content_id
from netad.core.timing import iso
from netad.outputs.base import Event

ECS_VERSION = "9.4.0"


@dataclass(frozen=True)
class Origin:
    """The sensor (`observer`), the data stream namespace, this run and this netad, as every event names them.

    Raises:
        ConfigError: a text is not valid Unicode, so no event could carry it.
    """

    observer: str
    namespace: str
    run_id: str
    agent_version: str
    agent_id: str
    labels: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for text in (self.observer, self.namespace, *self.labels, *self.labels.values(), *self.tags):
            if storable(text) != text:
                raise ConfigError(f"{storable(text)!r} is not valid UTF-8, so it can be no observer, label or tag")


def storable(text: str) -> str:
    """Return `text` with what UTF-8 cannot carry (bytes of an odd file name, lone surrogates) replaced by U+FFFD."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def envelope(dataset: str, origin: Origin, time_ns: int, event: dict[str, Any]) -> Event:
    """Return an event that happened at `time_ns` with its own `event` fields and all that does not depend on it.

    Nothing in it is shared with another event, so that rules and outputs may mark one without touching the next.
    `event.ingested` is missing on purpose: each output stamps it when it sends.
    """
    document: Event = {
        "@timestamp": iso(time_ns),
        "ecs": {"version": ECS_VERSION},
        "data_stream": {"type": "logs", "dataset": dataset, "namespace": origin.namespace},
        "event": {**event, "module": "netad", "dataset": dataset, "provider": "netad"},
        "observer": {"type": "sensor", "vendor": "netad", "product": "netad", "name": origin.observer},
        "agent": {
            "type": "netad",
            "version": origin.agent_version,
            "name": origin.observer,
            "id": origin.agent_id,
            "ephemeral_id": origin.run_id,
        },
    }
    if origin.labels:
        document["labels"] = dict(origin.labels)
    if origin.tags:
        document["tags"] = list(origin.tags)
    return document


def window_id(kind: str, source: str, start_ns: int, end_ns: int, model_name: str, digest: str, origin: Origin) -> str:
    """Return the content id of what is told of a source in a window: the same whatever its score is.

    The window's length goes in as nanoseconds, so that `60m` and `1h` are the same window; the model's name does, its
    version does not. `digest` is empty for a window that the input covers to its end.
    """
    parts = (origin.observer, origin.namespace, source, start_ns, end_ns - start_ns, model_name)
    return content_id(start_ns, kind, *parts, *((digest,) if digest else ()))


def stamped(event: Event, ingested: str) -> Event:
    """Return the event with `event.ingested`, the time it is sent; the event that was given stays as it is."""
    return {**event, "event": {**event["event"], "ingested": ingested}}
