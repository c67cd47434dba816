"""Events that went into a data stream twice, which a rollover in the wrong moment can bring about."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Repeated:
    """An id and the backing indices that hold a document with it, at least two."""

    id: str
    indices: tuple[str, ...]


def repeated_events(client: "Elasticsearch", pattern: str, page: int = PAGE) -> Iterator[Repeated]:
    """Yield every id that stands in more than one backing index, in order of ids, so of the time they begin with.

    All documents are looked through in that order, a page at a time: memory does not grow with their number.

    Raises:
        elasticsearch.ApiError, elasticsearch.TransportError: the cluster cannot be asked, or this key may not read.
    """
    last: str | None = None
    held: list[str] = []
    for identity, index in _documents(client, pattern, page):
        if identity != last:
            if last is not None and len(held) > 1:
                yield Repeated(last, tuple(held))
            last, held = identity, []
        held.append(index)
    if last is not None and len(held) > 1:
        yield Repeated(last, tuple(held))


def _documents(client: "Elasticsearch", pattern: str, page: int) -> Iterator[tuple[str, str]]:
    after: Any = None
    while True:
        hits = client.search(
            index=pattern,
            size=page,
            # An id stands once in an index: the two together tell every document from the next, also between pages.
            sort=[{"event.id": {"order": "asc", "unmapped_type": "keyword"}}, {"_index": "asc"}],
            source=False,
            track_total_hits=False,
            ignore_unavailable=True,
            allow_partial_search_results=False,
            filter_path="hits.hits._id,hits.hits._index,hits.hits.sort",
            **({"search_after": after} if after else {}),
        ).body.get("hits", {}).get("hits", [])  # fmt: skip
        for hit in hits:
            yield hit["_id"], hit["_index"]
        if len(hits) < page:
            return
        after = hits[-1]["sort"]
