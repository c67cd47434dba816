"""Sending one chunk of events with the bulk API, and telling what became of each of them.

The clients' own bulk helpers do not fit: with their defaults they give up instead of retrying, they take no ids that
are known already out, and connection errors end them in the middle of a chunk.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from orjson import dumps

from netad.core.errors import OutputError
from netad.core.timing import now_iso
from netad.outputs.base import Event
from netad.outputs.elastic.cluster import Cluster, TroubleError, TroubleKind
from netad.outputs.elastic.connection import reason_of
from netad.outputs.ledger import Ledger
from netad.outputs.origin import stamped
from netad.outputs.retrying import Retrying, Trouble
from netad.outputs.sending import Outcome, Patience, RetryPolicy

REQUEST_BYTES = 10 << 20
MISSING_STREAM = "index_not_found_exception"
BLOCKED = "cluster_block_exception"
# What makes sense when a request was not answered as wished; every other trouble meets the next one too.
_SENSE: dict[TroubleKind, Literal["again", "smaller"]] = {"busy": "again", "away": "again", "large": "smaller"}

log = logging.getLogger(__name__)


def stream_of(event: Event) -> str:
    """Return the data stream of an event."""
    place = event["data_stream"]
    return f"{place['type']}-{place['dataset']}-{place['namespace']}"


def request_lines(event: Event, ingested: str, action: Callable[[str, str], bytes]) -> bytes:
    """Return the two lines of a bulk request for an event sent at `ingested` (ISO 8601), by the cluster's `action`."""
    return b"%b\n%b\n" % (action(stream_of(event), event["event"]["id"]), dumps(stamped(event, ingested)))


