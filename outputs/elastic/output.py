"""Events to Elasticsearch data streams: each one arrives, is known there already, waits in the spool, or is named."""

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ClassVar, Self

from netad.core.errors import OutputError, SpoolError
from netad.core.timing import now_iso
from netad.outputs.base import Delivery, Event, RunSummary
from netad.outputs.elastic.bulk import REQUEST_BYTES, BulkSender
from netad.outputs.elastic.cluster import Cluster, ElasticCluster
from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.keeping import KeepingOutput
from netad.outputs.ledger import Ledger, open_ledger
from netad.outputs.sending import Outcome, RetryPolicy
from netad.outputs.spool import Spool, open_spool

CHUNK_EVENTS = 1000
# While the cluster works on one chunk, the ids of the next are asked for.
AT_ONCE = 2

log = logging.getLogger(__name__)


class ElasticOutput(KeepingOutput):
    """Sends events in chunks of up to 1,000; two are on their way while the next is built.

    Before the first event the templates are ensured. Memory holds four chunks at most: a slow cluster slows `write`
    down. Chunks are settled in the order in which they were written.
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
        self._sender = BulkSender(cluster, retry, ledger, clock=clock, request_bytes=request_bytes)
        self._threads = ThreadPoolExecutor(AT_ONCE, "netad-send")
        self._on_its_way: deque[Future[Outcome]] = deque()
        super().__init__(cluster.target, spool, self._sender.patience, chunk_events)

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

    def _finish_sending(self) -> None:
        if self._undelivered.lost is not None:
            return
        try:
            self._flush()
            self._take_back(0)
        except SpoolError as error:
            self._undelivered.give_up(error)
        self._undelivered.finish()

    def _prepare(self) -> None:
        try:
            for sentence in self._sender.prepare():
                log.info("%s: %s", self._place, sentence)
        except OutputError as error:
            self._failure = error

    def _flush(self) -> None:
        if not self._waiting:
            return
        # An interrupt may come while this waits: what is not handed over yet stays in `_waiting` for `close`.
        try:
            if not self._started:
                self._start()
            self._take_back(AT_ONCE)
            self._on_its_way.append(self._threads.submit(self._send, self._waiting))
            self._waiting = []
            if self._failure is not None:
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

    def _deliver(self, events: list[Event]) -> Outcome:
        return self._sender.send(events)

    def _disconnect(self) -> None:
        self._threads.shutdown()
        self._cluster.close()
        self._ledger.close()
