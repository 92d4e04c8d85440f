"""Records of a real store that somebody else wrote: readers leave them out, or wait them out."""

from collections.abc import Mapping

import pytest
import redis
from redis.asyncio import Redis

from blocklists.store.store import CHANGES, HEAD, Store
from fanzha.errors import Unavailable
from infra.redis.client import connect, within
from services.audit.events import AuditKind
from services.audit.forwarder import STREAM, UNREADABLE, AuditForwardIntake
from services.changes.store import ChangeStore, key_of
from services.decision.campaigns.store import WORKERS, CampaignStore
from services.lists.hit_count_store import SHARDS, EntryHitStore
from services.models.store import WORKERS as MODEL_WORKERS
from services.models.store import ModelStore
from tests.integration.lists.test_store import ONE, TWO, a_proposal

BAD = ["", "x", "[", "{}", "[1]", "null", '{"a": 1}', "[" * 50_000]


@pytest.fixture
def client(redis_url: str) -> Redis:
    found = connect(redis_url)
    assert isinstance(found, Redis)
    return found


class Kept:
    """An audit log in memory."""

    def __init__(self) -> None:
        self.subjects: list[str] = []

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        self.subjects.append(subject)


async def test_an_unreadable_refusal_does_not_block_the_others(client: Redis) -> None:
    audit = Kept()
    for text in BAD:
        await client.xadd(STREAM, {"record": text})
    await client.xadd(STREAM, {"other": "field"})
    good = '{"kind": "refused", "subject": "method:a", "actor": "w", "details": {}}'
    await client.xadd(STREAM, {"record": good})

    await AuditForwardIntake(client, audit, now_ms=lambda: 0, block_ms=0).run()

    assert audit.subjects == ["method:a"]
    assert await client.xlen(UNREADABLE) == len(BAD) + 1
    assert await client.xlen(STREAM) == 0
    await client.aclose()


async def test_unreadable_records_are_skipped(client: Redis, redis_url: str) -> None:
    raw = connect(redis_url, decode_responses=False)
    for number, text in enumerate(BAD, 1):
        await client.hset(key_of(number), mapping={"record": text, "state": "1", "revision": "1"})
        await client.hset(WORKERS, f"w{number}", text)
        await client.hset(MODEL_WORKERS, f"w{number}", text)
        for shard in range(SHARDS):
            await client.hset(f"fanzha:entry-hits:{{{shard:02d}}}", f"n{number}", text)

    assert await ChangeStore(raw).get_many(range(1, len(BAD) + 1)) == []
    assert await CampaignStore(client).all(0) == []
    assert await ModelStore(client).reports(0) == []
    assert await EntryHitStore(client).read([f"n{n}" for n in range(1, len(BAD) + 1)]) == {}
    await client.aclose()
    await raw.aclose()


async def test_undecodable_bytes_are_reported_like_an_unavailable_store(client: Redis) -> None:
    await client.set("fanzha:switch", b"\xff\xfe")

    with pytest.raises(Unavailable, match="not UTF-8"):
        async with within(5):
            await client.get("fanzha:switch")

    await client.aclose()


async def test_a_head_set_back_to_an_older_version_is_an_error_and_loses_no_change(
    redis_url: str,
) -> None:
    client = connect(redis_url, decode_responses=False)
    lists = Store(client)
    for entry in (ONE, TWO):
        await lists.commit(a_proposal(entry), expected_version=None)
    with redis.Redis.from_url(redis_url) as other:
        other.hset(HEAD, "version", 1)

        with pytest.raises(Unavailable, match="set back"):
            await lists.move_strays()
        with pytest.raises(Unavailable, match="set back"):
            await lists.commit(a_proposal(ONE), expected_version=None)

        assert other.xlen(CHANGES) == 2
        other.hset(HEAD, "version", "many")
        with pytest.raises(Unavailable, match="no version"):
            await lists.head()
    await client.aclose()


async def test_a_deleted_record_is_reported_as_a_gap(redis_url: str) -> None:
    client = connect(redis_url, decode_responses=False)
    lists = Store(client)
    for entry in (ONE, TWO, ONE, TWO):
        await lists.commit(a_proposal(entry), expected_version=None)
    with redis.Redis.from_url(redis_url) as other:
        other.xdel(CHANGES, "2-0", "4-0")

    first = await lists.changes_after(0, "")
    assert first is not None
    rest = await lists.changes_after(3, first[-1].commit)

    assert [(one.version, bool(one.skipped)) for one in first] == [
        (1, False),
        (2, True),
        (3, False),
    ]
    assert rest is not None
    assert [(one.version, bool(one.skipped)) for one in rest] == [(4, True)]
    assert await lists.changes_after(4, rest[-1].commit) == []
    await client.aclose()
