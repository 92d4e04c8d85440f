"""Consume a Redis stream as one of a group: retry, take over, give up.

An entry is in one of these states::

    new --delivered--> pending --handled--> acknowledged
                        |   ^
        handler failed, |   | claimed by any consumer after claim_ms (deliveries + 1)
        or its consumer |   |
        died            v   |
                       idle-+
                        |
                        +--malformed, InvalidInput, max_tries failures, or
                           max_tries + `MOST_LOST` deliveries--> dead letter

Delivery is at least once: an entry is acknowledged after its effect is durable, never before, so
handling it twice must do no harm. A dead letter is written before its entry is acknowledged.

*A crash is not a failure.* A consumer that was killed, restarted or ran out of memory says nothing
about its entries, so their deliveries are counted (by Redis) apart from failures of the handler (by
each process), and may be more. An entry that was delivered more than max_tries times is handled
alone and in no order: where one of them kills its consumers, the others are handled before it, some
at each start, and it alone becomes a dead letter.

What a handler raises decides what happens:

=================================  ===============================================================
`Unavailable`                      An outage. The consumer keeps its entries and retries them with
                                   backoff, without limit; this is not a try.
`InvalidInput`, for one entry      It can never be handled: a dead letter at once.
anything else, for one entry       Retried after claim_ms; a dead letter after max_tries. A
(`DamagedRecord` included)         damaged record does not mend by waiting, so it is no outage.
anything, for a batch              The batch is handled entry by entry, so that one entry holds up
but an outage                      no other.
=================================  ===============================================================
"""

import logging
import math
import random
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence

from fanzha.errors import InvalidInput, Unavailable
from infra import safe_traceback
from infra.backoff import Backoff
from infra.clock import monotonic_seconds
from infra.failure_counts import FAILURES, FailureKind
from infra.periodic import run_periodically
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.damaged_records import DamagedRecord
from infra.redis.dead_letters import DeadLetters
from infra.redis.delay_queue import DelayQueue

logger = logging.getLogger(__name__)

CLAIM_MS = 30_000
"""Longer than a batch takes: a consumer that holds an entry this long is presumed dead."""
BLOCK_MS = 15_000
"""An entry ends the wait at once; below the timeout of the socket."""
_LEAST_BLOCK_MS = 1_000
_BUSY_BLOCK_MS = 3_000
"""A wait for new entries while others are in work, which may be delayed meanwhile."""
MAX_TRIES = 5
"""Failures of the handler in one process."""
MOST_LOST = 15
"""Deliveries beyond max_tries, of which nobody heard again."""
_MOST_FAILURES = 10_000
"""Entries whose failures a process remembers."""


class StreamReader:
    """Delivers entries: those of dead consumers first, then new ones; gives up on poison.

    An entry that was delivered *most_delivered* times is not delivered again.

    Raises `Unavailable` while Redis is away.
    """

    def __init__(
        self,
        group: ConsumerGroup,
        *,
        dead_letters: DeadLetters,
        now_ms: Callable[[], int],
        on_dead_letter: Callable[[str], None] = lambda _stream: None,
        delayed: DelayQueue | None = None,
        drop: bool = False,
        most_delivered: int = MAX_TRIES + MOST_LOST,
        claim_ms: int = CLAIM_MS,
        claim_every_seconds: float | None = None,
    ) -> None:
        """With *drop*, acknowledged entries are deleted from the stream."""
        self.group = group
        self._dead_letters = dead_letters
        self._now_ms = now_ms
        self._on_dead_letter = on_dead_letter
        self._delayed = delayed
        self._drop = drop
        self._most_delivered = most_delivered
        self._claim_ms = claim_ms
        self._claim_every_seconds = claim_every_seconds or claim_ms / 2000
        self._claim_at = 0.0

    async def next(
        self, count: int, block_ms: int, held: Collection[str] = ()
    ) -> list[StreamEntry]:
        """Return up to *count* entries; wait *block_ms* for new ones, 0: not at all.

        Entries in *held* are in work here: they are renewed, and not delivered again.
        """
        if self._delayed is not None:
            await self._delayed.bring_back(self._now_ms())
        if monotonic_seconds() >= self._claim_at:
            claimed = await self._claim(count, held)
            if claimed:
                return claimed
        entries = await self.group.read_new(count, self._block_ms(block_ms, busy=bool(held)))
        # A store that failed over may have lost that they were delivered.
        found = [entry for entry in entries if entry.id not in held]
        return [entry for entry in found if not await self._is_poison(entry)]

    async def acknowledge(self, entries: Sequence[StreamEntry]) -> None:
        """Acknowledge handled entries."""
        await self.group.acknowledge([entry.id for entry in entries], drop=self._drop)

    async def give_up(self, entry: StreamEntry, reason: str, tries: int) -> None:
        """Turn an entry into a dead letter."""
        await self._dead_letters.put(
            stream=self.group.stream,
            place=entry.id,
            fields=entry.fields,
            reason=reason,
            tries=tries,
            at_ms=self._now_ms(),
        )
        FAILURES.add(FailureKind.DEAD_LETTER, self.group.name)
        self._on_dead_letter(self.group.stream)
        await self.acknowledge([entry])

    async def _claim(self, count: int, held: Collection[str]) -> list[StreamEntry]:
        await self.group.renew(list(held))
        claimed = await self.group.claim_idle(count, self._claim_ms)
        if len(claimed) < count:
            self._claim_at = monotonic_seconds() + self._claim_every_seconds
        found = [entry for entry in claimed if entry.id not in held]
        return [entry for entry in found if not await self._is_poison(entry)]

    def _block_ms(self, most: int, *, busy: bool) -> int:
        """Shorten a wait of *most* so that it ends when there is something else to do.

        Claims and delayed entries that are due within a second wait so long.
        """
        due_ms = math.ceil((self._claim_at - monotonic_seconds()) * 1000)
        if self._delayed is not None:
            due_ms = min(due_ms, self._delayed.wait_ms(self._now_ms()))
            most = min(most, _BUSY_BLOCK_MS) if busy else most
        return min(most, max(due_ms, _LEAST_BLOCK_MS))

    async def _is_poison(self, entry: StreamEntry) -> bool:
        """Give up on an entry that cannot be read, or came too often; say whether it was."""
        if entry.malformed:
            await self.give_up(entry, "not UTF-8", entry.deliveries)
        elif entry.deliveries > self._most_delivered:
            before = entry.deliveries - 1
            reason = f"delivered {before} times and never finished: crashes, or failures in the log"
            await self.give_up(entry, reason, before)
        else:
            return False
        return True


