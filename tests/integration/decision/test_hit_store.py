"""Hits in a real store, alone and as a cluster."""

import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis

from fanzha.decisions import Reason
from fanzha.errors import Unavailable
from fanzha.tables import Channel
from infra.redis.client import Client, connect
from services.decision.sinks.hit_encoder import WrittenHit
from services.decision.sinks.hit_records import Hit
from services.decision.sinks.hit_store import CONFIRMED, SUSPECTED, HitStore, PrefixClaims
from services.processes.embedded_valkey import EmbeddedValkey
from tests.support.builders import as_written


def a_hit(decision_id: int, reason: Reason = Reason.BLOCKLISTED) -> WrittenHit:
    hit = Hit(
        decision_id=decision_id,
        channel=Channel.CALL,
        from_party="+8617000000100",
        to_party="+8617000000200",
        reason=reason,
        score=0.5,
        occurred_at_ms=1_767_603_600_000,
    )
    return as_written(hit)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    client = connect(url)
    try:
        yield client
    finally:
        await client.aclose()


async def test_list_matches_are_confirmed_and_the_rest_suspected(redis_url: str) -> None:
    async with connected(redis_url) as client:
        store = HitStore(client)
        await store.write([a_hit(1), a_hit(2, Reason.SCORED), a_hit(3, Reason.IMPLAUSIBLE)])

        found = await store.follow({CONFIRMED: "0", SUSPECTED: "0"}, block_ms=10)

    assert [(stream, hit["decision_id"]) for stream, _, hit in found] == [
        (CONFIRMED, "1"),
        (SUSPECTED, "2"),
        (SUSPECTED, "3"),
    ]


async def test_a_hit_is_stored_with_its_stream_position_until_its_retention_ends(
    redis_url: str,
) -> None:
    async with connected(redis_url) as client:
        store = HitStore(client, decision_days=2)
        await store.write([a_hit(1)])

        record = await store.find(1)
        nothing = await store.find(2)

        [(_, place, _)] = await store.follow({CONFIRMED: "0"}, block_ms=10)
    with redis.Redis.from_url(redis_url) as other:
        seconds = other.ttl("fanzha:decisions:0")
    assert record is not None
    assert (record["stream"], record["stream_id"]) == (CONFIRMED, place)
    assert nothing is None
    assert 2 * 86_400 - 60 < seconds <= 2 * 86_400


async def test_a_stream_keeps_the_order_of_writes(redis_url: str) -> None:
    ids = list(range(5000, 3000, -5))
    async with connected(redis_url) as client:
        store = HitStore(client)
        await store.write(map(a_hit, ids))
        found = await store.follow({CONFIRMED: "0"}, count=1000, block_ms=10)
        records = [await store.find(decision_id) for decision_id in ids]

    assert [int(hit["decision_id"]) for _, _, hit in found] == ids
    assert [record and record["stream_id"] for record in records] == [at for _, at, _ in found]


async def test_any_name_is_read_as_it_was_written(redis_url: str) -> None:
    name = 'Say "反诈" \\ {1}, ]\n\r\u2028 end'
    hit = Hit(
        decision_id=1, channel=Channel.TEXT, from_party=name, to_party="110", occurred_at_ms=1
    )
    async with connected(redis_url) as client:
        store = HitStore(client)
        await store.write([as_written(hit)])

        [(_, _, streamed)] = await store.follow({SUSPECTED: "0"}, block_ms=10)
        stored = await store.find(1)

    assert streamed == hit.fields()
    assert stored is not None
    assert stored["from_party"] == name


async def test_a_record_of_an_earlier_version_is_read(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as other:
        hit = {"decision_id": "1", "stream": SUSPECTED, "stream_id": "7-0"}
        other.hset("fanzha:decision:1", mapping={"hit": json.dumps(hit), "verdict": "dismissed"})
    async with connected(redis_url) as client:
        record = await HitStore(client).find(1)

    assert record == hit | {"verdict": "dismissed"}


async def test_a_verdict_is_added_to_the_stored_hit(redis_url: str) -> None:
    async with connected(redis_url) as client:
        store = HitStore(client)
        await store.write([a_hit(1), a_hit(2)])
        await store.add_to_record(1, {"verdict": "confirmed", "fraud_type": "FAKE_LOAN"})

        judged, other = await store.find(1), await store.find(2)

    assert judged is not None
    assert other is not None
    assert (judged["verdict"], judged["fraud_type"]) == ("confirmed", "FAKE_LOAN")
    assert judged["to_party"] == "+8617000000200"
    assert "verdict" not in other


async def test_a_stream_is_trimmed_to_about_its_limit(redis_url: str) -> None:
    async with connected(redis_url) as client:
        store = HitStore(client, stream_rows=1000)
        for first in range(0, 5000, 500):
            await store.write([a_hit(first + place) for place in range(1, 501)])

    with redis.Redis.from_url(redis_url) as other:
        length = other.xlen(CONFIRMED)
    assert 1000 <= length < 1200


async def test_a_follower_resumes_at_its_position(redis_url: str) -> None:
    async with connected(redis_url) as client:
        store = HitStore(client)
        await store.write([a_hit(1)])
        [(_, place, _)] = await store.follow({CONFIRMED: "0"}, block_ms=10)
        await store.write([a_hit(2)])

        [(_, _, hit)] = await store.follow({CONFIRMED: place}, block_ms=10)

    assert hit["decision_id"] == "2"


async def test_hits_are_stored_on_a_redis_cluster(cluster_url: str) -> None:
    async with connected(cluster_url) as client:
        store = HitStore(client)
        await store.write([a_hit(number, Reason.SCORED) for number in range(1, 40)])
        record = await store.find(7) or {}

        first = await store.append_once(CONFIRMED, 7, record, {"verdict": "confirmed"})
        again = await store.append_once(CONFIRMED, 7, record, {"verdict": "confirmed"})
        synced = await store.add_to_record(8, {"verdict": "confirmed"})
        claimed = await PrefixClaims(client, "me").claim(5)

        assert len(await store.follow({SUSPECTED: "0"}, block_ms=10)) == 39
    assert (first.first, again.first) == (True, False)
    assert first.stream_id == again.stream_id
    assert first.synced
    assert synced
    assert claimed


async def test_an_id_prefix_belongs_to_its_first_claimant(redis_url: str) -> None:
    async with connected(redis_url) as client:
        mine, other = PrefixClaims(client, "me"), PrefixClaims(client, "other")

        assert await mine.claim(5)
        assert not await other.claim(5)
        assert await mine.claim(5)
        assert await other.claim(6)


async def test_a_restarted_store_serves_again_after_an_outage(
    tmp_path: Path,
) -> None:
    valkey = EmbeddedValkey(tmp_path)
    url = await valkey.start()
    try:
        async with connected(url) as client:
            store = HitStore(client)
            await store.write([a_hit(1)])
            assert valkey.pid is not None
            os.kill(valkey.pid, signal.SIGKILL)

            with pytest.raises(Unavailable):
                await store.write([a_hit(2)])
            while not await valkey.ensure_running():
                pass
            await store.write([a_hit(2)])

            assert await store.find(2)
    finally:
        await valkey.stop()
