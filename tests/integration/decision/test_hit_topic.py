"""Hits reach a real broker of Kafka's protocol, whatever happens to it, and none is lost."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from fanzha.client import channels
from fanzha.decisions import Action, Reason
from fanzha.tables import Channel
from fanzha.v1 import decision_pb2, interception_pb2
from fanzha.v1 import hit_pb2 as pb
from fanzha.v1.interception_pb2_grpc import InterceptionServiceStub
from infra.clock import now_ms
from infra.redis.client import Client, connect
from infra.redis.dead_letters import DeadLetters
from services.decision.sinks.hit_records import Hit
from services.decision.sinks.hit_store import CONFIRMED, HitStore
from services.decision.sinks.kafka.hit_forwarder import AGAIN, HitForwarder
from services.decision.sinks.kafka.metrics import HitTopicMetrics
from services.decision.sinks.kafka.topic_producer import TopicProducer
from services.rpc.hits.topic_records import CONTENT_TYPE, topic_record
from tests.support.builders import as_written
from tests.support.kafka_broker import KafkaBroker, kafka_broker
from tests.support.processes import LEAN, PATIENCE_SECONDS, eventually, fanzha_up

FRAUD, ANN = "+8617000000123", "+8619900000001"
DEAD = "fanzha:warning:dead_letters"
TIMEOUT_MS = 3_000
"""Of a record to a broker that does not answer; what was on its way may then arrive twice."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    topics = ("plain", "large", "service", "stopped")
    with kafka_broker(tmp_path_factory.mktemp("kafka"), *topics) as running:
        yield running


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    client = connect(url)
    try:
        yield client
    finally:
        await client.aclose()


async def write(client: Client, *hits: Hit) -> None:
    await HitStore(client).write(map(as_written, hits))


def a_hit(decision_id: int, url: str = "") -> Hit:
    return Hit(
        decision_id=decision_id,
        channel=Channel.CALL,
        from_party=FRAUD,
        to_party=ANN,
        url=url,
        action=Action.BLOCK,
        reason=Reason.BLOCKLISTED,
        occurred_at_ms=1_767_603_600_000,
    )


def a_forwarder(
    client: Client,
    broker: KafkaBroker,
    topic: str,
    *,
    stream: str = CONFIRMED,
    registry: CollectorRegistry | None = None,
    timeout_ms: int = 60_000,
    **options: object,
) -> HitForwarder:
    """Forward until the stream is empty."""
    producer = TopicProducer(
        broker.servers,
        topic,
        content_type=CONTENT_TYPE,
        timeout_ms=timeout_ms,
        options={"log_level": 0, "reconnect.backoff.max.ms": 200, **options},
    )
    return HitForwarder(
        client,
        stream,
        producer,
        topic_record,
        consumer="test",
        dead_letters=DeadLetters(client, DEAD),
        now_ms=now_ms,
        metrics=HitTopicMetrics(registry or CollectorRegistry()),
        block_ms=0,
    )


def ids(broker: KafkaBroker, topic: str) -> "Counter[int]":
    return Counter(
        pb.HitRecord.FromString(record.value()).decision_id for record in broker.records(topic)
    )


async def test_each_hit_is_a_record_with_its_id_and_what_was_sent_is_not_sent_again(
    redis_url: str, broker: KafkaBroker
) -> None:
    registry = CollectorRegistry()
    async with connected(redis_url) as client:
        await write(client, *map(a_hit, range(1, 301)))
        forwarder = a_forwarder(client, broker, "plain", registry=registry)
        await forwarder.run()
        await a_forwarder(client, broker, "plain").run()
        await forwarder.refresh()

    records = broker.records("plain")
    assert len(records) == registry.get_sample_value("fanzha_hits_kafka_sent_total") == 300
    assert {dict(one.headers())["id"].decode() for one in records} == {
        f"confirmed:{number}" for number in range(1, 301)
    }
    assert {one.key().decode() for one in records} == {str(number) for number in range(1, 301)}
    waiting = registry.get_sample_value("fanzha_hits_kafka_waiting", {"stream": CONFIRMED})
    assert waiting == 0


