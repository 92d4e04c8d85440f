"""Processes of one store share a key, whoever makes it."""

import asyncio

import pytest

from fanzha.errors import Unavailable
from infra.redis.client import connect
from infra.redis.shared_key import KEY_BYTES, SharedKey

NAME = "fanzha:test_key"


async def test_concurrent_processes_get_one_key(redis_url: str) -> None:
    clients = [connect(redis_url) for _ in range(5)]

    keys = await asyncio.gather(*(SharedKey(client, NAME).get() for client in clients))
    later = await SharedKey(clients[0], NAME).get()

    assert {*keys, later} == {later}
    assert len(later) == KEY_BYTES
    for client in clients:
        await client.aclose()


async def test_without_a_store_there_is_no_key() -> None:
    client = connect("redis://127.0.0.1:1")

    with pytest.raises(Unavailable):
        await SharedKey(client, NAME).get()

    await client.aclose()
