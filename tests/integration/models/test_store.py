"""Wishes about models and reports of workers, in a real store."""

import asyncio

import pytest

from fanzha.errors import Unavailable, VersionConflict
from infra.redis.client import connect
from services.decision.model_kinds import ModelKind
from services.models.desired_models import DesiredModel
from services.models.store import DESIRED, ModelReport, ModelStore

NOW_MS = 1_767_603_600_000
FIRST = DesiredModel(active="2", previous="1", by="li", at_ms=NOW_MS)


@pytest.fixture(params=["redis_url", "cluster_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


async def test_a_desired_model_is_persisted_and_read_back(url: str) -> None:
    client = connect(url)
    store = ModelStore(client)

    empty = await store.desired()
    synced = await store.replace(ModelKind.TEXT, None, FIRST)
    found = await store.desired()
    await client.aclose()

    assert empty == {}
    assert synced
    assert found == {ModelKind.TEXT: FIRST}


async def test_of_two_operators_only_one_replaces_a_desired_model(url: str) -> None:
    client = connect(url)
    store = ModelStore(client)
    await store.replace(ModelKind.TEXT, None, FIRST)
    mine, theirs = DesiredModel(active="3", by="wang"), DesiredModel(active="4", by="li")

    await store.replace(ModelKind.TEXT, FIRST, mine)
    with pytest.raises(VersionConflict, match="text"):
        await store.replace(ModelKind.TEXT, FIRST, theirs)
    found = await store.desired()
    await client.aclose()

    assert found == {ModelKind.TEXT: mine}


async def test_a_new_desired_model_wakes_its_followers(url: str) -> None:
    client = connect(url)
    store, follower = ModelStore(client), ModelStore(client)
    waiting = asyncio.create_task(follower.wait_for_change())
    await store.replace(ModelKind.TEXT, None, FIRST)
    await asyncio.wait_for(waiting, 60)

    again = asyncio.create_task(follower.wait_for_change())
    await asyncio.sleep(0.05)
    waits = not again.done()
    await store.wake_workers(ModelKind.TEXT)
    await asyncio.wait_for(again, 60)
    await client.aclose()

    assert waits, "a change ends one wait only"


async def test_an_unreadable_desired_model_is_reported(redis_url: str) -> None:
    client = connect(redis_url)
    await client.hset(DESIRED, "text", "2")

    with pytest.raises(ValueError, match="no JSON object"):
        await ModelStore(client).desired()
    await client.aclose()


async def test_a_silent_worker_is_forgotten(url: str) -> None:
    client = connect(url)
    store = ModelStore(client)
    channels = {"text": {"active": "2"}}
    for worker, at in (("a/1", NOW_MS - 60_000), ("a/2", NOW_MS)):
        await store.report(ModelReport(worker=worker, reported_at_ms=at, channels=channels))

    found = await store.reports(NOW_MS + 1)
    again = await store.reports(NOW_MS - 60_000)
    await client.aclose()

    assert [(report.worker, report.channels) for report in found] == [("a/2", channels)]
    assert [report.worker for report in again] == ["a/2"]


async def test_an_unreachable_store_is_reported_without_a_long_wait() -> None:
    client = connect("redis://127.0.0.1:1")

    with pytest.raises(Unavailable):
        await ModelStore(client).desired()
    await client.aclose()
