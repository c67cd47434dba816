"""Reading events back from Elasticsearch, and changing them in the backing indices of their data streams."""

import contextlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Self

from orjson import dumps

from netad.core.errors import ConfigError, OutputError
from netad.core.identity import start_of
from netad.outputs.base import Event
from netad.outputs.elastic.connection import ElasticConfig, connect, reason_of, translated
from netad.outputs.elastic.templates import RETENTION
from netad.outputs.stored import Replaced, merged

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

PAGE = 500
# Changed events that are found, read, compared and written together, in three requests.
TOGETHER = 200
# Somebody else may change the same event in between: it is read and merged again so many times.
ATTEMPTS = 5
SORT = ({"@timestamp": {"order": "asc", "unmapped_type": "date"}},
        {"event.id": {"order": "asc", "unmapped_type": "keyword"}})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Held:
    """An event as it is in a backing index, with what tells whether it has been changed since."""

    index: str
    event: Event
    seq_no: int
    primary_term: int

    @property
    def identity(self) -> str:
        return str(self.event["event"]["id"])

    @classmethod
    def of(cls, hit: dict[str, Any]) -> Self:
        return cls(hit["_index"], hit["_source"], hit["_seq_no"], hit["_primary_term"])

    def changed(self, event: Event) -> bytes:
        """Return the two lines of a bulk request that put `event` in its place, unless it has been changed."""
        condition = {"if_seq_no": self.seq_no, "if_primary_term": self.primary_term}
        action = {"index": {"_index": self.index, "_id": event["event"]["id"], **condition}}
        return dumps(action) + b"\n" + dumps(event) + b"\n"


