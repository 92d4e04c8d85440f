"""Works through a stream as one of a group: what others left first, then what is new.

An entry is acknowledged after its effect is in the store, never before; so it is handled at least
once, and handling it again must do no harm. When a consumer dies, what it held is claimed by
another after `CLAIM_MS`. An entry that fails again and again becomes a dead letter with its
reason, and holds up no other: a batch that fails is handled entry by entry.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from fanzha.errors import InvalidInput, Unavailable
from infra import safe_traceback
from infra.redis.client import Client, within
from infra.redis.dead_letters import DeadLetters

logger = logging.getLogger(__name__)

CLAIM_MS = 30_000
"""Longer than a batch takes: what is held so long, its consumer left."""
MOST_TRIES = 5
_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEntry:
    """One entry of a stream."""

    place: str
    fields: Mapping[str, str]


class ConsumerGroup:
    """One consumer of a group, which is made where it is missing, to read from the beginning."""

    def __init__(self, client: Client, *, stream: str, group: str, consumer: str) -> None:
        self._client = client
        self.stream = stream
        self._group = group
        self._consumer = consumer

    async def new(self, count: int, block_ms: int) -> list[StreamEntry]:
        """Return entries nobody had; waits *block_ms* for the first."""
        async with within(_SECONDS + block_ms / 1000):
            answer = await self._making(
                lambda: self._client.xreadgroup(
                    self._group,
                    self._consumer,
                    {self.stream: ">"},
                    count=count,
                    block=block_ms or None,
                )
            )
        return _entries(_only(answer))

    async def left(self, count: int, idle_ms: int) -> list[tuple[StreamEntry, int]]:
        """Take over entries that others held for *idle_ms*, each with how often it was tried."""
        async with within(_SECONDS):
            answer = await self._making(
                lambda: self._client.xautoclaim(
                    self.stream, self._group, self._consumer, idle_ms, "0-0", count=count
                )
            )
            entries = _entries(answer[1])
            counting = self._client.pipeline(transaction=False)
            for entry in entries:
                counting.xpending_range(self.stream, self._group, entry.place, entry.place, 1)
            tries = await counting.execute() if entries else []
        return [
            (entry, int(some[0]["times_delivered"]) if some else 1)
            for entry, some in zip(entries, tries, strict=True)
        ]

    async def hold(self, places: Sequence[str]) -> None:
        """Show that entries of ours are being worked on: nobody takes them over for a while."""
        if not places:
            return
        async with within(_SECONDS):
            await self._client.xclaim(
                self.stream, self._group, self._consumer, 0, list(places), justid=True
            )

    async def done(self, places: Sequence[str], *, drop: bool) -> None:
        """Acknowledge entries; *drop* them from the stream where nobody else reads it."""
        if not places:
            return
        async with within(_SECONDS):
            acknowledging = self._client.pipeline(transaction=False)
            acknowledging.xack(self.stream, self._group, *places)
            if drop:
                acknowledging.xdel(self.stream, *places)
            await acknowledging.execute()

    async def waiting(self) -> tuple[int, int]:
        """Return how many entries are held, and how many nobody had yet (-1: not known)."""
        async with within(_SECONDS):
            groups: Any = await self._making(lambda: self._client.xinfo_groups(self.stream))
        for one in groups:
            if one["name"] == self._group:
                lag = one.get("lag")
                return int(one["pending"]), -1 if lag is None else int(lag)
        return 0, -1

    async def tidy(self, idle_ms: int) -> None:
        """Take consumers off the list that died *idle_ms* ago and hold nothing."""
        async with within(_SECONDS):
            known: Any = await self._making(
                lambda: self._client.xinfo_consumers(self.stream, self._group)
            )
            for one in known:
                if not one["pending"] and one["idle"] > idle_ms:
                    name = one["name"]
                    await self._client.xgroup_delconsumer(self.stream, self._group, name)

    async def _making(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask; where the group is not there, make it and ask again."""
        try:
            return await ask()
        except ResponseError as error:
            if not str(error).startswith(("NOGROUP", "ERR no such key", "no such key")):
                raise
        try:
            await self._client.xgroup_create(self.stream, self._group, "0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        return await ask()


class StreamConsumer:
    """Handles the entries of a stream until cancelled.

    *handle* raises `InvalidInput` for an entry that can never be handled, when it is given that
    one alone, and `Unavailable` while the store is away.
    """

    def __init__(
        self,
        group: ConsumerGroup,
        handle: Callable[[Sequence[StreamEntry]], Awaitable[None]],
        *,
        dead: DeadLetters,
        now_ms: Callable[[], int],
        died: Callable[[str], None] = lambda _reason: None,
        drop: bool = False,
        batch: int = 256,
        block_ms: int = 1000,
        claim_ms: int = CLAIM_MS,
    ) -> None:
        self.group = group
        self._handle = handle
        self._dead = dead
        self._now_ms = now_ms
        self._died = died
        self._drop = drop
        self._batch = batch
        self._block_ms = block_ms
        self._claim_ms = claim_ms
        self._claim_at = 0.0
        self._failures = 0

    async def run(self) -> None:
        """Work until cancelled; what is being done then is done again by another."""
        while True:
            try:
                busy = await self.step()
            except Unavailable as error:
                self._failures += 1
                if self._failures == 1:
                    logger.warning("%s waits: %s", self.group.stream, error)
                await asyncio.sleep(min(_LONGEST_PAUSE_SECONDS, 0.1 * 2.0**self._failures))
                continue
            if self._failures:
                logger.info("%s goes on", self.group.stream)
            self._failures = 0
            if not busy and not self._block_ms:
                return

    async def step(self) -> int:
        """Handle one batch; return how many entries it had."""
        handled = 0
        if time.monotonic() >= self._claim_at:
            handled = await self._take_over()
            # Go on claiming while there is much; otherwise look again after a while.
            if handled < self._batch:
                self._claim_at = time.monotonic() + self._claim_ms / 3000
        entries = await self.group.new(self._batch, 0 if handled else self._block_ms)
        await self._do(entries, dict.fromkeys([entry.place for entry in entries], 1))
        return handled + len(entries)

    async def _take_over(self) -> int:
        left = await self.group.left(self._batch, self._claim_ms)
        tries = {entry.place: number for entry, number in left}
        fine = [entry for entry, number in left if number <= MOST_TRIES]
        await self._do(fine, tries)
        for entry, number in left:
            if number > MOST_TRIES:
                await self._bury(entry, f"failed {number - 1} times, see the log", number - 1)
        return len(left)

    async def _do(self, entries: Sequence[StreamEntry], tries: Mapping[str, int]) -> None:
        if not entries:
            return
        try:
            await self._handle(entries)
        except Unavailable:
            raise
        except Exception as error:
            if len(entries) > 1:
                for entry in entries:
                    await self._do([entry], tries)
                return
            await self._failed(entries[0], tries[entries[0].place], error)
            return
        await self.group.done([entry.place for entry in entries], drop=self._drop)

    async def _failed(self, entry: StreamEntry, tries: int, error: Exception) -> None:
        if isinstance(error, InvalidInput):
            await self._bury(entry, str(error), tries)
            return
        # It stays with us, so it is claimed again later, and buried after the last try.
        logger.error(
            "%s: an entry failed, try %d: %s",
            self.group.stream,
            tries,
            safe_traceback.kind_and_places(error),
        )
        if tries >= MOST_TRIES:
            await self._bury(entry, f"{type(error).__name__}, see the log", tries)

    async def _bury(self, entry: StreamEntry, reason: str, tries: int) -> None:
        await self._dead.put(
            stream=self.group.stream,
            place=entry.place,
            fields=entry.fields,
            reason=reason,
            tries=tries,
            at_ms=self._now_ms(),
        )
        await self.group.done([entry.place], drop=self._drop)
        self._died(self.group.stream)


def _only(answer: Any) -> list[Any]:
    # A list in version 2 of the protocol, a mapping with nested lists in version 3.
    if isinstance(answer, dict):
        return [pair for parts in answer.values() for part in parts for pair in part]
    return [pair for _name, pairs in answer or [] for pair in pairs]


def _entries(pairs: Any) -> list[StreamEntry]:
    return [StreamEntry(place=str(place), fields=fields) for place, fields in pairs if fields]
