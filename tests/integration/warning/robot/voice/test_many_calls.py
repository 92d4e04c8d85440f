"""Many calls at once by a whole `fanzha warn`: each person once, and each hears their own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.redis.client import Client, connect
from services.warning.cases.events import EventKind
from services.warning.cases.listing import CaseListing
from services.warning.cases.store import CaseStore
from tests.support import many_calls
from tests.support.answering_phone import AnsweringPhones, answering_phones
from tests.support.many_calls import CalledPerson
from tests.support.open_sockets import datagram_sockets
from tests.support.processes import role

AT_ONCE = 24
PATIENCE_SECONDS = 300.0
PEOPLE = [CalledPerson(place) for place in range(AT_ONCE)]
TONE_SECONDS = 1.5
WARNED_SECONDS = 10.0
"""Nobody presses a key before everybody is called, or so long."""


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.mark.timeout(400)
async def test_people_are_called_at_once_and_each_hears_their_own_call(
    client: Client, redis_url: str, tmp_path: Path
) -> None:
    all_there = asyncio.Event()
    people = many_calls.listening(seconds=WARNED_SECONDS, until=all_there)
    async with answering_phones(people) as phones:
        wanted = many_calls.settings(
            tmp_path,
            redis_url,
            phones.port,
            lines=AT_ONCE,
            seconds=TONE_SECONDS,
            warned_seconds=WARNED_SECONDS,
        )
        with role("warn", tmp_path, **wanted) as process:
            await many_calls.append_hits(client, PEOPLE)
            most = await until_called(phones, all_there)
            notes = await until_noted(client)
            await until_free(process.pid, phones)

    calls = list(phones.calls.values())
    assert sorted(one.number for one in calls) == [one.number for one in PEOPLE]
    assert most > AT_ONCE // 2, "they were not called at once"
    for call in calls:
        person = many_calls.person_of(call)
        assert call.media is not None
        assert len({one.source for one in call.media.packets}) == 1
        assert many_calls.tones_heard(call.media.audio()) == set(person.hertz)
        assert many_calls.keys_noted(notes[call.number]) == list(person.keys)


async def until_called(phones: AnsweringPhones, all_there: asyncio.Event) -> int:
    """Wait until everybody has been called; return how many calls were under way at most."""
    most = 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(phones.calls) < AT_ONCE or phones.under_way:
            most = max(most, len(phones.under_way))
            if most == AT_ONCE:
                all_there.set()
            await asyncio.sleep(0.05)
    return most


async def until_noted(client: Client) -> dict[str, str]:
    """Wait until each case has its call; return its transcript, by number."""
    cases = CaseStore(client)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = [one async for one, _ in CaseListing(client, cases).walk()]
            over = [list(one.messages.values()) == [EventKind.DELIVERED.value] for one in found]
            if len(found) == AT_ONCE and all(over):
                break
            await asyncio.sleep(0.2)
    notes = {}
    for case in found:
        history = await cases.history(case.id)
        (call,) = [one.why for one in history if one.why.startswith("call 1, script")]
        notes[case.victim] = call
    return notes


async def until_free(process: int, phones: AnsweringPhones) -> None:
    """Wait until no socket is left but that of the trunk, and no phone is busy."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while datagram_sockets(process) > 1 or phones.tasks:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.2)
