"""Forwards the hit streams to a Kafka topic: a consumer group reads each, a producer writes.

An entry is acknowledged in Redis once all in-sync replicas of Kafka have it, so none is lost while
its stream holds it. It may be in the topic twice: after a crash between the two, or when an
acknowledgement of Kafka did not come in time. Both records have the same id.

A batch is in flight at a time; what Kafka cannot take waits in Redis. What Kafka will never take
is a dead letter of the warning pipeline, from where it is sent again to a stream of our own.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

from fanzha.errors import InvalidInput
from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import BLOCK_MS, StreamConsumer
from services.decision.sinks.kafka.metrics import HitTopicMetrics
from services.decision.sinks.kafka.topic_producer import TopicProducer, TopicRecord

logger = logging.getLogger(__name__)

GROUP = "kafka"
AGAIN = "fanzha:hits:kafka:again"
"""Stream of dead letters that are sent again; no other group reads it."""
_STREAM, _PLACE = "kafka_stream", "kafka_place"
"""Fields of an entry there: where it was."""
BATCH = 256
_MOST_SENT = 10 * BATCH
_GONE_MS = 86_400_000

EncodeHit = Callable[[str, str, Mapping[str, str]], TopicRecord]
"""Makes a record of a stream, a place in it and fields; InvalidInput for what is no hit."""


class HitForwarder:
    """Forwards one stream until cancelled."""

    def __init__(
        self,
        client: Client,
        stream: str,
        producer: TopicProducer,
        encode: EncodeHit,
        *,
        consumer: str,
        dead_letters: DeadLetters,
        now_ms: Callable[[], int],
        metrics: HitTopicMetrics,
        block_ms: int = BLOCK_MS,
    ) -> None:
        """With *block_ms* 0, `run` ends once the stream is empty."""
        self.stream = stream
        self._producer = producer
        self._encode = encode
        self._metrics = metrics
        self._sent: set[str] = set()
        """Of the batch in flight, what Kafka has: a retry does not double it."""
        self.consumer = StreamConsumer(
            ConsumerGroup(client, stream=stream, group=GROUP, consumer=consumer),
            self._handle,
            dead_letters=_LettersOfHits(dead_letters),
            now_ms=now_ms,
            on_dead_letter=lambda _stream: metrics.given_up(),
            drop=stream == AGAIN,
            batch=BATCH,
            block_ms=block_ms,
        )

    async def run(self) -> None:
        """Forward until cancelled."""
        await self.consumer.run()

    async def refresh(self) -> None:
        """Set the metrics of what waits, and forget consumers of processes that are gone."""
        pending, lag = await self.consumer.group.backlog()
        await self.consumer.group.remove_idle_consumers(_GONE_MS)
        self._metrics.waiting(self.stream, lag if lag < 0 else lag + pending)

    async def _handle(self, entries: Sequence[StreamEntry]) -> None:
        if len(self._sent) > _MOST_SENT:
            self._sent.clear()  # of entries that others took over meanwhile
        open_entries = [entry for entry in entries if entry.id not in self._sent]
        records = [self._record(entry) for entry in open_entries]
        results = await self._producer.send(records)
        faults: list[Exception] = []
        for entry, fault in zip(open_entries, results, strict=True):
            if fault is None:
                self._sent.add(entry.id)
            else:
                faults.append(fault)
        self._metrics.sent(len(open_entries) - len(faults))
        if not faults:
            self._sent.difference_update(entry.id for entry in entries)
            return
        outages = [fault for fault in faults if not isinstance(fault, InvalidInput)]
        if outages:
            self._metrics.failed()
            raise outages[0]
        # The batch is handled entry by entry now, and this one is given up.
        raise faults[0]

    def _record(self, entry: StreamEntry) -> TopicRecord:
        fields = dict(entry.fields)
        stream, place = fields.pop(_STREAM, self.stream), fields.pop(_PLACE, entry.id)
        return self._encode(stream, place, fields)


class _LettersOfHits(DeadLetters):
    """Dead letters that are sent again to Kafka only, not to all who read a stream of hits."""

    def __init__(self, letters: DeadLetters) -> None:
        self._letters = letters

    async def put(
        self,
        *,
        stream: str,
        place: str,
        fields: Mapping[str, str],
        reason: str,
        tries: int,
        at_ms: int,
    ) -> None:
        """Append an entry as one of the stream `AGAIN`."""
        origin = {_STREAM: fields.get(_STREAM, stream), _PLACE: fields.get(_PLACE, place)}
        await self._letters.put(
            stream=AGAIN,
            place=place,
            fields={**fields, **origin},
            reason=reason,
            tries=tries,
            at_ms=at_ms,
        )
