"""Sending one chunk of events with the bulk API, and telling what became of each of them.

The clients' own bulk helpers do not fit: with their defaults they give up instead of retrying, they take no ids that
are known already out, and connection errors end them in the middle of a chunk.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from orjson import dumps

from netad.core.errors import OutputError
from netad.core.timing import now_iso
from netad.outputs.base import Event
from netad.outputs.elastic.cluster import Cluster, TroubleError
from netad.outputs.elastic.connection import reason_of
from netad.outputs.ledger import Ledger
from netad.outputs.origin import stamped
from netad.outputs.sending import Outcome, Patience, RetryPolicy

REQUEST_BYTES = 10 << 20
MISSING_STREAM = "index_not_found_exception"
BLOCKED = "cluster_block_exception"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """An event on its way: its data stream and its id."""

    stream: str
    id: str
    event: Event


def make_item(event: Event) -> Item:
    """Return the item of an event. It becomes text only when it is sent: most events of a second run never are."""
    place = event["data_stream"]
    return Item(f"{place['type']}-{place['dataset']}-{place['namespace']}", event["event"]["id"], event)


def request_lines(item: Item, ingested: str, action: Callable[[str, str], bytes]) -> bytes:
    """Return the two lines of a bulk request for an event sent at `ingested` (ISO 8601), by the cluster's `action`."""
    return b"%b\n%b\n" % (action(item.stream, item.id), dumps(stamped(item.event, ingested)))


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
        self.patience = Patience(retry)
        self._ledger = ledger
        self._lock = threading.Lock()
        self._may_read = True
        self._may_remember = True
        self._seen_streams: set[str] = set()
        self.failure: OutputError | None = None  # why sending anything further makes no sense

    def prepare(self) -> list[str]:
        """Ensure the templates, patiently when the cluster is busy, and return a sentence for each that was put.

        Raises:
            OutputError: the cluster is away, or refuses.
        """
        began = self.patience.policy.clock()
        attempt = 0
        while True:
            try:
                return self._cluster.ensure_templates()
            except TroubleError as trouble:
                if trouble.kind != "busy" or not self.patience.wait(attempt, began):
                    self.failure = trouble.why
                    raise trouble.why from trouble
            attempt += 1

    def send(self, items: list[Item]) -> Outcome:
        """Send events and return what became of each. Nothing is raised for what the cluster or network does."""
        outcome = Outcome()
        parts = [_Part(items)]
        while parts:
            part = parts.pop(0)
            if self.failure is not None:
                outcome.leave([item.event for item in part.items], self.failure, stop=True)
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
            began = self.patience.policy.clock() if began is None else began
            if trouble.kind == "away":
                part.looked_up, part.in_doubt = False, True
            fatal = trouble.kind not in ("busy", "away")
            if fatal or not self.patience.wait(attempt, began):
                nothing_went = outcome.delivered + outcome.duplicates == before
                outcome.leave([item.event for item in part.items], trouble.why, stop=fatal or nothing_went)
                self.failure = self.failure or outcome.failure
                break
            attempt += 1
        if began is not None:
            self.patience.spend(began)
        return False

    def _try(self, part: "_Part", outcome: Outcome) -> TroubleError | None:
        """Send what is left of a part once. What is settled leaves `part.items`; the trouble is that of the rest."""
        try:
            if not part.looked_up:
                self._leave_out_known(part, outcome)
            return self._post(part, outcome) if part.items else None
        except TroubleError as trouble:
            return trouble

    def _leave_out_known(self, part: "_Part", outcome: Outcome) -> None:
        """Leave out events whose id is anywhere in their data stream.

        `create` alone compares ids within the newest backing index only: after a rollover a known one would go in
        again. What was delivered a moment ago is found after a refresh: once a run, and when an answer got lost.
        """
        known: set[tuple[str, str]] = set()
        for stream in dict.fromkeys(item.stream for item in part.items):
            wanted = [item.id for item in part.items if item.stream == stream]
            known |= {(stream, identity) for identity in self._known(stream, wanted, part.in_doubt)}
        fresh = [item for item in part.items if (item.stream, item.id) not in known]
        outcome.duplicates += len(part.items) - len(fresh)
        part.items, part.looked_up, part.in_doubt = fresh, True, False

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

    def _remember(self, settled: list[Item]) -> None:
        if self._may_read or not self._may_remember:
            return
        try:
            for stream in dict.fromkeys(item.stream for item in settled):
                ids = [item.id for item in settled if item.stream == stream]
                self._ledger.add(self._cluster.target, stream, ids)
        except OutputError as error:
            self._forget(error)

    def _forget(self, error: OutputError) -> None:
        self._may_remember = False
        log.warning("%s: events may be delivered twice after a rollover", error.message)

    def _post(self, part: "_Part", outcome: Outcome) -> TroubleError | None:
        now = self._clock()
        lines = [request_lines(item, now, self._cluster.action) for item in part.items]
        if len(lines) > 1 and sum(map(len, lines)) > self._request_bytes:
            return TroubleError("large", OutputError(f"more than {self._request_bytes:,} bytes at once"))
        answer = self._cluster.create(lines)
        answers = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(answers, list) or len(answers) != len(part.items):
            return TroubleError("fatal", OutputError(f"{self._cluster.target} does not answer like an Elasticsearch"))
        left: list[Item] = []
        there: list[Item] = []
        worst: TroubleError | None = None
        for item, result in zip(part.items, answers, strict=True):
            settled = outcome.delivered + outcome.duplicates
            trouble = self._settle(item, result, outcome)
            if trouble is not None:
                left.append(item)
                worst = trouble if worst is None or trouble.kind == "fatal" else worst
            elif outcome.delivered + outcome.duplicates > settled:
                there.append(item)
        part.items = left
        self._remember(there)
        return worst

    def _settle(self, item: Item, answer: object, outcome: Outcome) -> TroubleError | None:
        """Count an event that the cluster has decided on; return what keeps it from deciding otherwise."""
        status, error, failure_store = _result(answer)
        target = self._cluster.target
        if 200 <= status < 300 and failure_store != "used":
            outcome.delivered += 1
        elif status == 409:
            outcome.duplicates += 1
        elif status == 429 or status >= 500:
            return TroubleError("busy", OutputError(f"{target} answered {status} ({reason_of(error)})"))
        elif isinstance(error, dict) and error.get("type") == BLOCKED:
            text = f"{target} takes no events into {item.stream}, its index is read-only ({reason_of(error)})"
            return TroubleError("fatal", OutputError(text))
        elif status in (401, 403):
            text = f"{target} does not let this key write to {item.stream} ({status}, {reason_of(error)})"
            return TroubleError("fatal", OutputError(text))
        elif isinstance(error, dict) and error.get("type") == MISSING_STREAM:
            text = f"{target} has no index template for {item.stream}: {self._cluster.no_template}"
            return TroubleError("fatal", OutputError(text))
        else:
            outcome.refused.append((item.event, reason_of(error) if error else "it went to the failure store"))
        return None


@dataclass(slots=True)
class _Part:
    """Events on their way in one request; `in_doubt` when an earlier one may have arrived."""

    items: list[Item]
    looked_up: bool = False
    in_doubt: bool = False


def _result(answer: object) -> tuple[int, object, object]:
    """Return status, error and failure store of one item of a bulk answer; status 500 if it is no such thing."""
    result = next(iter(answer.values()), None) if isinstance(answer, dict) else None
    if not isinstance(result, dict) or not isinstance(result.get("status"), int):
        return 500, "an answer that is none", None
    return result["status"], result.get("error"), result.get("failure_store")
