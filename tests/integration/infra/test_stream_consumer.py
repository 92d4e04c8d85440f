"""A consumer outlives what is in its stream: poison becomes a dead letter, outages pass."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fanzha.errors import InvalidInput, Unavailable
from infra.failure_counts import FAILURES, FailureKind
from infra.redis.client import connect
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.damaged_records import reading
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import StreamConsumer

STREAM, DEAD = "test:stream", "test:dead"
GOOD = {"number": "7"}
HOUR_MS = 3_600_000


class Ledger:
    """A handler that reads a number from each entry; *failures* come first."""

    def __init__(self, failures: Sequence[Exception] = ()) -> None:
        self.numbers: list[int] = []
        self.calls = 0
        self._failures = list(failures)

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Note the numbers of all entries, or of none."""
        self.calls += 1
        if self._failures:
            raise self._failures.pop(0)
        self.numbers += [int(entry.fields["number"]) for entry in entries]


class Rig:
    """A consumer whose entries are idle at once."""

    def __init__(self, client: Any, handle: Callable[[Sequence[StreamEntry]], Any]) -> None:
        self.client = client
        self.dead = DeadLetters(client, DEAD)
        self.group = ConsumerGroup(client, stream=STREAM, group="test", consumer="a")
        self.consumer = StreamConsumer(
            self.group,
            handle,
            dead_letters=self.dead,
            now_ms=lambda: 5,
            drop=True,
            batch=8,
            block_ms=1,
            claim_ms=1,
        )

    async def run_until_empty(self) -> None:
        """Run the consumer until the stream has no entry; it must not end by itself."""
        running = asyncio.create_task(self.consumer.run())
        try:
            async with asyncio.timeout(60):
                while await self.client.xlen(STREAM) and not running.done():  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
            assert not running.done()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def rigged(url: str, handle: Callable[[Sequence[StreamEntry]], Any]) -> AsyncIterator[Rig]:
    client = connect(url)
    await client.delete(STREAM)
    await client.delete(DEAD)
    try:
        yield Rig(client, handle)
    finally:
        await client.aclose()


async def left_for_an_hour(client: Any, consumer: str, ids: Sequence[str]) -> None:
    """Let entries look as if their consumer had done nothing for them for an hour."""
    idle = ("IDLE", HOUR_MS, "JUSTID")
    await client.execute_command("XCLAIM", STREAM, "test", consumer, 0, *ids, *idle)


def buried() -> int:
    return FAILURES.of(FailureKind.DEAD_LETTER).get("test", 0)


