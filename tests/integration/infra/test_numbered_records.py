"""Numbered records against a real store: one change wins, and a repeated one changes nothing."""

from collections.abc import AsyncIterator

import pytest

from infra.redis.client import connect
from infra.redis.numbered_records import NumberedRecords

MOST = 3


@pytest.fixture
async def records(redis_url: str) -> AsyncIterator[NumberedRecords]:
    client = connect(redis_url)
    yield NumberedRecords(client, records="{r}:records", last_number="{r}:number", most=MOST)
    await client.aclose()


async def test_of_two_changes_of_one_text_the_second_is_refused(records: NumberedRecords) -> None:
    number = await records.next_number()
    assert await records.replace(number, "", "waiting")

    assert await records.replace(number, "waiting", "approved")
    assert not await records.replace(number, "waiting", "rejected")

    assert await records.get(number) == "approved"


async def test_a_change_that_is_sent_again_as_its_answer_was_lost_is_done(
    records: NumberedRecords,
) -> None:
    number = await records.next_number()

    assert await records.replace(number, "", "waiting")
    assert await records.replace(number, "", "waiting")

    assert await records.all() == ["waiting"]


async def test_the_newest_stay_and_stand_first(records: NumberedRecords) -> None:
    for _ in range(MOST + 2):
        number = await records.next_number()
        await records.replace(number, "", str(number))

    assert await records.all() == ["5", "4", "3"]
    assert await records.get(1) is None
