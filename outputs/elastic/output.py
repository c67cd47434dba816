"""Events to Elasticsearch data streams: each one arrives, is known there already, waits in the spool, or is named."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import ClassVar, Self

from netad.core.errors import OutputError, SpoolError
from netad.core.timing import now_iso
from netad.outputs.base import Delivery, Event, RunSummary
from netad.outputs.elastic.bulk import REQUEST_BYTES, BulkSender, make_item
from netad.outputs.elastic.cluster import Cluster, ElasticCluster
from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.ledger import Ledger, open_ledger
from netad.outputs.sending import Limits, Outcome, RetryPolicy
from netad.outputs.spool import Spool, Waiting, open_spool
from netad.outputs.undelivered import Undelivered

CHUNK_EVENTS = 1000

log = logging.getLogger(__name__)


class ElasticOutput:
    """Sends events in chunks of up to 1,000; one is on its way while the next is built.

    Before the first event the templates are ensured, and what earlier runs left in the spool for the same target is
    sent. When the cluster cannot be reached or refuses this client, everything from then on goes to the spool. Memory
    holds three chunks at most: a slow cluster slows `write` down.

    Raises:
        SpoolError: (`write`, `replay`) events could neither be sent nor kept; `close` says how many.
    """

    name: ClassVar[str] = "elastic"

    def __init__(
        self,
        cluster: Cluster,
        spool: Spool,
        ledger: Ledger,
        *,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - it is frozen
        clock: Callable[[], str] = now_iso,
        chunk_events: int = CHUNK_EVENTS,
        request_bytes: int = REQUEST_BYTES,
    ) -> None:
        self._cluster = cluster
        self._ledger = ledger
        self._chunk_events = chunk_events
        self._sender = BulkSender(cluster, retry, ledger, clock=clock, request_bytes=request_bytes)
        self._thread = ThreadPoolExecutor(1, "netad-send")
        self._on_its_way: deque[Future[Outcome]] = deque()
        self._undelivered = Undelivered(spool)
        self._waiting: list[Event] = []
        self._given = 0
        self._started = False
        self._delivery = Delivery(where=cluster.target)

    @classmethod
    def from_target(cls, target: str | None) -> Self:
        """Return the output that `--to elastic[:URL]` and the environment name.

        Raises:
            ConfigError: the URL, a variable or a certificate file is wrong.
            SpoolError: there is no place for unsent events.
        """
        return cls.to_cluster(ElasticCluster(ElasticConfig.from_target(target)))

    @classmethod
    def to_cluster(cls, cluster: Cluster) -> Self:
        """Return the output to a cluster, with this user's spool and ledger."""
        return cls(cluster, open_spool(cluster.target), open_ledger())

    def limit(self, limits: Limits) -> None:
        """See `netad.outputs.sending.Limited`."""
        self._sender.patience.limit(limits.budget_s)
        self._undelivered.spool.folder_bytes = limits.spool_bytes

    def write(self, events: Iterable[Event]) -> None:
        """Take events, and send full chunks of them."""
        for event in events:
            self._given += 1
            self._waiting.append(event)
            if len(self._waiting) >= self._chunk_events:
                self._flush()

    def settle(self) -> Delivery:
        """Send or keep what was written so far, and say what became of it."""
        self._finish_sending()
        return self._account()

    def commit(self) -> None:
        """Send or keep what was written so far (netad.outputs.base.Commits)."""
        self._finish_sending()
        if self._undelivered.lost is not None:
            raise self._undelivered.lost

    def close(self, summary: RunSummary) -> Delivery:  # noqa: ARG002 - the contract's
        """Send or keep what is left, and say what became of everything."""
        try:
            self._finish_sending()
            if not self._started:
                # Also without events: a wrong address must not show only when there is something to send.
                self._start()
        except SpoolError as error:
            self._undelivered.give_up(error)
        finally:
            self._let_go()
        return self._account()

    def waiting(self) -> list[Waiting]:
        """Return every file of the spool, also those of other targets."""
        return self._undelivered.spool.files()

    def replay(self, *, dead: bool) -> Delivery:
        """Send what waits in the spool, with `dead` also what was refused; stands instead of `write` and `close`."""
        try:
            refused = self._undelivered.spool.dead() if dead else []  # listed before pending ones add to them
            self._start()
            if self._sender.failure is None:
                self._undelivered.bring_home(refused, self._send, self._chunk_events)
        finally:
            self._let_go()
        return self._account()

    def _let_go(self) -> None:
        self._thread.shutdown()
        self._cluster.close()
        self._ledger.close()
        self._undelivered.finish()

    def _finish_sending(self) -> None:
        if self._undelivered.lost is not None:
            return
        try:
            self._flush()
            self._take_back(0)
        except SpoolError as error:
            self._undelivered.give_up(error)
        self._undelivered.finish()

    def _start(self) -> None:
        self._started = True
        try:
            for sentence in self._sender.prepare():
                log.info("%s: %s", self._cluster.target, sentence)
        except OutputError:
            return  # it is the sender's failure now
        pending = self._undelivered.spool.pending()
        failure = self._undelivered.bring_home(pending, self._send, self._chunk_events)
        self._sender.failure = self._sender.failure or failure

    def _flush(self) -> None:
        if not self._waiting:
            return
        # An interrupt may come while this waits: what is not handed over yet stays in `_waiting` for `close`.
        try:
            if not self._started:
                self._start()
            self._take_back(1)
            self._on_its_way.append(self._thread.submit(self._send, self._waiting))
            self._waiting = []
            if self._sender.failure is not None:
                self._take_back(0)
        except SpoolError as error:
            self._undelivered.lost = error
            raise

    def _take_back(self, left: int) -> None:
        """Wait until no more than `left` chunks are on their way, and keep what did not arrive."""
        while len(self._on_its_way) > left:
            outcome = self._on_its_way[0].result()
            self._on_its_way.popleft()
            self._delivery.delivered += outcome.delivered
            self._delivery.duplicates += outcome.duplicates
            try:
                self._undelivered.take(outcome)
            except SpoolError:
                for behind in self._on_its_way:  # what they delivered counts, the rest is lost
                    self._delivery.delivered += behind.result().delivered
                    self._delivery.duplicates += behind.result().duplicates
                self._on_its_way.clear()
                raise

    def _send(self, events: list[Event]) -> Outcome:
        return self._sender.send([make_item(event) for event in events])

    def _account(self) -> Delivery:
        delivery = replace(self._delivery, problems=[])
        self._undelivered.account(delivery, self._given, self._cluster.target, self._sender.failure)
        return delivery
