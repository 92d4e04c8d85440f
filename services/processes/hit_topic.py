"""Puts together what forwards hits to Kafka; it runs in list administration."""

import asyncio
import logging
import os
import socket
from collections.abc import Coroutine
from importlib.util import find_spec
from typing import Any

from prometheus_client import CollectorRegistry

from fanzha.errors import InvalidConfiguration
from infra.clock import now_ms
from infra.periodic import run_periodically
from infra.redis.client import Client
from infra.redis.dead_letters import DeadLetters
from services.decision.sinks.hit_store import CONFIRMED, DISMISSED, SUSPECTED
from services.decision.sinks.kafka.hit_forwarder import AGAIN, HitForwarder
from services.decision.sinks.kafka.metrics import HitTopicMetrics
from services.decision.sinks.kafka.topic_producer import TopicProducer
from services.rpc.hits.topic_records import CONTENT_TYPE, topic_record
from services.settings.settings import Settings
from services.warning import keys

logger = logging.getLogger(__name__)

LOOK_SECONDS = 15.0
_STREAMS = {"confirmed": CONFIRMED, "suspected": SUSPECTED, "dismissed": DISMISSED}


class HitTopicTasks:
    """The forwarders of all streams, and their metrics."""

    def __init__(self, forwarders: list[HitForwarder], producer: TopicProducer | None) -> None:
        self._forwarders = forwarders
        self._producer = producer

    def start(self) -> "list[asyncio.Task[None]]":
        """Start them; none where hits do not go to Kafka."""
        running: list[Coroutine[Any, Any, None]] = [one.run() for one in self._forwarders]
        if self._forwarders:
            running.append(self._watch())
        return [asyncio.create_task(one) for one in running]

    async def close(self) -> None:
        """Flush what is in flight."""
        if self._producer is not None:
            await self._producer.close()

    async def _watch(self) -> None:
        async def step() -> None:
            for one in self._forwarders:
                await one.refresh()

        await run_periodically(
            step, every_seconds=LOOK_SECONDS, task="backlog of hits for Kafka", logger=logger
        )


def build(settings: Settings, client: Client, registry: CollectorRegistry) -> HitTopicTasks:
    """Build the forwarders; raises InvalidConfiguration where the extra is missing."""
    if not settings.hits_kafka_servers:
        return HitTopicTasks([], None)
    if find_spec("confluent_kafka") is None:
        raise InvalidConfiguration("hits_kafka_servers: needs the extra kafka")
    producer = TopicProducer(
        settings.hits_kafka_servers,
        settings.hits_kafka_topic,
        content_type=CONTENT_TYPE,
        options=_options(settings),
    )
    metrics, letters = HitTopicMetrics(registry), DeadLetters(client, keys.DEAD_LETTERS)
    streams = [_STREAMS[name] for name in settings.hits_kafka_streams.split(",")]
    consumer = f"{socket.gethostname()}-{os.getpid()}"
    forwarders = [
        HitForwarder(
            client,
            stream,
            producer,
            topic_record,
            consumer=consumer,
            dead_letters=letters,
            now_ms=now_ms,
            metrics=metrics,
        )
        for stream in (*dict.fromkeys(streams), AGAIN)
    ]
    return HitTopicTasks(forwarders, producer)


def _options(settings: Settings) -> dict[str, str]:
    file = settings.hits_kafka_options_file
    lines = file.read_text(encoding="utf-8").splitlines() if file else []
    stripped = [line.strip() for line in lines if line.strip()]
    return dict(line.partition("=")[::2] for line in stripped)
