"""Sends the messages of one channel: each is handled at least once and sent at most once.

A worker reads a message from the send stream of its channel, claims it (`send_ledger`), sends it,
settles it, records it with the case, and acknowledges it. When a worker dies, another resumes from
the ledger: a settled message is only recorded, one that may have been sent is in doubt. Each
channel has a worker of its own, so a slow channel does not delay the others. What waits for a slot
of a slow one, such as a telephone line, goes by tier: the most urgent first.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial

from fanzha.errors import InvalidInput, Unavailable
from fanzha.tracing import trace_context
from fanzha.tracing.tracer import Attributes, SpanKind, Tracer
from infra import safe_traceback
from infra.backoff import Backoff
from infra.circuit_breaker import CircuitBreaker
from infra.periodic import retry_until_available, run_periodically
from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.dead_letters import DeadLetters
from infra.redis.delay_queue import DelayQueue
from infra.redis.stream_consumer import BLOCK_MS, StreamReader
from services.warning.channels.channel import ChannelSender, Outgoing, SendResult
from services.warning.dispatch import channel_stream
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.dispatch.permits import AlwaysPermit, SendPermit
from services.warning.dispatch.ranked_slots import RankedSlots
from services.warning.dispatch.send_ledger import SendClaim, SendLedger, SendStatus
from services.warning.dispatch.send_results import SendResultRecorder, SendResults

logger = logging.getLogger(__name__)
GROUP = "outbox"
MOST_CLAIMED = 512
"""Claims in flight: each waits up to a second for an fsync."""
_BATCH = 128
_MOST_TAKEN = 20
"""Deliveries of an entry before it is a dead letter. High, because an entry may merely have been
waiting in each of the processes that ended."""
_READY_SECONDS = 1.0
"""The longest wait for a channel that is down before the loop looks again."""
_STORE_WIDTH = 24
"""Concurrent ledger writes; they share an fsync."""
_CLAIM_SLOTS = 4


class _Load:
    """The entries that a worker holds, with the tasks and the slots that handle them."""

    def __init__(self, width: int) -> None:
        """Allow *width* sends at a time."""
        self.sends: dict[str, asyncio.Task[None]] = {}
        self.claims: set[asyncio.Task[None]] = set()
        self.held: set[str] = set()
        """Ids of entries that the worker holds, claimed or not."""
        self.send_slots = RankedSlots(width)
        # Each holds a connection, and a client has a hundred.
        self.claim_slots = asyncio.Semaphore(_CLAIM_SLOTS)
        self.ledger_slots = asyncio.Semaphore(_STORE_WIDTH)
        self._max_held = max(MOST_CLAIMED, 2 * width)

    @property
    def room(self) -> int:
        """How many more entries may be read; 0 or less for none."""
        return self._max_held - len(self.held)

    @property
    def tasks(self) -> "list[asyncio.Task[None]]":
        """All tasks under way."""
        return [*self.claims, *self.sends.values()]


class SendWorker:
    """The sending loop of one channel."""

    def __init__(
        self,
        *,
        client: Client,
        channel: str,
        sender: ChannelSender,
        record: SendResultRecorder,
        dead: DeadLetters,
        consumer: str,
        now_ms: Callable[[], int],
        permit: SendPermit | None = None,
        tracer: Tracer | None = None,
        on_disk: bool = True,
        claim_ms: int = 30_000,
        block_ms: int = BLOCK_MS,
        counted: Callable[[str, str, float], None] = lambda _channel, _what, _seconds: None,
    ) -> None:
        self.channel = channel
        self._stream = stream = send_stream(channel)
        delayed = DelayQueue(client, stream)
        self._reader = _reader(
            ConsumerGroup(client, stream=stream, group=GROUP, consumer=consumer),
            dead,
            on_dead_letter=lambda _stream: counted(channel, "dead", 0),
            delayed=delayed,
            claim_ms=claim_ms,
            now_ms=now_ms,
        )
        self._claims = SendLedger(client, stream, owner=consumer, on_disk=on_disk, hold_ms=claim_ms)
        self._sender, self._tracer = sender, tracer
        self._now_ms = now_ms
        self._permit = permit or AlwaysPermit()
        self._claim_ms, self._block_ms = claim_ms, block_ms
        self._claimed_ms = 0
        self._breaker = CircuitBreaker()
        self._results = self._record_results(delayed, record, counted)
        self._load = _Load(sender.width)
        self._draining = False
        self._reading: asyncio.Task[list[StreamEntry]] | None = None
        self._ended = asyncio.Event()

    def _record_results(
        self,
        delayed: DelayQueue,
        record: SendResultRecorder,
        counted: Callable[[str, str, float], None],
    ) -> SendResults:
        return SendResults(
            channel=self.channel,
            reader=self._reader,
            claims=self._claims,
            delayed=delayed,
            record=record,
            permit=self._permit,
            breaker=self._breaker,
            repeatable=self._sender.repeatable,
            now_ms=self._now_ms,
            counted=counted,
        )

    @property
    def waiting(self) -> int:
        """How many messages wait for a slot of the channel."""
        return self._load.send_slots.waiting

    async def run(self) -> None:
        """Send until drained. On cancellation, messages in flight are left in doubt."""
        holding = asyncio.create_task(self._hold())
        try:
            await run_periodically(
                self.step,
                every_seconds=0,
                task=f"sending by {self.channel}",
                logger=logger,
                backoff=Backoff(),
                keep_going=lambda: not self._draining,
            )
            await self.finish()
        except asyncio.CancelledError:
            for task in self._load.tasks:
                task.cancel()
            raise
        finally:
            holding.cancel()
            self._ended.set()

    async def step(self) -> int:
        """Read entries and start to send them; return the number read."""
        if self._breaker.open_for:
            await asyncio.sleep(min(self._breaker.open_for, _READY_SECONDS))
            return 0
        room = self._load.room
        if room <= 0:
            await asyncio.wait(self._load.tasks, return_when=asyncio.FIRST_COMPLETED, timeout=1)
            return 0
        # Claim nothing while the channel is down: after a crash it would be in doubt.
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._sender.ready()
        except TimeoutError:
            return 0
        entries = await self._read(min(room, _BATCH))
        if entries:
            self._load.held |= {entry.id for entry in entries}
            beginning = asyncio.create_task(self._claim_and_send(entries))
            self._load.claims.add(beginning)
            beginning.add_done_callback(self._load.claims.discard)
        return len(entries)

    async def _read(self, count: int) -> list[StreamEntry]:
        """Return the next entries; none when `drain` ends the wait for them."""
        waiting = self._reader.next(count, self._block_ms, self._load.held)
        self._reading = asyncio.create_task(waiting)
        if self._draining:
            self._reading.cancel()
        try:
            return await self._reading
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._draining or (task is not None and task.cancelling()):
                raise
            return []

    async def drain(self, seconds: float) -> None:
        """Stop reading, and wait up to *seconds* for messages in flight."""
        self._draining = True
        if self._reading is not None:
            self._reading.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

    async def finish(self) -> None:
        """Wait for messages in flight."""
        while unfinished := self._load.tasks:
            await asyncio.wait(unfinished)

    async def _claim_and_send(self, entries: list[StreamEntry]) -> None:
        """Claim the permitted entries and send them; entries that fail here are claimed later."""
        released = {entry.id for entry in entries}
        try:
            async with self._load.claim_slots:
                allowed = await self._permitted_entries(entries)
                claims = await self._claim([outgoing.message_id for _, outgoing in allowed])
        except Unavailable as error:
            logger.warning("%s: %d messages wait: %s", self._stream, len(entries), error)
        else:
            for (entry, outgoing), claim in zip(allowed, claims, strict=True):
                task = asyncio.create_task(self._handle(entry, outgoing, claim))
                self._load.sends[entry.id] = task
                task.add_done_callback(partial(self._finished, entry.id))
                released.discard(entry.id)
        finally:
            self._load.held -= released

    async def _claim(self, message_ids: list[str]) -> list[SendClaim]:
        """Claim messages, retrying while Redis is away.

        Only this process knows that they were not sent; for another they would be in doubt.
        """
        # Claims of one worker differ by their times.
        now = self._claimed_ms = max(self._now_ms(), self._claimed_ms + 1)
        return await retry_until_available(
            lambda: self._claims.claim(message_ids, now, repeatable=self._sender.repeatable),
            task=f"claims of {self.channel}",
            logger=logger,
        )

    async def _mark_sending(self, message_id: str, claim: SendClaim) -> bool:
        """Mark a message as being sent, retrying for the same reason."""

        async def begin() -> bool:
            async with self._load.ledger_slots:
                return await self._claims.begin(message_id, claim.at_ms)

        return await retry_until_available(begin, task=f"claims of {self.channel}", logger=logger)

    def _finished(self, place: str, task: "asyncio.Task[None]") -> None:
        self._load.sends.pop(place, None)
        self._load.held.discard(place)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The entry stays pending, is claimed again, and at last becomes a dead letter.
            logger.error(
                "%s: a message failed: %s", self._stream, safe_traceback.kind_and_places(error)
            )

    async def _permitted_entries(
        self, entries: list[StreamEntry]
    ) -> list[tuple[StreamEntry, Outgoing]]:
        allowed: list[tuple[StreamEntry, Outgoing]] = []
        seen: set[str] = set()
        for entry in entries:
            try:
                outgoing = channel_stream.read(entry.fields)
            except InvalidInput as error:
                await self._reader.give_up(entry, str(error), 1)
                continue
            if outgoing.message_id in seen:
                # Appended again by a worker that died, or lost its answer, in between.
                await self._results.wait(entry, self._claim_ms)
                continue
            seen.add(outgoing.message_id)
            if await self._permitted(entry, outgoing):
                allowed.append((entry, outgoing))
        return allowed

    async def _permitted(self, entry: StreamEntry, outgoing: Outgoing) -> bool:
        permission = await self._permit.may_send(outgoing, self.channel)
        if permission.allowed:
            return True
        await self._results.withhold(entry, outgoing, permission)
        return False

    async def _handle(self, entry: StreamEntry, outgoing: Outgoing, claim: SendClaim) -> None:
        try:
            if claim.held_ms:
                await self._results.wait(entry, claim.held_ms)
                return
            if claim.status is not SendStatus.CLAIMED:
                async with self._load.ledger_slots:
                    await self._results.record_known(entry, outgoing, claim)
                return
            async with self._load.send_slots.taken(outgoing.tier):
                # Marked only now: a message that waits for a slot has certainly not been sent.
                if await self._results.refuse_if_obsolete(entry, outgoing):
                    return
                if not await self._mark_sending(outgoing.message_id, claim):
                    return
                sent = await self._send(outgoing)
            async with self._load.ledger_slots:
                await self._results.settle(entry, outgoing, sent)
        except Unavailable as error:
            # Not acknowledged: it is claimed again later, and resumed from the ledger.
            logger.warning("%s: a message waits: %s", self._stream, error)

    async def _send(self, outgoing: Outgoing) -> SendResult:
        parent = trace_context.read(outgoing.trace)
        if self._tracer is None or parent is None:
            return await self._sender.send(outgoing)
        about: Attributes = {"fanzha.channel": self.channel, "fanzha.attempt": outgoing.attempt}
        with self._tracer.within("send warning", SpanKind.CLIENT, parent, about) as span:
            sent = await self._sender.send(outgoing)
            span.set("fanzha.accepted", sent.accepted)
        return sent

    async def _hold(self) -> None:
        """Refresh the idle time of entries in flight, so that no other worker claims them."""
        await run_periodically(
            lambda: self._reader.group.renew(list(self._load.held)),
            every_seconds=self._claim_ms / 3000,
            task=f"renewal of claims by {self.channel}",
            logger=logger,
        )


def _reader(
    group: ConsumerGroup,
    dead: DeadLetters,
    *,
    on_dead_letter: Callable[[str], None],
    delayed: DelayQueue,
    claim_ms: int,
    now_ms: Callable[[], int],
) -> StreamReader:
    return StreamReader(
        group,
        dead_letters=dead,
        now_ms=now_ms,
        on_dead_letter=on_dead_letter,
        delayed=delayed,
        drop=True,
        most_delivered=_MOST_TAKEN,
        claim_ms=claim_ms,
        claim_every_seconds=claim_ms / 3000,
    )
