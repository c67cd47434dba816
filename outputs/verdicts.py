"""What analysts say of anomalies: kept in the event itself, wherever it is stored, and read back for training."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field

from netad.core.errors import ConfigError, OutputError
from netad.core.timing import parse_time
from netad.detectors.verdicts import LABELS, Verdicts
from netad.outputs.base import Event
from netad.outputs.origin import storable
from netad.outputs.stored import Replaced, StoredEvents

FIELD = "netad.verdict"
# What Elasticsearch indexes of a keyword.
MOST_TEXT = 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """One analyst's word on an anomaly: `label` is one of `LABELS`, `at` when it was said (ISO 8601).

    Raises:
        ConfigError: a text is empty, too long, or cannot be stored.
    """

    label: str
    comment: str
    by: str
    at: str

    def __post_init__(self) -> None:
        if self.label not in LABELS:
            raise ConfigError(f"{self.label!r} is no verdict: there are {' and '.join(LABELS)}")
        for name, text in (("comment", self.comment), ("name of who says so", self.by)):
            if not text.strip():
                raise ConfigError(f"a verdict needs a {name}")
            if len(text) > MOST_TEXT or storable(text) != text:
                raise ConfigError(f"the {name} must be valid text of at most {MOST_TEXT} characters")

    def on(self, event: Event) -> Event:
        """Return the event with this verdict; one that says the same already keeps the time it was first said."""
        told = {"label": self.label, "comment": self.comment, "by": self.by, "at": self.at}
        before = event["netad"].get("verdict")
        if isinstance(before, dict) and before | {"at": self.at} == told:
            return event
        changed = deepcopy(event)
        changed["netad"]["verdict"] = told
        return changed


@dataclass(slots=True)
class Marked:
    """What became of the events that were to be marked in one store."""

    where: str
    replaced: Replaced = field(default_factory=Replaced)
    missing: list[str] = field(default_factory=list)


def mark(store: StoredEvents, ids: Iterable[str], verdict: Verdict | None) -> Marked:
    """Write a verdict on the anomalies with these ids, or take it away (None); ids the store does not have are named.

    Raises:
        OutputError: the store cannot be read or written.
    """
    marked = Marked(store.where)
    found = []
    for identity in dict.fromkeys(ids):
        event = store.find(identity)
        if event is None:
            marked.missing.append(identity)
        else:
            found.append(_cleared(event) if verdict is None else verdict.on(event))
    marked.replaced = store.replace(found, fields=(FIELD,))
    return marked


def read_verdicts(store: StoredEvents, since_ns: int | None = None) -> Verdicts:
    """Return which windows anomalies of a store are in, and what analysts said of them, from `since_ns` on.

    Raises:
        OutputError: the store cannot be read, or an event in it is none.
    """
    return Verdicts.of(_told(event, store) for event in store.events("anomaly", since_ns))


def _told(event: Event, store: StoredEvents) -> tuple[str, int, int, str | None]:
    try:
        own, said = event["event"], event["netad"].get("verdict")
        label = said.get("label") if isinstance(said, dict) else None
        return str(event["source"]["ip"]), parse_time(own["start"]), parse_time(own["end"]), label
    except (KeyError, TypeError, AttributeError, ConfigError) as error:
        raise OutputError(f"{store.where} holds an anomaly without a source or window") from error


def _cleared(event: Event) -> Event:
    return {**event, "netad": {name: value for name, value in event["netad"].items() if name != "verdict"}}
