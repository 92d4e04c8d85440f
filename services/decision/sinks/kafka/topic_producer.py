"""Produces records to a Kafka topic and waits for their acknowledgement, by librdkafka.

All in-sync replicas acknowledge, and the producer is idempotent: its own retries double nothing. A
record whose acknowledgement does not come in time is in doubt; whoever sends it again doubles it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fanzha.errors import InvalidInput, Unavailable

_POLL_SECONDS = 0.005
_FLUSH_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRecord:
    """A record to produce."""

    id: str
    """What it is known by, in the header ``id``: two records with one id are the same."""
    key: str
    """Records with one key are in one partition, in the order they were produced."""
    value: bytes


class TopicProducer:
    """A producer for one topic. For one event loop."""

    def __init__(
        self,
        servers: str,
        topic: str,
        *,
        content_type: str,
        timeout_ms: int = 30_000,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """*options* are librdkafka options, such as those for TLS and SASL."""
        self._settings = {
            "bootstrap.servers": servers,
            "acks": "all",
            "enable.idempotence": True,
            "delivery.timeout.ms": timeout_ms,
            "linger.ms": 5,
            "compression.type": "zstd",
        } | dict(options or {})
        self._topic = topic
        self._content_type = content_type
        self._producer: Any = None

    async def send(self, records: Sequence[TopicRecord]) -> list[Exception | None]:
        """Produce records, and wait for each; return what went wrong with each.

        `Unavailable`: send it again later. `InvalidInput`: the topic will never take it.
        """
        from confluent_kafka import KafkaException  # noqa: PLC0415 - in an extra

        if self._producer is None:
            self._producer = _producer(self._settings)
        producer = self._producer
        results: list[Exception | None] = [None] * len(records)
        waiting = set(range(len(records)))

        def report(place: int, error: Any) -> None:
            waiting.discard(place)
            results[place] = None if error is None else _fault_of(error)
            if error is not None and error.fatal():
                # An idempotent producer sends nothing more after that: the next one is new.
                self._producer = None

        for place, record in enumerate(records):
            try:
                producer.produce(
                    self._topic,
                    key=record.key,
                    value=record.value,
                    headers={"id": record.id, "content-type": self._content_type},
                    on_delivery=lambda error, _record, place=place: report(place, error),
                )
            except BufferError:
                waiting.discard(place)
                results[place] = Unavailable("kafka: {reason}", reason="its queue is full")
            except KafkaException as error:
                report(place, error.args[0])
        while waiting:
            # Reports are called in here, so no lock is needed.
            if not producer.poll(0):
                await asyncio.sleep(_POLL_SECONDS)
        return results

    async def close(self) -> None:
        """Flush what is in flight, with a timeout."""
        if self._producer is not None:
            await asyncio.to_thread(self._producer.flush, _FLUSH_SECONDS)


def _producer(settings: Mapping[str, Any]) -> Any:
    from confluent_kafka import Producer  # noqa: PLC0415 - in an extra

    return Producer(dict(settings))


def _fault_of(error: Any) -> Exception:
    from confluent_kafka import KafkaError  # noqa: PLC0415 - in an extra

    never = {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.INVALID_MSG_SIZE,
        KafkaError._INVALID_ARG,  # noqa: SLF001 - its name for what the client refuses
    }
    reason = str(error.str())
    if error.code() in never:
        return InvalidInput("kafka: {reason}", reason=reason)
    return Unavailable("kafka: {reason}", reason=reason)