class StreamConsumer:
    """Handles the entries of a stream until cancelled; see the module for what *handle* raises."""

    def __init__(
        self,
        group: ConsumerGroup,
        handle: Callable[[Sequence[StreamEntry]], Awaitable[None]],
        *,
        dead_letters: DeadLetters,
        now_ms: Callable[[], int],
        on_dead_letter: Callable[[str], None] = lambda _stream: None,
        drop: bool = False,
        batch: int = 256,
        block_ms: int = BLOCK_MS,
        max_tries: int = MAX_TRIES,
        claim_ms: int = CLAIM_MS,
    ) -> None:
        """Deliver up to *batch* entries at once. With *block_ms* 0, `run` ends when none is new."""
        self.group = group
        self._handle = handle
        self._reader = StreamReader(
            group,
            dead_letters=dead_letters,
            now_ms=now_ms,
            on_dead_letter=on_dead_letter,
            drop=drop,
            most_delivered=max_tries + MOST_LOST,
            claim_ms=claim_ms,
        )
        self._batch = batch
        self._block_ms = block_ms
        self._max_tries = max_tries
        self._unfinished: dict[str, StreamEntry] = {}
        """Delivered, and neither acknowledged nor failed: an outage came between."""
        self._failures: dict[str, int] = {}
        """How often the handler raised here for entries, those that failed last at the end."""
        self._drained = False

    async def run(self) -> None:
        """Handle entries until cancelled; what is in work then is taken over by another."""
        await run_periodically(
            self.step,
            every_seconds=0,
            task=f"stream group {self.group.name}",
            logger=logger,
            backoff=Backoff(),
            keep_going=lambda: not self._drained,
        )

    async def step(self) -> int:
        """Handle one batch; return how many entries it had. Raises `Unavailable` in an outage."""
        if self._unfinished:
            ours = await self.group.renew(list(self._unfinished))
            entries = [entry for id_, entry in self._unfinished.items() if id_ in ours]
        else:
            entries = await self._reader.next(self._batch, self._block_ms)
        self._unfinished = {entry.id: entry for entry in entries}
        for some in self._apart(entries):
            await self._handle_all(some)
        self._drained = not entries and not self._block_ms
        return len(entries)

    def _apart(self, entries: Sequence[StreamEntry]) -> Iterator[Sequence[StreamEntry]]:
        """Take entries together, and those each alone that may have killed their consumers."""
        suspects = [entry for entry in entries if entry.deliveries > self._max_tries]
        yield [entry for entry in entries if entry.deliveries <= self._max_tries]
        random.shuffle(suspects)
        for entry in suspects:
            yield [entry]

    async def _handle_all(self, entries: Sequence[StreamEntry]) -> None:
        if not entries:
            return
        try:
            await self._handle(entries)
        except Exception as error:
            if isinstance(error, Unavailable) and not isinstance(error, DamagedRecord):
                raise
            if len(entries) > 1:
                for entry in entries:
                    await self._handle_all([entry])
                return
            await self._failed(entries[0], error)
        else:
            await self._reader.acknowledge(entries)
            for entry in entries:
                self._failures.pop(entry.id, None)
        for entry in entries:
            del self._unfinished[entry.id]

    async def _failed(self, entry: StreamEntry, error: Exception) -> None:
        tries = self._count_failure(entry)
        if isinstance(error, InvalidInput):
            reason = str(error)
        else:
            logger.error(
                "%s: an entry failed, try %d: %s",
                self.group.stream,
                tries,
                safe_traceback.kind_and_places(error),
            )
            if tries < self._max_tries:
                return
            reason = f"{type(error).__name__}, see the log"
        await self._reader.give_up(entry, reason, tries)
        del self._failures[entry.id]

    def _count_failure(self, entry: StreamEntry) -> int:
        """Return how often the handler failed for *entry* here, this time included."""
        tries = self._failures.pop(entry.id, 0) + 1
        self._failures[entry.id] = tries
        if len(self._failures) > _MOST_FAILURES:  # of the oldest, others have taken care
            del self._failures[next(iter(self._failures))]
        return tries
