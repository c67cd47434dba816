"""Sending one chunk of events with the bulk API, and telling what became of each of them.

The client's own `streaming_bulk` does not fit: with its defaults it gives up instead of retrying, it takes no ids that
are known already out, and connection errors end it in the middle of a chunk.
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from orjson import dumps

from netad.core.errors import OutputError
from netad.outputs.base import Event
from netad.outputs.elastic.connection import ElasticConfig, explain, reason_of
from netad.outputs.origin import stamped
from netad.outputs.sending import Outcome, RetryPolicy

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

BUSY = frozenset({429, 502, 503, 504})
MISSING_STREAM = "index_not_found_exception"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """An event ready to be sent: its data stream, its id, and the two lines of the bulk request."""

    stream: str
    id: str
    event: Event
    lines: bytes


def make_item(event: Event, ingested: str) -> Item:
    """Return the event as it is sent at the time `ingested` (ISO 8601)."""
    place = event["data_stream"]
    stream = f"{place['type']}-{place['dataset']}-{place['namespace']}"
    identity = event["event"]["id"]
    # Where no template makes it a data stream, refuse rather than make a plain index with guessed field types.
    action = {"create": {"_index": stream, "_id": identity, "require_data_stream": True}}
    return Item(stream, identity, event, dumps(action) + b"\n" + dumps(stamped(event, ingested)) + b"\n")


class BulkSender:
    """Sends chunks, one request each where the cluster takes it, and remembers how long it has tried again."""

    def __init__(self, client: "Elasticsearch", config: ElasticConfig, retry: RetryPolicy) -> None:
        self._client = client
        self._config = config
        self._retry = retry
        self._spent_s = 0.0
        self._may_read = True

    def send(self, items: list[Item]) -> Outcome:
        """Send events and return what became of each. Nothing is raised for what the cluster or network does."""
        outcome = Outcome()
        parts = [_Part(items)]
        while parts:
            part = parts.pop(0)
            if outcome.failure is not None:
                outcome.leave([item.event for item in part.items], outcome.failure, stop=True)
            elif self._send_part(part, outcome):
                half = len(part.items) // 2
                parts[:0] = [_Part(part.items[:half], True), _Part(part.items[half:], True)]
        return outcome

    def _send_part(self, part: "_Part", outcome: Outcome) -> bool:
        """Send events, again as long as the policy allows; return True if they are too many for one request."""
        before = outcome.delivered + outcome.duplicates
        began: float | None = None
        attempt = 0
        while (trouble := self._try(part, outcome)) is not None:
            if trouble.kind == "large" and len(part.items) > 1:
                return True
            if trouble.kind == "large":
                outcome.refused += [(item.event, trouble.why.message) for item in part.items]
                break
            began = self._retry.clock() if began is None else began
            if trouble.kind == "fatal" or not self._wait(attempt, began):
                nothing_went = outcome.delivered + outcome.duplicates == before
                outcome.leave(
                    [item.event for item in part.items], trouble.why, stop=trouble.kind == "fatal" or nothing_went
                )
                break
            attempt += 1
        if began is not None:
            self._spent_s += self._retry.clock() - began
        return False

    def _wait(self, attempt: int, began: float) -> bool:
        """Pause before another attempt; False when there shall be none."""
        pause = self._retry.pause_s(attempt)
        spent = self._spent_s + self._retry.clock() - began
        if attempt >= self._retry.retries or spent + pause > self._retry.budget_s:
            return False
        self._retry.sleep(pause)
        return True

    def _try(self, part: "_Part", outcome: Outcome) -> "_Trouble | None":
        """Send what is left of a part once. What is settled leaves `part.items`; the trouble is that of the rest."""
        import elasticsearch

        try:
            if not part.looked_up:
                self._leave_out_known(part, outcome)
            return self._post(part, outcome) if part.items else None
        except elasticsearch.ApiError as error:
            kind: _Kind = "busy" if error.status_code in BUSY else "large" if error.status_code == 413 else "fatal"
            return _Trouble(kind, explain(error, self._config))
        except elasticsearch.SSLError as error:
            return _Trouble("fatal", explain(error, self._config))
        except (elasticsearch.ConnectionError, elasticsearch.ConnectionTimeout) as error:
            return _Trouble("busy", explain(error, self._config))
        except elasticsearch.TransportError as error:
            return _Trouble("fatal", explain(error, self._config))

    def _leave_out_known(self, part: "_Part", outcome: Outcome) -> None:
        """Leave out events whose id is anywhere in their data stream.

        `create` alone compares ids within the newest backing index only: after a rollover a known one would go in
        again. A key that may not read has to do with that.
        """
        import elasticsearch

        known: set[tuple[str, str]] = set()
        for stream in dict.fromkeys(item.stream for item in part.items) if self._may_read else ():
            wanted = [item.id for item in part.items if item.stream == stream]
            try:
                answer = self._client.search(
                    index=stream,
                    query={"ids": {"values": wanted}},
                    size=len(wanted),
                    source=False,
                    track_total_hits=False,
                    ignore_unavailable=True,
                    filter_path="hits.hits._id",
                )
            except elasticsearch.AuthorizationException:
                log.info("this key may not read %s: known ids are found in its newest index only", stream)
                self._may_read = False
                break
            known |= {(stream, identity) for identity in _hit_ids(answer.body)}
        fresh = [item for item in part.items if (item.stream, item.id) not in known]
        outcome.duplicates += len(part.items) - len(fresh)
        part.items, part.looked_up = fresh, True

    def _post(self, part: "_Part", outcome: Outcome) -> "_Trouble | None":
        response = self._client.bulk(
            operations=[item.lines for item in part.items],  # type: ignore[misc]  # lines are sent as they are
            filter_path="items.*.status,items.*.error,items.*.failure_store",
        )
        answers = response.body.get("items") if isinstance(response.body, dict) else None
        if not isinstance(answers, list) or len(answers) != len(part.items):
            return _Trouble("fatal", OutputError(f"{self._config.target} does not answer like an Elasticsearch"))
        left: list[Item] = []
        worst: _Trouble | None = None
        for item, answer in zip(part.items, answers, strict=True):
            trouble = self._settle(item, answer, outcome)
            if trouble is not None:
                left.append(item)
                worst = trouble if worst is None or trouble.kind == "fatal" else worst
        part.items = left
        return worst

    def _settle(self, item: Item, answer: object, outcome: Outcome) -> "_Trouble | None":
        """Count an event that the cluster has decided on; return what keeps it from deciding otherwise."""
        status, error, failure_store = _result(answer)
        target = self._config.target
        if 200 <= status < 300 and failure_store != "used":
            outcome.delivered += 1
        elif status == 409:
            outcome.duplicates += 1
        elif status == 429 or status >= 500:
            return _Trouble("busy", OutputError(f"{target} answered {status} ({reason_of(error)})"))
        elif status in (401, 403):
            text = f"{target} does not let this key write to {item.stream} ({status}, {reason_of(error)})"
            return _Trouble("fatal", OutputError(text))
        elif isinstance(error, dict) and error.get("type") == MISSING_STREAM:
            text = f"{target} has no index template for {item.stream}: run `netad setup elastic`"
            return _Trouble("fatal", OutputError(text))
        else:
            outcome.refused.append((item.event, reason_of(error) if error else "it went to the failure store"))
        return None


_Kind = Literal["busy", "large", "fatal"]


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why events are not settled: try again (`busy`), send less at once (`large`), or stop (`fatal`)."""

    kind: _Kind
    why: OutputError


@dataclass(slots=True)
class _Part:
    """Events on their way in one request."""

    items: list[Item]
    looked_up: bool = False


def _hit_ids(body: object) -> set[str]:
    hits = body.get("hits") if isinstance(body, dict) else None
    found = hits.get("hits") if isinstance(hits, dict) else None
    return {str(hit.get("_id")) for hit in found if isinstance(hit, dict)} if isinstance(found, list) else set()


def _result(answer: object) -> tuple[int, object, object]:
    """Return status, error and failure store of one item of a bulk answer; status 500 if it is no such thing."""
    result = next(iter(answer.values()), None) if isinstance(answer, dict) else None
    if not isinstance(result, dict) or not isinstance(result.get("status"), int):
        return 500, "an answer that is none", None
    return result["status"], result.get("error"), result.get("failure_store")