records = st.dictionaries(
    st.one_of(st.just(b"number"), st.binary(max_size=8)),
    st.one_of(st.binary(max_size=40), st.sampled_from([b"\xff", b"", b"\x00", b"1e999", b"nan"])),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(poison=st.lists(records, min_size=1, max_size=12))
def test_any_bytes_are_handled_or_dead_lettered_and_block_no_other_entry(
    redis_url: str, poison: list[dict[bytes, bytes]]
) -> None:
    async def scenario() -> tuple[list[int], int, int]:
        ledger = Ledger()
        async with rigged(redis_url, ledger.handle) as rig:
            before = buried()
            with redis.Redis.from_url(redis_url) as raw:
                for record in poison:
                    raw.xadd(STREAM, record)
            await rig.client.xadd(STREAM, GOOD)
            await rig.run_until_empty()
            assert await rig.group.backlog() == (0, 0)
            letters = await rig.dead.list()
            return ledger.numbers, len(letters), buried() - before

    numbers, dead, counted = asyncio.run(scenario())

    assert 7 in numbers
    assert len(numbers) + dead == len(poison) + 1
    assert counted == dead


async def test_bytes_that_are_not_utf8_are_escaped_in_the_dead_letter(redis_url: str) -> None:
    ledger = Ledger()
    async with rigged(redis_url, ledger.handle) as rig:
        with redis.Redis.from_url(redis_url) as raw:
            raw.xadd(STREAM, {b"number": b"\xff1"})
        await rig.run_until_empty()

        (letter,) = await rig.dead.list()

    assert (letter.fields, letter.reason) == ({"number": "\\xff1"}, "not UTF-8")
    assert ledger.calls == 0


async def test_a_damaged_record_referenced_by_an_entry_is_no_outage(redis_url: str) -> None:
    async def handle(entries: Sequence[StreamEntry]) -> None:
        with reading("case"):
            raise ValueError("damaged")

    async with rigged(redis_url, handle) as rig:
        await rig.client.xadd(STREAM, GOOD)
        await rig.run_until_empty()

        (letter,) = await rig.dead.list()

    assert (letter.tries, letter.reason) == (5, "DamagedRecord, see the log")


async def test_an_outage_of_any_length_costs_no_entry(redis_url: str) -> None:
    ledger = Ledger([Unavailable("away")] * 20)
    async with rigged(redis_url, ledger.handle) as rig:
        await rig.client.xadd(STREAM, GOOD)
        for _ in range(20):
            try:
                await rig.consumer.step()
            except Unavailable:
                await asyncio.sleep(0.002)  # idle for longer than claim_ms
        await rig.consumer.step()

        assert await rig.dead.list() == []

    assert (ledger.calls, ledger.numbers) == (21, [7])


async def test_an_entry_claimed_by_another_consumer_during_an_outage_is_left_to_it(
    redis_url: str,
) -> None:
    ledger = Ledger([Unavailable("away")])
    async with rigged(redis_url, ledger.handle) as rig:
        await rig.client.xadd(STREAM, GOOD)
        try:
            await rig.consumer.step()
        except Unavailable:
            await asyncio.sleep(0.002)
        other = ConsumerGroup(rig.client, stream=STREAM, group="test", consumer="b")
        (entry,) = await other.claim_idle(10, 1)
        await other.acknowledge([entry.id], drop=True)

        await rig.consumer.step()

    assert entry.deliveries == 2
    assert ledger.numbers == []


async def test_idle_entries_after_many_busy_ones_are_eventually_claimed(
    redis_url: str,
) -> None:
    async with rigged(redis_url, Ledger().handle) as rig:
        for _ in range(40):
            await rig.client.xadd(STREAM, GOOD)
        fresh = [entry.id for entry in await rig.group.read_new(39, 0)]
        gone = ConsumerGroup(rig.client, stream=STREAM, group="test", consumer="gone")
        (last,) = await gone.read_new(10, 0)
        await left_for_an_hour(rig.client, "a", fresh)
        await left_for_an_hour(rig.client, "gone", [last.id])
        await rig.group.renew(fresh)

        (claimed,) = await rig.group.claim_idle(1, HOUR_MS)

    assert claimed.id == last.id


async def test_a_permanently_failing_entry_is_tried_once(redis_url: str) -> None:
    ledger = Ledger([InvalidInput("number: negative")])
    async with rigged(redis_url, ledger.handle) as rig:
        await rig.client.xadd(STREAM, GOOD)
        await rig.run_until_empty()

        (letter,) = await rig.dead.list()

    assert (letter.reason, letter.tries, ledger.calls) == ("number: negative", 1, 1)


async def test_crashes_of_consumers_are_no_failures_of_an_entry(redis_url: str) -> None:
    ledger = Ledger([ValueError("odd")] * 2)
    async with rigged(redis_url, ledger.handle) as rig:
        await rig.client.xadd(STREAM, GOOD)
        gone = ConsumerGroup(rig.client, stream=STREAM, group="test", consumer="gone")
        await gone.read_new(1, 0)
        for _ in range(11):
            await gone.claim_idle(1, 0)
        await rig.run_until_empty()

        assert await rig.dead.list() == []

    assert ledger.numbers == [7]


async def test_an_entry_that_kills_its_consumers_takes_no_other_with_it(redis_url: str) -> None:
    class Killed(BaseException):
        """What a process that runs out of memory notices: nothing of it goes on."""

    handled: list[int] = []

    async def handle(entries: Sequence[StreamEntry]) -> None:
        numbers = [int(entry.fields["number"]) for entry in entries]
        if 4 in numbers:
            raise Killed
        handled.extend(numbers)

    random.seed(1)  # of the order of suspects: by chance, a few in a million runs would lose one
    async with rigged(redis_url, handle) as rig:
        for number in range(8):
            await rig.client.xadd(STREAM, {"number": str(number)})
        starts = 0
        async with asyncio.timeout(60):
            while await rig.client.xlen(STREAM):
                consumer = Rig(rig.client, handle).consumer
                starts += 1
                with suppress(Killed):
                    while await rig.client.xlen(STREAM):
                        await consumer.step()

        (letter,) = await rig.dead.list()

    assert sorted(handled) == [0, 1, 2, 3, 5, 6, 7]
    assert (letter.fields, letter.tries) == ({"number": "4"}, 20)
    assert starts == 21
    assert letter.reason.startswith("delivered 20 times")
