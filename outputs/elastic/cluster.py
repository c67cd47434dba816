"""What delivery asks of a cluster, and how Elasticsearch answers: templates, known ids, bulk requests."""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

from orjson import dumps

from netad.core.errors import OutputError
from netad.outputs.elastic.connection import ElasticConfig, connect, explain
from netad.outputs.elastic.templates import ensure_templates

BUSY = frozenset({429, 502, 503, 504})
# What `search` returns at most, `index.max_result_window`.
MOST_HITS = 10_000

TroubleKind = Literal["busy", "away", "large", "unreadable", "fatal"]

log = logging.getLogger(__name__)


class TroubleError(Exception):
    """Why a request was not answered as wished.

    `busy` and `away` pass (after `away`, a connection that broke or timed out, what was sent may have arrived all the
    same); `large` asks for less at once; `unreadable` says that this key may not search; `fatal` meets every request.
    """

    def __init__(self, kind: TroubleKind, why: OutputError) -> None:
        self.kind = kind
        self.why = why
        super().__init__(why.message)


class Cluster(Protocol):
    """A cluster that keeps events in data streams. Every method may raise `TroubleError`.

    `target` names it in messages and tells its spooled events from others'; `no_template` says what to do where a data
    stream has no template.
    """

    target: str
    no_template: str

    def ensure_templates(self) -> list[str]:
        """Create or update the index templates, and return a sentence for each."""
        ...

    def action(self, stream: str, identity: str) -> bytes:
        """Return the line of a bulk request that creates a document, without its end."""
        ...

    def refresh(self, stream: str) -> None:
        """Let look-ups see what was delivered a moment ago, if this key may ask for it."""
        ...

    def known_ids(self, stream: str, ids: Sequence[str]) -> set[str]:
        """Return those of the ids (at most 10,000) that are anywhere in the stream."""
        ...

    def create(self, lines: Sequence[bytes]) -> object:
        """Send a bulk request and return its answer; the events' answers are its `items`."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


class ElasticCluster:
    """Elasticsearch, through its own client."""

    no_template = "run `netad setup elastic`"

    def __init__(self, config: ElasticConfig) -> None:
        self.target = config.target
        self._config = config
        self._client = connect(config)

    def ensure_templates(self) -> list[str]:
        """See `netad.outputs.elastic.templates`."""
        with self._troubles():
            return ensure_templates(self._client)

    @staticmethod
    def action(stream: str, identity: str) -> bytes:
        """Return the action; where no template makes a data stream, no plain index with guessed types is made."""
        return dumps({"create": {"_index": stream, "_id": identity, "require_data_stream": True}})

    def refresh(self, stream: str) -> None:
        """Refresh the stream; a key without `maintenance` has to do with what the last refresh shows."""
        with self._troubles():
            self._client.options(ignore_status=(403, 404)).indices.refresh(index=stream, ignore_unavailable=True)

    def known_ids(self, stream: str, ids: Sequence[str]) -> set[str]:
        """Search the ids over all backing indices; an answer of some shards only is none."""
        with self._troubles():
            return search_ids(
                lambda body: (
                    self._client.search(
                        index=stream,
                        body=body,
                        ignore_unavailable=True,
                        allow_partial_search_results=False,
                        filter_path="hits.hits._id",
                    ).body
                ),
                ids,
            )

    def create(self, lines: Sequence[bytes]) -> object:
        """Send a bulk request."""
        with self._troubles():
            return self._client.bulk(
                operations=lines,  # type: ignore[arg-type]  # lines are sent as they are
                filter_path="items.*.status,items.*.error,items.*.failure_store",
            ).body

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    @contextlib.contextmanager
    def _troubles(self) -> Iterator[None]:
        import elasticsearch

        try:
            yield
        except elasticsearch.ApiError as error:
            raise TroubleError(kind_of_status(error.status_code), explain(error, self._config)) from error
        except elasticsearch.SSLError as error:
            raise TroubleError("fatal", explain(error, self._config)) from error
        except (elasticsearch.ConnectionError, elasticsearch.ConnectionTimeout) as error:
            raise TroubleError("away", explain(error, self._config)) from error
        except elasticsearch.TransportError as error:
            raise TroubleError("fatal", explain(error, self._config)) from error
        except OutputError as error:
            raise TroubleError("fatal", error) from error


def kind_of_status(status: int) -> TroubleKind:
    """Return what an HTTP status above 299 means for what was asked.

    A gateway's 502 and 504 may come after the events went in, and so may the 503 of a node that goes away.
    """
    if status in BUSY:
        return "busy" if status == 429 else "away"
    return "large" if status == 413 else "unreadable" if status == 403 else "fatal"


def search_ids(search: Any, ids: Sequence[str]) -> set[str]:  # noqa: ANN401 - (body) -> answer, of either client
    """Return those of the ids that a search finds. An id that is in several backing indices is found several times."""
    for size in (len(ids), MOST_HITS):
        body = {
            "query": {"bool": {"filter": {"ids": {"values": list(ids)}}}},
            "sort": ["_doc"],
            "size": size,
            "_source": False,
            "track_total_hits": False,
        }
        hits = _hits(search(body))
        found = {str(hit.get("_id")) for hit in hits if isinstance(hit, dict)}
        if len(hits) < size or len(found) == len(ids):
            break
    return found


def _hits(answer: object) -> list[object]:
    outer = answer.get("hits") if isinstance(answer, dict) else None
    hits = outer.get("hits") if isinstance(outer, dict) else None
    return hits if isinstance(hits, list) else []
