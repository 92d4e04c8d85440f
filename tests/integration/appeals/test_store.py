"""The store of appeals: each change once, in a cluster too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from blocklists.entries import Direction, EntryKind
from fanzha.errors import InvalidInput, NotFound, Unavailable, VersionConflict
from infra.redis.client import connect
from services.appeals import serialization
from services.appeals.model import (
    OPEN,
    Appeal,
    AppealEvent,
    AppealEventKind,
    AppealOutcome,
    AppealState,
    AppealSubject,
    Document,
    FoundIn,
    Lift,
)
from services.appeals.store import AppealStore

NOW = 1_767_603_600_000
HOUR = 3_600_000
SUBJECT = AppealSubject(kind=EntryKind.NUMBER, pattern="+8617000000123", direction=Direction.FROM)
TAKEN = AppealEvent(at_ms=NOW + 1, by="zhou", what=AppealEventKind.TAKEN)


def an_appeal(number: int = 1, *, received: int = NOW, previous: int = 0) -> Appeal:
    return Appeal(
        appeal_id=number,
        received_at_ms=received,
        deadline_ms=received + 72 * HOUR,
        appellant="张三",
        contact="zhang@company.example",
        grounds="ours",
        documents=[Document(name="a.pdf", sha256="0" * 64, size=3, stored=True)],
        subject=SUBJECT,
        decision_id=2**63 + 1,
        found_in=FoundIn.HITS,
        decision={"reason": "SCORED"},
        occurred_at_ms=NOW,
        blocked_by="model",
        opened_by="desk",
        previous=previous,
    )


async def put(store: AppealStore, appeal: Appeal, marker: str = "m") -> tuple[int, bool]:
    event = AppealEvent(at_ms=appeal.received_at_ms, by="desk", what=AppealEventKind.OPENED)
    return await store.open(appeal, marker, event)


async def close(store: AppealStore, number: int, at_ms: int) -> None:
    event = AppealEvent(at_ms=at_ms, by="zhou", what=AppealEventKind.WITHDRAWN, note="张三 called")
    await store.move(number, event, allowed=OPEN, to=AppealState.WITHDRAWN)


@pytest.fixture(params=["redis_url", "cluster_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


async def test_an_appeal_is_read_as_it_was_written(url: str) -> None:
    client = connect(url)
    store = AppealStore(client)
    assert await put(store, an_appeal()) == (1, True)

    found = await store.get(1)

    assert found.revision == 1
    assert [one.what for one in found.events] == [AppealEventKind.OPENED]
    for name in ("appellant", "documents", "subject", "decision_id", "decision", "blocked_by"):
        assert getattr(found, name) == getattr(an_appeal(), name)
    await client.aclose()


async def test_of_many_concurrent_submissions_one_opens_the_appeal(url: str) -> None:
    client = connect(url)
    store = AppealStore(client)

    answers = await asyncio.gather(*(put(store, an_appeal(n)) for n in range(1, 9)))

    assert len({number for number, _ in answers}) == 1
    assert sum(first for _, first in answers) == 1
    assert len(await store.page("due", 0, 100)) == 1
    await client.aclose()


async def test_a_repeated_submission_opens_one_appeal(redis_url: str) -> None:
    async with _store(redis_url) as store:
        await put(store, an_appeal())

        assert await put(store, an_appeal()) == (1, True)
        assert [one.what for one in (await store.get(1)).events] == [AppealEventKind.OPENED]


async def test_of_concurrent_transitions_at_one_revision_one_succeeds(url: str) -> None:
    client = connect(url)
    store = AppealStore(client)
    await put(store, an_appeal())

    moves = (
        store.move(1, TAKEN, allowed=OPEN, revision=1, to=AppealState.IN_REVIEW) for _ in range(8)
    )
    answers = await asyncio.gather(*moves, return_exceptions=True)

    assert [one for one in answers if isinstance(one, int)] == [2]
    assert sum(isinstance(one, VersionConflict) for one in answers) == 7
    assert len((await store.get(1)).events) == 2
    await client.aclose()


async def test_a_transition_that_the_state_forbids_is_refused_by_name(redis_url: str) -> None:
    async with _store(redis_url) as store:
        await put(store, an_appeal())
        await close(store, 1, NOW)

        with pytest.raises(InvalidInput, match="appeal 1 is withdrawn"):
            await store.move(1, TAKEN, allowed=OPEN)
        with pytest.raises(NotFound):
            await store.move(2, TAKEN, allowed=OPEN)
        with pytest.raises(NotFound):
            await store.get(2)


async def test_the_queue_is_ordered_by_deadline(redis_url: str) -> None:
    async with _store(redis_url) as store:
        for number, hours in ((1, 3), (2, 1), (3, 2)):
            await put(store, an_appeal(number, received=NOW + hours * HOUR), str(number))
        await close(store, 3, NOW + 1)
        await close(store, 1, NOW + 2)

        due = [one.appeal_id for one in await store.page("due", 0, 10)]
        closed = [one.appeal_id for one in await store.page("closed", 0, 10, newest_first=True)]

    assert (due, closed) == ([2], [1, 3])


async def test_places_of_an_officer_leave_the_appeals_of_others_out(url: str) -> None:
    client = connect(url)
    store = AppealStore(client)
    for number in (1, 2, 3):
        await put(store, an_appeal(number, received=NOW + number * HOUR), str(number))
    for number, officer in ((1, "zhou"), (3, "wu")):
        await store.move(number, TAKEN, allowed=OPEN, given={"officer": officer})

    of_wu = await store.places("due", 0, 10, officer="wu")
    everyone = await store.places("due", 1, 10)

    assert [one and one.appeal_id for one in of_wu] == [None, None, 3]
    assert [one and one.appeal_id for one in everyone] == [2, 3]
    await client.aclose()


async def _uphold_and_lift(store: AppealStore) -> None:
    outcome = AppealOutcome(reason="张三 is right", lift=SUBJECT)
    await store.move(
        1,
        AppealEvent(at_ms=NOW + 2, by="zhou", what=AppealEventKind.UPHELD, note="张三"),
        allowed=OPEN,
        to=AppealState.UPHELD,
        lifting="begin",
        given={"outcome": serialization.outcome(outcome)},
    )
    lift = Lift(version=3, removed=[(EntryKind.NUMBER, SUBJECT.pattern)], seconds=0.5, done=True)
    await store.move(
        1,
        AppealEvent(at_ms=NOW + 3, by="fanzha", what=AppealEventKind.LIFT_DONE),
        allowed={AppealState.UPHELD},
        lifting="end",
        given={"lift": serialization.lift(lift)},
    )


async def test_an_erased_appeal_holds_nothing_personal_and_still_counts(url: str) -> None:
    client = connect(url)
    store = AppealStore(client)
    await put(store, an_appeal(), "marker")
    await _uphold_and_lift(store)

    (old,) = await store.closed_before(NOW + 10, 10)
    erased = await store.erase(
        await store.get(old.appeal_id),
        AppealEvent(at_ms=NOW + 9, by="fanzha", what=AppealEventKind.ERASED),
    )

    found = await store.get(1)
    (counted,) = await store.received_between(0, NOW + 10)

    assert erased
    assert await store.closed_before(NOW + 10, 10) == []
    assert await store.about(SUBJECT, 10) == []
    assert await store.latest_of("marker") == 0
    assert (found.state, found.erased_at_ms, counted.blocked_by) == ("upheld", NOW + 9, "model")
    assert found.lift is not None
    assert found.lift.seconds == 0.5
    for key in await _everything(client):
        for personal in ("张三", "17000000123", "zhang@"):
            assert personal not in key
    await client.aclose()


async def test_an_appeal_that_changed_meanwhile_is_not_erased(redis_url: str) -> None:
    async with _store(redis_url) as store:
        await put(store, an_appeal())
        await close(store, 1, NOW)
        before = await store.get(1)
        note = AppealEvent(at_ms=NOW, by="zhou", what=AppealEventKind.NOTIFIED)
        await store.move(1, note, allowed=set(AppealState))

        assert not await store.erase(before, note)


async def test_an_unreachable_store_is_reported() -> None:
    async with _store("redis://127.0.0.1:1/0") as store:
        with pytest.raises(Unavailable):
            await store.get(1)
        with pytest.raises(Unavailable):
            await store.next_id()


@asynccontextmanager
async def _store(url: str) -> AsyncIterator[AppealStore]:
    client = connect(url)
    yield AppealStore(client)
    await client.aclose()


async def _everything(client: Any) -> list[str]:
    """Return all keys, and all values of the appeals, as texts."""
    found = []
    async for key in client.scan_iter("*"):
        kind = await client.type(key)
        value: Any = ""
        if kind == "hash":
            value = await client.hgetall(key)
        elif kind == "list":
            value = await client.lrange(key, 0, -1)
        elif kind == "zset":
            value = await client.zrange(key, 0, -1)
        elif kind == "string":
            value = await client.get(key)
        found.append(f"{key} {value}")
    return found