class BulkSender:
    """Sends chunks, in requests of `request_bytes` at most, and remembers how long it has tried again.

    Known ids are asked for over the whole stream before a chunk is sent. Where the key may not search, `ledger` (ids
    that this machine delivered) stands in, and one warning says so. `send` may run in several threads at once.
    """

    def __init__(
        self,
        cluster: Cluster,
        retry: RetryPolicy,
        ledger: Ledger,
        *,
        clock: Callable[[], str] = now_iso,
        request_bytes: int = REQUEST_BYTES,
    ) -> None:
        self._cluster = cluster
        self._clock = clock
        self._request_bytes = request_bytes
        self._retrying = Retrying(retry)
        self._ledger = ledger
        self._lock = threading.Lock()
        self._may_read = True
        self._may_remember = True
        self._seen_streams: set[str] = set()
        self._under_way: set[str] = set()  # ids

    @property
    def patience(self) -> Patience:
        """What may be spent on trying again."""
        return self._retrying.patience

    def prepare(self) -> list[str]:
        """Ensure the templates, patiently when the cluster is busy, and return a sentence for each that was put.

        Raises:
            OutputError: the cluster is away, or refuses.
        """
        told: list[str] = []

        def attempt(events: list[Event], outcome: Outcome) -> Trouble | None:  # noqa: ARG001 - no events, so no outcome
            try:
                told.extend(self._cluster.ensure_templates())
            except TroubleError as trouble:
                return Trouble("again" if trouble.kind == "busy" else "stop", trouble.why, events)
            return None

        outcome = self._retrying.send([], attempt)
        if outcome.failure is not None:
            raise outcome.failure
        return told

    def send(self, events: list[Event]) -> Outcome:
        """Send events and return what became of each. Nothing is raised for what the cluster or network does.

        What another thread is sending at this moment is a duplicate: no look-up can know of it yet.
        """
        with self._lock:
            fresh = [event for event in events if event["event"]["id"] not in self._under_way]
            ids = {event["event"]["id"] for event in fresh}
            self._under_way |= ids
        try:
            outcome = self._retrying.send(fresh, partial(self._try, _Chunk()))
        finally:
            with self._lock:
                self._under_way -= ids
        outcome.duplicates += len(events) - len(fresh)
        return outcome

    def _try(self, chunk: "_Chunk", events: list[Event], outcome: Outcome) -> Trouble | None:
        """Send events of a chunk once, but those whose ids are known."""
        left = events
        try:
            if not chunk.looked_up:
                left = self._unknown(events, outcome, chunk.in_doubt)
                chunk.looked_up, chunk.in_doubt = True, False
            return self._post(left, outcome) if left else None
        except TroubleError as error:
            if error.kind == "away":
                chunk.looked_up, chunk.in_doubt = False, True
            return Trouble(_SENSE.get(error.kind, "stop"), error.why, left)

    def _unknown(self, events: list[Event], outcome: Outcome, in_doubt: bool) -> list[Event]:
        """Return the events whose id is nowhere in their data stream, and count the others.

        `create` alone compares ids within the newest backing index only: after a rollover a known one would go in
        again. What was delivered a moment ago is found after a refresh: once a run, and when an answer got lost.
        """
        ids = _by_stream(events)
        known = {stream: self._known(stream, wanted, in_doubt) for stream, wanted in ids.items()}
        if not any(known.values()):
            return events
        left = [event for event in events if event["event"]["id"] not in known[stream_of(event)]]
        outcome.duplicates += len(events) - len(left)
        return left

    def _known(self, stream: str, ids: list[str], in_doubt: bool) -> set[str]:
        if self._may_read:
            try:
                if in_doubt or stream not in self._seen_streams:
                    self._cluster.refresh(stream)
                    self._seen_streams.add(stream)
                return self._cluster.known_ids(stream, ids)
            except TroubleError as trouble:
                if trouble.kind != "unreadable":
                    raise
                with self._lock:
                    if self._may_read:
                        log.warning(
                            "%s does not let this key read %s: that nothing is delivered twice is exact for what this "
                            "machine delivered only (%s)", self._cluster.target, stream, self._ledger.path
                        )  # fmt: skip
                    self._may_read = False
        return self._from_ledger(stream, ids)

    def _from_ledger(self, stream: str, ids: list[str]) -> set[str]:
        try:
            return self._ledger.known(self._cluster.target, stream, ids) if self._may_remember else set()
        except OutputError as error:
            self._forget(error)
            return set()

    def _remember(self, settled: list[Event]) -> None:
        if self._may_read or not self._may_remember:
            return
        try:
            for stream, ids in _by_stream(settled).items():
                self._ledger.add(self._cluster.target, stream, ids)
        except OutputError as error:
            self._forget(error)

    def _forget(self, error: OutputError) -> None:
        self._may_remember = False
        log.warning("%s: events may be delivered twice after a rollover", error.message)

    def _post(self, events: list[Event], outcome: Outcome) -> Trouble | None:
        now = self._clock()
        lines = [request_lines(event, now, self._cluster.action) for event in events]
        if len(lines) > 1 and sum(map(len, lines)) > self._request_bytes:
            return Trouble("smaller", OutputError(f"more than {self._request_bytes:,} bytes at once"), events)
        answer = self._cluster.create(lines)
        answers = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(answers, list) or len(answers) != len(events):
            why = OutputError(f"{self._cluster.target} does not answer like an Elasticsearch")
            return Trouble("stop", why, events)
        left: list[Event] = []
        there: list[Event] = []
        worst: TroubleError | None = None
        for event, result in zip(events, answers, strict=True):
            settled = outcome.delivered + outcome.duplicates
            trouble = self._settle(event, result, outcome)
            if trouble is not None:
                left.append(event)
                worst = trouble if worst is None or trouble.kind == "fatal" else worst
            elif outcome.delivered + outcome.duplicates > settled:
                there.append(event)
        self._remember(there)
        return None if worst is None else Trouble(_SENSE.get(worst.kind, "stop"), worst.why, left)

    def _settle(self, event: Event, answer: object, outcome: Outcome) -> TroubleError | None:
        """Count an event that the cluster has decided on; return what keeps it from deciding otherwise."""
        status, error, failure_store = _result(answer)
        if 200 <= status < 300 and failure_store != "used":
            outcome.delivered += 1
        elif status == 409:
            outcome.duplicates += 1
        elif (trouble := self._trouble(stream_of(event), status, error)) is not None:
            return trouble
        else:
            outcome.refused.append((event, reason_of(error) if error else "it went to the failure store"))
        return None

    def _trouble(self, stream: str, status: int, error: object) -> TroubleError | None:
        """Return what the answer to one event says of others too, None if it is about this event."""
        kind = error.get("type") if isinstance(error, dict) else None
        target = self._cluster.target
        if status == 429 or status >= 500:
            return TroubleError("busy", OutputError(f"{target} answered {status} ({reason_of(error)})"))
        if kind == BLOCKED:
            text = f"{target} takes no events into {stream}, its index is read-only ({reason_of(error)})"
        elif status in (401, 403):
            text = f"{target} does not let this key write to {stream} ({status}, {reason_of(error)})"
        elif kind == MISSING_STREAM:
            text = f"{target} has no index template for {stream}: {self._cluster.no_template}"
        else:
            return None
        return TroubleError("fatal", OutputError(text))


@dataclass(slots=True)
class _Chunk:
    """What is known of a chunk: whether its ids were asked for, and whether some of it may have arrived since."""

    looked_up: bool = False
    in_doubt: bool = False


def _by_stream(events: list[Event]) -> dict[str, list[str]]:
    """Return the ids of events by data stream."""
    ids: dict[str, list[str]] = {}
    for event in events:
        ids.setdefault(stream_of(event), []).append(event["event"]["id"])
    return ids


def _result(answer: object) -> tuple[int, object, object]:
    """Return status, error and failure store of one item of a bulk answer; status 500 if it is no such thing."""
    result = next(iter(answer.values()), None) if isinstance(answer, dict) else None
    if not isinstance(result, dict) or not isinstance(result.get("status"), int):
        return 500, "an answer that is none", None
    return result["status"], result.get("error"), result.get("failure_store")