async def test_a_broker_that_stands_still_holds_hits_back_and_gets_them_all(
    redis_url: str, broker: KafkaBroker
) -> None:
    registry = CollectorRegistry()
    async with connected(redis_url) as client:
        await write(client, *map(a_hit, range(1, 601)))
        forwarder = a_forwarder(client, broker, "stopped", registry=registry, timeout_ms=TIMEOUT_MS)
        assert broker.process is not None
        broker.process.send_signal(signal.SIGSTOP)
        try:
            running = asyncio.create_task(forwarder.run())
            await asyncio.to_thread(
                eventually,
                lambda: bool(registry.get_sample_value("fanzha_hits_kafka_failures_total")),
            )
            await forwarder.refresh()
            waiting = registry.get_sample_value("fanzha_hits_kafka_waiting", {"stream": CONFIRMED})
        finally:
            broker.process.send_signal(signal.SIGCONT)
        await asyncio.wait_for(running, PATIENCE_SECONDS)

    found = await asyncio.to_thread(ids, broker, "stopped")
    assert waiting == 600
    # What was in flight when it stood still may be there twice, with the same id.
    assert found.keys() == set(range(1, 601))


async def test_hits_wait_while_no_broker_is_there_and_reach_the_next_one(
    redis_url: str, tmp_path: Path
) -> None:
    with kafka_broker(tmp_path, "killed") as broker:
        async with connected(redis_url) as client:
            await write(client, *map(a_hit, range(1, 11)))
            await a_forwarder(client, broker, "killed").run()
            broker.kill()
            await write(client, *map(a_hit, range(11, 21)))
            registry = CollectorRegistry()
            forwarder = a_forwarder(
                client, broker, "killed", registry=registry, timeout_ms=TIMEOUT_MS
            )
            running = asyncio.create_task(forwarder.run())
            await asyncio.to_thread(
                eventually,
                lambda: bool(registry.get_sample_value("fanzha_hits_kafka_failures_total")),
            )
            await asyncio.to_thread(broker.start, "killed")
            await asyncio.wait_for(running, PATIENCE_SECONDS)

        # It keeps records in memory, so the first ten are gone with it.
        assert (await asyncio.to_thread(ids, broker, "killed")).keys() == set(range(11, 21))


async def test_what_kafka_never_takes_is_a_dead_letter_and_is_sent_again_to_kafka_only(
    redis_url: str, broker: KafkaBroker
) -> None:
    registry = CollectorRegistry()
    async with connected(redis_url) as client:
        large = a_hit(2, url="http://shop.example/" + "a" * 3000)
        await write(client, a_hit(1), large, a_hit(3))
        small_topic: dict[str, Any] = {"message.max.bytes": 2000}
        await a_forwarder(client, broker, "large", registry=registry, **small_topic).run()
        first = await asyncio.to_thread(ids, broker, "large")

        letters = DeadLetters(client, DEAD)
        (letter,) = await letters.list()
        await letters.replay(letter)
        hits = await client.xlen(CONFIRMED)
        await a_forwarder(client, broker, "large", stream=AGAIN).run()

    found = await asyncio.to_thread(broker.records, "large")
    again = [pb.HitRecord.FromString(one.value()) for one in found]
    assert first == {1: 1, 3: 1}
    assert (letter.stream, letter.tries) == (AGAIN, 1)
    assert registry.get_sample_value("fanzha_hits_kafka_dead_letters_total") == 1
    assert hits == 3
    assert [one.id for one in again if one.decision_id == 2] == ["confirmed:2"]
    assert all(one.stream == pb.HIT_STREAM_CONFIRMED for one in again)


def blocks(target: str) -> bool:
    with channels.blocking(target) as channel:
        call = interception_pb2.Call(caller=FRAUD, callee=ANN, attempted_at_ms=now_ms())
        answer = InterceptionServiceStub(channel).DecideCall(
            interception_pb2.DecideCallRequest(call=call), timeout=PATIENCE_SECONDS
        )
        return bool(answer.decision.action == decision_pb2.ACTION_BLOCK)


def test_a_service_forwards_what_it_blocks(broker: KafkaBroker, tmp_path: Path) -> None:
    options = tmp_path / "options"
    options.write_text("client.id=fanzha\n")
    settings = {
        "FANZHA_HITS_KAFKA_SERVERS": broker.servers,
        "FANZHA_HITS_KAFKA_TOPIC": "service",
        "FANZHA_HITS_KAFKA_OPTIONS_FILE": str(options),
    }
    with fanzha_up(tmp_path, workers=1, **LEAN, **settings) as running:
        running.fanzha(
            *("blocklist", "add", FRAUD, "--reason", "test", "--source", "bureau"),
            *("--by", "ann"),
        )
        eventually(lambda: blocks(running.interception))
        eventually(lambda: bool(broker.records("service")))

    record = pb.HitRecord.FromString(broker.records("service")[0].value())
    assert (record.from_party, record.to_party) == (FRAUD, ANN)
