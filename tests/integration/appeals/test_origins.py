"""An entry leads back to the request that entered it, however many came since."""

from pathlib import Path

import pytest

from fanzha.decisions import Action
from infra.redis.client import connect
from services.appeals.origins import RequestedOrigins
from services.changes.store import ChangeStore
from tests.support.appeals import LISTED, Office, office


async def origin(running: Office, url: str, pattern: str) -> str:
    found = await running.administration.views.find(pattern)
    client = connect(url, decode_responses=False)
    try:
        return await RequestedOrigins(ChangeStore(client)).of(found.entries[0])
    finally:
        await client.aclose()


@pytest.mark.parametrize("place", [0, 1, 7, 19])
async def test_the_change_request_of_an_entry_is_found_among_others(
    place: int, redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        for number in range(20):
            await running.list_(f"+86170000002{number:02}")
            running.clock.forward(0.3)
            # A number that no request has.
            await ChangeStore(running.client).new_id()

        found = await origin(running, redis_url, f"+86170000002{place:02}")

    assert found == f"change:{2 * place + 1}"


async def test_of_requests_in_the_same_second_the_right_one_is_found(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        await running.list_("+8617000000999")
        await running.list_(LISTED)
        await running.list_("+8617000000998")

        assert await origin(running, redis_url, LISTED) == "change:2"


async def test_an_entry_added_again_names_its_new_change_request(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        await running.list_(LISTED)
        await running.unlist(LISTED)
        running.clock.forward(1)
        await running.list_(LISTED, action=Action.BLOCK)

        assert await origin(running, redis_url, LISTED) == "change:3"


async def test_without_change_requests_the_origin_is_unknown(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        await running.list_(LISTED)
        for key in await running.client.keys("{fanzha:changes}:*"):
            await running.client.delete(key)

        assert await origin(running, redis_url, LISTED) == ""