class ElasticStored:
    """The events in the data streams of a cluster, of every namespace, after rollovers too.

    What was written a moment ago is found once its index has been refreshed, by default within a second.
    """

    def __init__(self, config: ElasticConfig) -> None:
        self._config = config
        self.where = f"elastic:{config.target}"

    @classmethod
    def from_target(cls, target: str | None) -> Self:
        """Return the cluster that `--store elastic[:URL]` and the environment name.

        Raises:
            ConfigError: the URL, a variable or a certificate file is wrong.
        """
        return cls(ElasticConfig.for_changes(target))

    def events(
        self, kind: str = "anomaly", since_ns: int | None = None, until_ns: int | None = None
    ) -> Iterator[Event]:
        """Yield events by time, then id, page by page; see `StoredEvents`."""
        if kind not in RETENTION:
            raise ConfigError(f"there are {', '.join(RETENTION)} events, and none of {kind!r}")
        bounds = {
            name: _milliseconds(bound) for name, bound in (("gte", since_ns), ("lt", until_ns)) if bound is not None
        }
        query = {"range": {"@timestamp": {**bounds, "format": "epoch_millis"}}} if bounds else {"match_all": {}}
        after: dict[str, Any] = {}
        with self._client() as client:
            while True:
                hits = self._hits(client, _pattern(kind), query=query, sort=SORT, size=PAGE, **after)
                yield from (hit["_source"] for hit in hits)
                if len(hits) < PAGE:
                    return
                after = {"search_after": hits[-1]["sort"]}

    def find(self, identity: str) -> Event | None:
        """Return the anomaly with this id; see `StoredEvents`."""
        with self._client() as client:
            for held in self._read(client, "anomaly", [identity]):
                return held.event
        return None

    def replace(self, events: Iterable[Event], fields: Collection[str] | None = None) -> Replaced:
        """Write changed events; see `StoredEvents`.

        An event that somebody else changes at the same moment is read, merged and written again, five times at most.
        """
        counts = Replaced()
        with self._client() as client:
            for kind, given in _chunks(events):
                self._replace(client, kind, given, fields, counts)
        return counts

    def _replace(
        self,
        client: "Elasticsearch",
        kind: str,
        given: dict[str, Event],
        fields: Collection[str] | None,
        counts: Replaced,
    ) -> None:
        # An id may be held twice: a key that may not read brings a known event in again after a rollover.
        left = self._read(client, kind, list(given)) if kind in RETENTION else []
        fate = dict.fromkeys(given, "missing") | {held.identity: "unchanged" for held in left}
        for _ in range(ATTEMPTS):
            pending = [(held, event) for held, event in self._merged(left, given, fields) if event != held.event]
            if not pending:
                break
            settled = self._write(client, pending)
            refused = [held for (held, _), done in zip(pending, settled, strict=True) if not done]
            left = self._current(client, [(held.index, held.identity) for held in refused])
            fate |= {held.identity: "changed" for held, _ in pending}
            fate |= {held.identity: "missing" for held in refused} | {held.identity: "unchanged" for held in left}
        fate |= {held.identity: "conflict" for held, event in self._merged(left, given, fields) if event != held.event}
        tally = Counter(fate.values())
        counts.changed += tally["changed"]
        counts.unchanged += tally["unchanged"]
        counts.missing += tally["missing"]
        counts.conflicts += tally["conflict"]

    @staticmethod
    def _merged(
        helds: list[_Held], given: dict[str, Event], fields: Collection[str] | None
    ) -> Iterator[tuple[_Held, Event]]:
        return ((held, merged(held.event, given[held.identity], fields)) for held in helds)

    def _read(self, client: "Elasticsearch", kind: str, ids: list[str]) -> list[_Held]:
        query = {"ids": {"values": [identity for identity in ids if start_of(identity) is not None]}}
        hits = self._hits(client, _pattern(kind), query=query, size=10 * len(ids), source=False)
        return self._current(client, [(hit["_index"], hit["_id"]) for hit in hits])

    def _current(self, client: "Elasticsearch", places: list[tuple[str, str]]) -> list[_Held]:
        """Return events as they are at this moment: searching would show them as they were at the last refresh."""
        if not places:
            return []
        with translated(self._config):
            answer = client.mget(docs=[{"_index": index, "_id": identity} for index, identity in places])
        documents = answer.body.get("docs") if isinstance(answer.body, dict) else None
        if not isinstance(documents, list):
            raise self._no_answer()
        return [_Held.of(document) for document in documents if document.get("found")]

    def _write(self, client: "Elasticsearch", pending: list[tuple[_Held, Event]]) -> list[bool]:
        """Put changed events in their places; tell of each whether it went in, or was changed by somebody else."""
        with translated(self._config):
            lines = [held.changed(event) for held, event in pending]
            answer = client.bulk(operations=lines)  # type: ignore[arg-type]  # lines are sent as they are
        items = answer.body.get("items") if isinstance(answer.body, dict) else None
        if not isinstance(items, list) or len(items) != len(pending):
            raise self._no_answer()
        results = [item["index"] for item in items]
        for result in results:
            if result["status"] in (401, 403):
                raise OutputError(f"{self._config.target} does not let this key change events ({result['status']}, "
                                  f"{reason_of(result.get('error'))}): set NETAD_ELASTIC_UPDATE_API_KEY")  # fmt: skip
            if result["status"] != 409 and not 200 <= result["status"] < 300:
                raise OutputError(f"{self._config.target} refused a changed event ({result['status']}, "
                                  f"{reason_of(result.get('error'))})")  # fmt: skip
        return [result["status"] != 409 for result in results]

    def _hits(self, client: "Elasticsearch", index: str, **search: Any) -> list[dict[str, Any]]:
        with translated(self._config):
            answer = client.search(index=index, **search, track_total_hits=False, allow_partial_search_results=False)
        found = answer.body.get("hits") if isinstance(answer.body, dict) else None
        hits = found.get("hits") if isinstance(found, dict) else None
        if not isinstance(hits, list):
            raise self._no_answer()
        return hits

    def _no_answer(self) -> OutputError:
        return OutputError(f"{self._config.target} does not answer like an Elasticsearch")

    @contextlib.contextmanager
    def _client(self) -> Iterator["Elasticsearch"]:
        with contextlib.closing(connect(self._config)) as client:
            yield client


def _pattern(kind: str) -> str:
    return f"logs-netad.{kind}-*"


def _milliseconds(time_ns: int) -> int:
    """Return the first whole millisecond that is not before the time."""
    return -(-time_ns // 1_000_000)


def _chunks(events: Iterable[Event]) -> Iterator[tuple[str, dict[str, Event]]]:
    """Yield events of one kind by id, `TOGETHER` at most, none twice."""
    for kind, group in groupby(events, key=lambda event: event["data_stream"]["dataset"].removeprefix("netad.")):
        chunk: dict[str, Event] = {}
        for event in group:
            if event["event"]["id"] in chunk or len(chunk) >= TOGETHER:
                yield kind, chunk
                chunk = {}
            chunk[event["event"]["id"]] = event
        yield kind, chunk
