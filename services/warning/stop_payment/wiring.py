"""Builds the hand-over to the stop-payment desk from settings, for the warning process."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from fanzha.errors import InvalidConfiguration, InvalidInput
from infra.periodic import run_periodically
from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import StreamConsumer
from services.audit.events import Audit
from services.settings.settings import Settings
from services.warning import keys
from services.warning.cases.store import CaseStore
from services.warning.channels import address_filter
from services.warning.channels.webhook_endpoint import WebhookEndpoint
from services.warning.stop_payment.handler import GROUP, MAX_TRIES, StopPaymentHandler
from services.warning.stop_payment.metrics import StopPaymentMetrics

logger = logging.getLogger(__name__)
_ANSWER_BYTES = 8192
_BATCH = 16
_EVERY_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPaymentRuntime:
    """The consumer of the stream, its metrics and its endpoint."""

    consumer: StreamConsumer
    metrics: StopPaymentMetrics
    endpoint: WebhookEndpoint

    def start(self) -> "list[asyncio.Task[None]]":
        """Start the background tasks."""
        counting = run_periodically(
            self.metrics.refresh,
            every_seconds=_EVERY_SECONDS,
            task="stop payment backlog",
            logger=logger,
        )
        return [asyncio.create_task(self.consumer.run()), asyncio.create_task(counting)]

    async def close(self) -> None:
        """Close the connections to the desk."""
        await self.endpoint.close()


def build(
    settings: Settings,
    client: Client,
    *,
    cases: CaseStore,
    audit: Audit,
    dead: DeadLetters,
    name: str,
    registry: CollectorRegistry,
    now_ms: Callable[[], int],
) -> StopPaymentRuntime | None:
    """Build it, for the consumer *name*; None where there is no desk to hand over to."""
    if not settings.warning_stop_payment_url:
        return None
    endpoint = _endpoint(settings)
    metrics = StopPaymentMetrics(
        client,
        registry,
        receipt_minutes=settings.warning_stop_payment_receipt_minutes,
        now_ms=now_ms,
    )
    handler = StopPaymentHandler(
        cases=cases,
        endpoint=endpoint,
        audit=audit,
        whole_number=settings.warning_stop_payment_number == "whole",
        now_ms=now_ms,
        counted=metrics.counted,
    )
    consumer = StreamConsumer(
        ConsumerGroup(client, stream=keys.STOP_PAYMENTS, group=GROUP, consumer=name),
        handler.handle,
        dead_letters=dead,
        now_ms=now_ms,
        drop=True,
        batch=_BATCH,
        max_tries=MAX_TRIES,
        claim_ms=settings.warning_claim_ms,
    )
    return StopPaymentRuntime(consumer=consumer, metrics=metrics, endpoint=endpoint)


def _endpoint(settings: Settings) -> WebhookEndpoint:
    file = settings.warning_stop_payment_secrets_file
    secrets = [line.strip() for line in file.read_text().splitlines()] if file else []
    try:
        return WebhookEndpoint(
            settings.warning_stop_payment_url,
            [one for one in secrets if one],
            networks=address_filter.parse_networks(settings.warning_stop_payment_networks),
            answer_bytes=_ANSWER_BYTES,
        )
    except InvalidInput as error:
        raise InvalidConfiguration(
            "warning_stop_payment_url, warning_stop_payment_secrets_file, "
            "warning_stop_payment_networks: {error}",
            error=error,
        ) from error
