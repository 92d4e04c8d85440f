"""Queues of call centres, in a real store."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from infra.redis.client import Client, connect
from services.warning.channels.channel import Outgoing, Receipt
from services.warning.channels.city_queues import GROUP, CityQueues, QueueReceipts, city_of, queue


@pytest.fixture(params=["redis_url", "cluster_url"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    client = connect(request.getfixturevalue(request.param))
    yield client
    await client.aclose()


def a_message(number: int = 1, region: str = "330106") -> Outgoing:
    return Outgoing(message_id=f"c.{number}", to="+8617000000001", text="x", region=region)


async def test_a_message_is_in_the_queue_of_its_city_once(client: Client) -> None:
    queues = CityQueues(client, "voice")

    first, again = await queues.send(a_message()), await queues.send(a_message())

    assert first == again
    assert await client.xlen(queue("voice", "3301")) == 1


async def test_an_acknowledged_message_is_handled(client: Client) -> None:
    queues = CityQueues(client, "voice")
    got: asyncio.Queue[Receipt] = asyncio.Queue()
    handled = QueueReceipts(client, "voice", on_receipt=got.put, now_ms=lambda: 5)
    sent = [await queues.send(a_message(number)) for number in range(3)]
    stream = queue("voice", "3301")

    assert await handled.step() == 0
    await client.xreadgroup(GROUP, "desk-1", {stream: ">"}, count=2)
    assert await handled.step() == 0
    place = sent[0].provider_ids[0].partition("/")[2]
    await client.xack(stream, GROUP, place)

    assert await handled.step() == 1
    assert (await got.get()).provider_id == sent[0].provider_ids[0]
    assert await handled.step() == 0


@pytest.mark.parametrize(
    ("region", "city"),
    [("330106", "3301"), ("330100", "3301"), ("3301", "3301"), ("Hangzhou", "Hangzhou")],
)
def test_a_region_maps_to_its_city(region: str, city: str) -> None:
    assert city_of(region) == city


def test_messages_without_a_region_have_a_queue() -> None:
    assert city_of("") == "unknown"
