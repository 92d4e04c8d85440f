"""The commands of one consumer in a consumer group of a Redis stream.

Answers are read as bytes, whatever the client does: an entry that is not UTF-8 would otherwise make
each answer that holds it unreadable, for ever. Such an entry has `StreamEntry.malformed` set.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.client import NEVER_DECODE
from redis.exceptions import ResponseError

from infra.redis.client import Client, within

_SECONDS = 5.0
_START = "0-0"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEntry:
    """One entry of a stream."""

    id: str
    fields: Mapping[str, str]
    deliveries: int = 1
    """How often it was delivered, this time included; its consumers may have died meanwhile."""
    malformed: bool = False
    """It is not UTF-8; in *fields*, the bytes that are not are written ``\\xNN``."""


class ConsumerGroup:
    """One consumer of a group, which is created where it is missing, at the oldest entry.

    Raises `Unavailable` while Redis is away.
    """

    def __init__(self, client: Client, *, stream: str, group: str, consumer: str) -> None:
        self._client: Any = client
        self.stream = stream
        self.name = group
        self._consumer = consumer
        self._cursor = _START

    async def read_new(self, count: int, block_ms: int) -> list[StreamEntry]:
        """Return entries never delivered before; wait *block_ms* for the first, 0: not at all."""
        block = ("BLOCK", block_ms) if block_ms else ()
        async with within(_SECONDS + block_ms / 1000):
            answer = await self._with_group(
                lambda: self._client.execute_command(
                    *("XREADGROUP", "GROUP", self.name, self._consumer, "COUNT", count),
                    *(*block, "STREAMS", self.stream, ">"),
                    **{NEVER_DECODE: True},
                )
            )
        return _entries(pairs_of_stream(answer))

    async def claim_idle(self, count: int, idle_ms: int) -> list[StreamEntry]:
        """Take over entries that were delivered *idle_ms* ago or earlier and not acknowledged."""
        while True:
            async with within(_SECONDS):
                answer = await self._with_group(
                    lambda: self._client.execute_command(
                        *("XAUTOCLAIM", self.stream, self.name, self._consumer, idle_ms),
                        *(self._cursor, "COUNT", count),
                        **{NEVER_DECODE: True},
                    )
                )
                # One call looks at a bounded number of pending entries and says where it stopped.
                self._cursor = _text(answer[0])
                entries = _entries(answer[1])
                deliveries = await self._deliveries(entries)
            if entries or self._cursor == _START:
                return [
                    StreamEntry(
                        id=one.id, fields=one.fields, malformed=one.malformed, deliveries=number
                    )
                    for one, number in zip(entries, deliveries, strict=True)
                ]

    async def renew(self, ids: Sequence[str]) -> set[str]:
        """Claim entries once more, so that no other consumer does; return those still pending."""
        if not ids:
            return set()
        async with within(_SECONDS):
            claimed = await self._client.xclaim(
                self.stream, self.name, self._consumer, 0, list(ids), justid=True
            )
        return {_text(one) for one in claimed}

    async def acknowledge(self, ids: Sequence[str], *, drop: bool) -> None:
        """Acknowledge entries; *drop* them from a stream that no other group reads."""
        if not ids:
            return
        async with within(_SECONDS):
            pipeline = self._client.pipeline(transaction=False)
            pipeline.xack(self.stream, self.name, *ids)
            if drop:
                pipeline.xdel(self.stream, *ids)
            await pipeline.execute()

    async def backlog(self) -> tuple[int, int]:
        """Return how many entries are pending, and how many undelivered (-1: unknown)."""
        async with within(_SECONDS):
            groups = await self._with_group(lambda: self._client.xinfo_groups(self.stream))
        for one in groups:
            if one["name"] == self.name:
                lag = one.get("lag")
                return int(one["pending"]), -1 if lag is None else int(lag)
        return 0, -1

    async def remove_idle_consumers(self, idle_ms: int) -> None:
        """Remove consumers that were last active *idle_ms* ago and have nothing pending."""
        async with within(_SECONDS):
            consumers = await self._with_group(
                lambda: self._client.xinfo_consumers(self.stream, self.name)
            )
            for one in consumers:
                if not one["pending"] and one["idle"] > idle_ms:
                    await self._client.xgroup_delconsumer(self.stream, self.name, one["name"])

    async def _deliveries(self, entries: Sequence[StreamEntry]) -> list[int]:
        if not entries:
            return []
        pipeline = self._client.pipeline(transaction=False)
        for entry in entries:
            pipeline.xpending_range(self.stream, self.name, entry.id, entry.id, 1)
        return [
            int(found[0]["times_delivered"]) if found else 1 for found in await pipeline.execute()
        ]

    async def _with_group(self, command: Callable[[], Awaitable[Any]]) -> Any:
        """Run *command*; where the group is missing, create it and run *command* again."""
        try:
            return await command()
        except ResponseError as error:
            if not str(error).startswith(("NOGROUP", "ERR no such key", "no such key")):
                raise
        try:
            await self._client.xgroup_create(self.stream, self.name, "0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        return await command()


def pairs_of_stream(answer: Any) -> list[Any]:
    """Return the entries in the answer to a read of one stream: pairs of an id and fields."""
    # A list in version 2 of the protocol, a mapping with nested lists in version 3.
    if isinstance(answer, dict):
        return [pair for parts in answer.values() for part in parts for pair in part]
    return [pair for _name, pairs in answer or [] for pair in pairs]


def _entries(pairs: Any) -> list[StreamEntry]:
    return [_entry(id_, fields) for id_, fields in pairs if fields]


def _entry(id_: Any, fields: Mapping[bytes, bytes]) -> StreamEntry:
    try:
        decoded = {_text(name): _text(value) for name, value in fields.items()}
    except UnicodeDecodeError:
        decoded = {
            name.decode(errors="backslashreplace"): value.decode(errors="backslashreplace")
            for name, value in fields.items()
        }
        return StreamEntry(id=_text(id_), fields=decoded, malformed=True)
    return StreamEntry(id=_text(id_), fields=decoded)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
