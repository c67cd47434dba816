"""Events to Elasticsearch data streams: each one arrives, is known there already, waits in the spool, or is named."""

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Self

from netad.core.errors import OutputError, SpoolError
from netad.core.timing import now_iso
from netad.outputs.base import Delivery, Event, RunSummary
from netad.outputs.elastic.bulk import BulkSender, Item, make_item
from netad.outputs.elastic.connection import ElasticConfig, connect, translated
from netad.outputs.elastic.templates import ensure_templates
from netad.outputs.reasons import Reasons
from netad.outputs.sending import Outcome, RetryPolicy
from netad.outputs.spool import Spool, spool_folder
from netad.outputs.wording import counted

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

CHUNK_EVENTS = 1000
CHUNK_BYTES = 10 << 20

log = logging.getLogger(__name__)


class ElasticOutput:
    """Sends events in chunks of up to 1,000 or 10 MiB; up to one chunk waits in memory until `close`.

    Before the first event the templates are ensured, and what earlier runs left in the spool for the same target is
    sent. When the cluster cannot be reached or refuses this client, everything from then on goes to the spool.

    Raises:
        SpoolError: (`write`, `close`) events could neither be sent nor kept.
    """

    name: ClassVar[str] = "elastic"

    def __init__(
        self,
        config: ElasticConfig,
        spool: Spool,
        *,
        retry: RetryPolicy | None = None,
        clock: Callable[[], str] = now_iso,
        chunk_events: int = CHUNK_EVENTS,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        self._config = config
        self._spool = spool
        self._clock = clock
        self._chunk_events = chunk_events
        self._chunk_bytes = chunk_bytes
        self._client: Elasticsearch = connect(config)
        self._sender = BulkSender(self._client, config, retry or RetryPolicy())
        self._waiting: list[Event] = []
        self._given = self._buried = 0
        self._started = False
        self._failure: OutputError | None = None  # why nothing more is sent
        self._lost: SpoolError | None = None  # why nothing more can be kept either
        self._delivery = Delivery(where=config.target)
        self._unsent_reasons = Reasons()
        self._dead_reasons = Reasons()

    @classmethod
    def from_target(cls, target: str | None) -> Self:
        """Return the output that `--to elastic[:URL]` and the environment name.

        Raises:
            ConfigError: the URL, a variable or a certificate file is wrong.
            SpoolError: there is no place for unsent events.
        """
        config = ElasticConfig.from_target(target)
        return cls(config, Spool(spool_folder(), config.target))

    def write(self, events: Iterable[Event]) -> None:
        """Take events, and send full chunks of them."""
        for event in events:
            self._given += 1
            self._waiting.append(event)
            if len(self._waiting) >= self._chunk_events:
                self._flush()

    def close(self, summary: RunSummary) -> Delivery:  # noqa: ARG002 - the contract's
        """Send or keep what is left, and say what became of everything."""
        try:
            if self._lost is None:
                self._flush()
                if not self._started:
                    # Also without events: a wrong address must not show only when there is something to send.
                    self._start()
        finally:
            self._client.close()
            self._spool.close()
        return self._account()

    def _flush(self) -> None:
        events, self._waiting = self._waiting, []
        try:
            if events and not self._started:
                self._start()
            for items in self._chunks(events):
                if self._failure is not None:
                    self._keep([(item.event, self._failure.message) for item in items])
                    continue
                outcome = self._sender.send(items)
                self._delivery.delivered += outcome.delivered
                self._delivery.duplicates += outcome.duplicates
                self._buried += len(outcome.refused)
                self._bury(outcome)
                self._keep(outcome.unsent)
                self._failure = outcome.failure
        except SpoolError as error:
            self._lost = error
            raise

    def _chunks(self, events: Iterable[Event]) -> Iterator[list[Item]]:
        """Yield events as items stamped with the time of sending, no more bytes at once than one request may have."""
        chunk: list[Item] = []
        held = 0
        for event in events:
            item = make_item(event, self._clock())
            if chunk and held + len(item.lines) > self._chunk_bytes:
                yield chunk
                chunk, held = [], 0
            chunk.append(item)
            held += len(item.lines)
        if chunk:
            yield chunk

    def _start(self) -> None:
        self._started = True
        try:
            with translated(self._config):
                for sentence in ensure_templates(self._client):
                    log.info("%s: %s", self._config.target, sentence)
        except OutputError as error:
            self._failure = error
            return
        for path in self._spool.pending():
            if self._failure is not None:
                break
            try:
                sent_all = self._drain(self._spool.read(path))
            except FileNotFoundError:
                continue  # another run has sent it in the meantime
            except OutputError as error:
                self._delivery.problems.append(f"{error}; moved to {self._spool.set_aside(path)}")
                continue
            if sent_all:
                self._spool.remove(path)

    def _drain(self, events: Iterator[Event]) -> bool:
        """Send the events of a spool file; False when some of them could not be sent, so that the file has to stay."""
        while batch := list(islice(events, self._chunk_events)):
            for items in self._chunks(batch):
                outcome = self._sender.send(items)
                self._delivery.drained += outcome.delivered + outcome.duplicates
                self._bury(outcome)
                if outcome.unsent:
                    self._failure = outcome.failure or OutputError(outcome.unsent[0][1])
                    return False
        return True

    def _bury(self, outcome: Outcome) -> None:
        for event, reason in outcome.refused:
            self._dead_reasons.add(reason)
            self._spool.bury(event, reason)

    def _keep(self, unsent: list[tuple[Event, str]]) -> None:
        for event, reason in unsent:
            self._unsent_reasons.add(reason)
            self._spool.keep(event)

    def _account(self) -> Delivery:
        delivery = self._delivery
        delivery.spooled = self._spool.kept
        # What was given and is nowhere (the spool failed) counts as dead beside what was refused.
        lost = self._given - delivery.delivered - delivery.duplicates - delivery.spooled - self._buried
        delivery.dead = self._dead_reasons.total + lost
        if delivery.spooled:
            why = "; ".join(reason for reason, _ in self._unsent_reasons.told())
            delivery.problems.append(
                f"{counted(delivery.spooled, 'event')} wait in {self._spool.pending_folder} for the next run: {why}"
            )
        elif self._failure is not None and self._lost is None:
            waiting = "events of earlier runs still wait in the spool" if self._spool.pending() else "nothing was sent"
            delivery.problems.append(f"{waiting}: {self._failure.message}")
        for reason, count in self._dead_reasons.told():
            delivery.problems.append(
                f"{self._config.target} refused {counted(count, 'event')}, kept in {self._spool.dead_folder}: {reason}"
            )
        if lost:
            delivery.problems.append(f"{counted(lost, 'event')} could neither be sent nor kept")
        return delivery
