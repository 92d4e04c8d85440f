"""Produces warnings to a Kafka topic; needs the extra ``kafka`` (confluent-kafka, librdkafka).

All in-sync replicas acknowledge, and the producer is idempotent, so retries of librdkafka do not
duplicate a record. A crash of this process may: consumers deduplicate by the key, the message id.
Values are CloudEvents in structured JSON, as for webhooks.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from infra.clock import now_ms
from services.warning.channels import cloud_events
from services.warning.channels.channel import Outgoing, SendResult

_AGAIN_SECONDS = 10.0
_POLL_SECONDS = 0.05
_FLUSH_SECONDS = 5.0


class KafkaSender:
    """Sends messages to a topic."""

    repeatable = True

    def __init__(
        self,
        servers: str,
        topic: str,
        *,
        source: str = "fanzha",
        timeout_ms: int = 15_000,
        width: int = 256,
        options: Mapping[str, Any] | None = None,
        time_ms: Callable[[], int] = now_ms,
    ) -> None:
        """*options* are librdkafka options, such as those for TLS and SASL."""
        from confluent_kafka import Producer  # noqa: PLC0415 - in an extra

        settings = {
            "bootstrap.servers": servers,
            "acks": "all",
            "enable.idempotence": True,
            "delivery.timeout.ms": timeout_ms,
            "linger.ms": 5,
        }
        self._producer = Producer(settings | dict(options or {}))
        self._topic = topic
        self._source = source
        self._time_ms = time_ms
        self.width = width
        self._polling = asyncio.create_task(self._poll())

    async def ready(self) -> None:
        """Return at once: librdkafka connects on demand."""

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Produce a record, and wait for its acknowledgement."""
        content_type, body = cloud_events.written(outgoing, self._source, self._time_ms())
        loop = asyncio.get_running_loop()
        result: asyncio.Future[SendResult] = loop.create_future()

        def reported(error: Any, record: Any) -> None:
            if not result.done():
                result.set_result(_send_result(error, record))

        try:
            self._producer.produce(
                self._topic,
                key=outgoing.message_id,
                value=body.encode(),
                headers={"content-type": content_type},
                on_delivery=reported,
            )
        except BufferError:
            return SendResult(error="the queue of the producer is full", retry_after=1.0, down=True)
        return await result

    async def close(self) -> None:
        """Flush messages in flight, with a timeout."""
        self._polling.cancel()
        await asyncio.gather(self._polling, return_exceptions=True)
        await asyncio.to_thread(self._producer.flush, _FLUSH_SECONDS)

    async def _poll(self) -> None:
        # Delivery reports are called from poll, in this thread, so no lock is needed.
        while True:
            self._producer.poll(0)
            await asyncio.sleep(_POLL_SECONDS)


def _send_result(error: Any, record: Any) -> SendResult:
    if error is None:
        return SendResult(
            accepted=True,
            provider_ids=(f"{record.topic()}/{record.partition()}/{record.offset()}",),
        )
    # The record may be in the topic nevertheless; consumers deduplicate.
    return SendResult(error=str(error.str()), retry_after=_AGAIN_SECONDS, in_doubt=True)
