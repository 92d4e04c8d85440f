"""Entries of a stream that are delayed, on a real store."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from fanzha.errors import Unavailable
from infra.redis.client import Client, connect
from infra.redis.delay_queue import LOOK_MS, DelayQueue

STREAM = "fanzha:test:delayed"
NOW = 1_780_000_000_000


class CountingClient:
    """A client that counts scripts, and fails them while *away*."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client
        self.scripts = 0
        self.away = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def eval(self, *arguments: Any) -> Any:
        self.scripts += 1
        if self.away:
            raise Unavailable("Redis is away")
        return await self._client.eval(*arguments)


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Any]:
    opened = connect(redis_url)
    yield CountingClient(opened)
    await opened.aclose()


async def appended(client: Any) -> list[str]:
    return [fields["name"] for _, fields in await client.xrange(STREAM)]


async def test_an_entry_returns_when_it_is_due(client: Any) -> None:
    queue = DelayQueue(client, STREAM)
    await queue.put({"name": "late"}, NOW + 5000)
    await queue.put({"name": "soon"}, NOW + 1000)

    moved = [await queue.bring_back(NOW + at) for at in (0, 999, 1000, 4999, 5000)]

    assert moved == [0, 0, 1, 0, 1]
    assert await appended(client) == ["soon", "late"]


async def test_redis_is_asked_when_something_is_due_or_may_be_of_others(client: Any) -> None:
    queue = DelayQueue(client, STREAM)
    await queue.bring_back(NOW)
    for at in range(0, LOOK_MS, 500):
        await queue.bring_back(NOW + at)
    before = client.scripts

    await DelayQueue(client, STREAM).put({"name": "of another"}, NOW)
    moved = await queue.bring_back(NOW + LOOK_MS)

    assert (before, client.scripts, moved) == (1, 2, 1)


async def test_the_wait_ends_when_the_next_entry_is_due(client: Any) -> None:
    queue = DelayQueue(client, STREAM)
    waits = [queue.wait_ms(NOW)]
    await queue.put({"name": "a"}, NOW + 2000)
    await queue.bring_back(NOW)
    waits += [queue.wait_ms(NOW), queue.wait_ms(NOW + 1500)]
    await queue.put({"name": "b"}, NOW + 500)

    assert [*waits, queue.wait_ms(NOW)] == [0, 2000, 500, 500]


async def test_an_outage_is_no_look(client: Any) -> None:
    queue = DelayQueue(client, STREAM)
    await queue.put({"name": "a"}, NOW)
    client.away = True
    with pytest.raises(Unavailable):
        await queue.bring_back(NOW)
    client.away = False

    assert await queue.bring_back(NOW) == 1


async def test_a_clock_that_is_set_back_delays_nothing(client: Any) -> None:
    queue = DelayQueue(client, STREAM)
    await queue.bring_back(NOW)
    await queue.put({"name": "a"}, NOW - 3_600_000)

    assert await queue.bring_back(NOW - 3_600_000) == 1


async def test_more_than_one_batch_returns_at_once(client: Any) -> None:
    queue = DelayQueue(client, STREAM)
    for number in range(501):
        await queue.put({"name": str(number)}, NOW)

    assert await queue.bring_back(NOW) == 501
