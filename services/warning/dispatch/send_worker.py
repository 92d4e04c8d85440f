"""Sends the warnings of one channel: each at least handled, and once to the person.

A message is read from the stream of its channel by one of a group, claimed (`claims`), sent,
settled, put on record with its case, and acknowledged, in this order. Whoever dies in between
leaves it to another, who finds out how far it came: settled, it is put on record again and not
sent; claimed only, it is in doubt. Channels have an outbox each, and wait for none other.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial

from fanzha.errors import InvalidInput, Unavailable
from infra import safe_traceback
from infra.backoff import Backoff
from infra.periodic import retry_until_available, run_periodically
from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.dead_letters import DeadLetters
from infra.redis.delay_queue import DelayQueue
from infra.redis.stream_consumer import StreamReader
from services.warning.channels.channel import ChannelSender, Outgoing
from services.warning.dispatch import channel_stream
from services.warning.dispatch.circuit_breaker import CircuitBreaker
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.dispatch.protocols import AlwaysPermit, SendPermit, SendResultRecorder
from services.warning.dispatch.send_ledger import SendClaim, SendLedger, SendStatus
from services.warning.dispatch.send_results import SendResults

logger = logging.getLogger(__name__)
GROUP = "outbox"
MOST_CLAIMED = 512
"""A claim waits for the disk of the store, up to a second; so many wait at once."""
_BATCH = 128
_MOST_TAKEN = 20
"""So often a message is taken on before it is a dead letter. It need not have done any harm: it may
have waited with each of the processes that ended."""
_STORE_WIDTH = 24
"""Those that wait for the disk of the store at once wait once."""
_CLAIMING = 4


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
        on_disk: bool = True,
        claim_ms: int = 30_000,
        block_ms: int = 1000,
        counted: Callable[[str, str, float], None] = lambda _channel, _what, _seconds: None,
    ) -> None:
        self.channel = channel
        stream = send_stream(channel)
        self._stream = stream
        later = DelayQueue(client, stream)
        self._reader = StreamReader(
            ConsumerGroup(client, stream=stream, group=GROUP, consumer=consumer),
            dead_letters=dead,
            now_ms=now_ms,
            on_dead_letter=lambda _stream: counted(channel, "dead", 0),
            delayed=later,
            drop=True,
            max_tries=_MOST_TAKEN,
            claim_ms=claim_ms,
            claim_every_seconds=min(claim_ms / 3000, 1.0),
        )
        self._claims = SendLedger(client, stream, owner=consumer, on_disk=on_disk)
        self._sender = sender
        self._now_ms = now_ms
        self._permit = permit or AlwaysPermit()
        self._claim_ms = claim_ms
        self._block_ms = block_ms
        self._breaker = CircuitBreaker()
        self._settling = SendResults(
            channel=channel,
            reader=self._reader,
            claims=self._claims,
            later=later,
            record=record,
            permit=self._permit,
            breaker=self._breaker,
            repeatable=sender.repeatable,
            now_ms=now_ms,
            counted=counted,
        )
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._beginning: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(sender.width)
        # Each of these has a connection to the store, and a client has a hundred.
        self._claiming = asyncio.Semaphore(_CLAIMING)
        self._writing = asyncio.Semaphore(_STORE_WIDTH)
        self._held: set[str] = set()
        """Places of entries that are ours until they are done, claimed or not yet."""
        self._most = max(MOST_CLAIMED, 2 * sender.width)
        self._draining = False
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Send until drained. Cancelled, what is under way is left in doubt."""
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
            for task in (*self._beginning, *self._under_way.values()):
                task.cancel()
            raise
        finally:
            holding.cancel()
            self._ended.set()

    async def step(self) -> int:
        """Begin to send what there is room for; return how many entries were read."""
        if self._breaker.closed_in:
            await asyncio.sleep(min(self._breaker.closed_in, self._block_ms / 1000))
            return 0
        room = self._most - len(self._held)
        if room <= 0:
            await asyncio.wait(
                [*self._beginning, *self._under_way.values()],
                return_when=asyncio.FIRST_COMPLETED,
                timeout=1,
            )
            return 0
        # Nothing is claimed for a channel that cannot send: it would be in doubt after a crash.
        try:
            async with asyncio.timeout(self._block_ms / 1000):
                await self._sender.ready()
        except TimeoutError:
            return 0
        entries = await self._reader.next(min(room, _BATCH), self._block_ms, self._held)
        if entries:
            self._held |= {entry.id for entry in entries}
            beginning = asyncio.create_task(self._begin(entries))
            self._beginning.add(beginning)
            beginning.add_done_callback(self._beginning.discard)
        return len(entries)

    async def drain(self, seconds: float) -> None:
        """Read nothing more, and let what is under way end, for so long."""
        self._draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

    async def finish(self) -> None:
        """Wait for what is under way."""
        while left := [*self._beginning, *self._under_way.values()]:
            await asyncio.wait(left)

    async def _begin(self, entries: list[StreamEntry]) -> None:
        """Claim what may go out, and send it; entries that fail here are left to be taken over."""
        left = {entry.id for entry in entries}
        try:
            async with self._claiming:
                allowed = await self._allowed(entries)
                claims = await self._claimed([outgoing.message_id for _, outgoing in allowed])
        except Unavailable as error:
            logger.warning("%s: %d messages wait: %s", self._stream, len(entries), error)
        else:
            for (entry, outgoing), claim in zip(allowed, claims, strict=True):
                task = asyncio.create_task(self._handle(entry, outgoing, claim))
                self._under_way[entry.id] = task
                task.add_done_callback(partial(self._over, entry.id))
                left.discard(entry.id)
        finally:
            self._held -= left

    async def _claimed(self, message_ids: list[str]) -> list[SendClaim]:
        """Claim messages, however long the store is away.

        This process knows that it has not sent them; left to another, they would be in doubt.
        """
        now = self._now_ms()
        return await retry_until_available(
            lambda: self._claims.claim(message_ids, now, repeatable=self._sender.repeatable),
            task=f"claims of {self.channel}",
            logger=logger,
        )

    async def _begun(self, message_id: str) -> bool:
        """Mark a message as going out now, for the same reason for as long as it takes."""

        async def begin() -> bool:
            async with self._writing:
                return await self._claims.begin(message_id)

        return await retry_until_available(begin, task=f"claims of {self.channel}", logger=logger)

    def _over(self, place: str, task: "asyncio.Task[None]") -> None:
        self._under_way.pop(place, None)
        self._held.discard(place)
        if not task.cancelled() and (error := task.exception()) is not None:
            # It stays pending, is taken over, and is buried after the last try.
            logger.error(
                "%s: a message failed: %s", self._stream, safe_traceback.kind_and_places(error)
            )

    async def _allowed(self, entries: list[StreamEntry]) -> list[tuple[StreamEntry, Outgoing]]:
        allowed: list[tuple[StreamEntry, Outgoing]] = []
        for entry in entries:
            try:
                outgoing = channel_stream.read(entry.fields)
            except InvalidInput as error:
                await self._reader.give_up(entry, str(error), 1)
                continue
            if await self._permitted(entry, outgoing):
                allowed.append((entry, outgoing))
        return allowed

    async def _permitted(self, entry: StreamEntry, outgoing: Outgoing) -> bool:
        permission = await self._permit.may_send(outgoing, self.channel)
        if permission.allowed:
            return True
        await self._settling.not_permitted(entry, outgoing, permission)
        return False

    async def _handle(self, entry: StreamEntry, outgoing: Outgoing, claim: SendClaim) -> None:
        try:
            if claim.status is not SendStatus.CLAIMED:
                async with self._writing:
                    await self._settling.known(entry, outgoing, claim)
                return
            async with self._room:
                # Here, not before: what waits for room has not been sent for sure.
                if await self._settling.left(entry, outgoing):
                    return
                if not await self._begun(outgoing.message_id):
                    return
                sent = await self._sender.send(outgoing)
            async with self._writing:
                await self._settling.told(entry, outgoing, sent)
        except Unavailable as error:
            # Not acknowledged, so it is taken over later, by whoever finds out how far it came.
            logger.warning("%s: a message waits: %s", self._stream, error)

    async def _hold(self) -> None:
        """Show that what is under way is not left, so that nobody takes it over."""
        await run_periodically(
            lambda: self._reader.group.renew(list(self._held)),
            every_seconds=self._claim_ms / 3000,
            task=f"renewal of claims by {self.channel}",
            logger=logger,
        )
