"""Builds the channels with their send workers and receipts, and the schedule, from settings."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeAlias

from fanzha.errors import InvalidConfiguration, InvalidInput
from fanzha.tracing.tracer import Tracer
from infra.periodic import run_periodically
from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import StreamConsumer
from services.settings.settings import Settings
from services.warning.cases.listing import CaseListing
from services.warning.cases.opening import Router
from services.warning.cases.store import CaseStore
from services.warning.channels import address_filter
from services.warning.channels.channel import ChannelSender, OnReceipt, OnReply
from services.warning.channels.city_queues import CityQueues, QueueReceipts
from services.warning.channels.kafka import KafkaSender
from services.warning.channels.sink import TestSink
from services.warning.channels.smpp import SmppSender
from services.warning.channels.smpp_link import SmppEndpoint
from services.warning.channels.webhook import WebhookSender
from services.warning.dispatch.delivery_log import DeliveryLog
from services.warning.dispatch.delivery_records import DeliveryRecords
from services.warning.dispatch.message_records import MessageRecords, RoutedRecords
from services.warning.dispatch.metrics import ChannelMetrics
from services.warning.dispatch.permits import SendPermit
from services.warning.dispatch.receipts import GROUP, Receipts
from services.warning.dispatch.schedule import Schedule
from services.warning.dispatch.send_worker import SendWorker

logger = logging.getLogger(__name__)
CHANNELS = ("sms", "voice", "in_person")
MakeSender: TypeAlias = Callable[[OnReceipt], ChannelSender]
"""Builds a sender that somebody above brings along; it gives its receipts to the function."""
_EVERY_SECONDS = 5.0
_PASSWORD_LENGTH = 8


class DispatchDependencies(Protocol):
    """The part of `services.warning.wiring.WarningPipeline` that dispatch needs."""

    @property
    def store(self) -> CaseStore:
        """Store of cases."""

    @property
    def listing(self) -> CaseListing:
        """Listing of cases."""

    @property
    def delivery(self) -> DeliveryRecords:
        """Records of delivery."""

    @property
    def dead(self) -> DeadLetters:
        """Dead letters."""

    @property
    def consumer(self) -> str:
        """Consumer name of this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRuntime:
    """A channel with its worker and receipts."""

    sender: ChannelSender
    worker: SendWorker
    receipts: Receipts
    receipt_consumer: StreamConsumer
    queue_receipts: QueueReceipts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRuntime:
    """All channels, and the schedule."""

    channels: list[ChannelRuntime]
    schedule: Schedule

    def start(self) -> "list[asyncio.Task[None]]":
        """Start the background tasks."""
        running = [asyncio.create_task(self.schedule.run())]
        for one in self.channels:
            running.append(asyncio.create_task(one.worker.run()))
            running.append(asyncio.create_task(one.receipt_consumer.run()))
            running.append(asyncio.create_task(_upkeep(one)))
        return running

    async def drain(self, seconds: float) -> None:
        """Stop reading, and wait up to *seconds* for messages in flight."""
        await asyncio.gather(*(one.worker.drain(seconds) for one in self.channels))

    async def close(self) -> None:
        """Close the channels, once nothing is in flight."""
        await asyncio.gather(*(one.sender.close() for one in self.channels))


def build(
    settings: Settings,
    client: Client,
    *,
    pipeline: DispatchDependencies,
    router: Router,
    metrics: ChannelMetrics,
    now_ms: Callable[[], int],
    permit: SendPermit | None = None,
    tracer: Tracer | None = None,
    on_reply: OnReply | None = None,
    senders: Mapping[str, MakeSender] = MappingProxyType({}),
    education: MessageRecords | None = None,
) -> DispatchRuntime:
    """Build each configured channel; must run inside an event loop.

    *on_reply* takes what people write back; without, it is counted only. *senders* take precedence
    over those of settings, by channel, unless everything goes to the test sink. *education* records
    the results of educational messages.
    """
    record: MessageRecords = DeliveryLog(pipeline.store, pipeline.delivery, router, now_ms=now_ms)
    if education is not None:
        record = RoutedRecords(record, education)
    builder = _ChannelBuilder(
        settings=settings,
        client=client,
        pipeline=pipeline,
        record=record,
        metrics=metrics,
        now_ms=now_ms,
        permit=permit,
        tracer=tracer,
        on_reply=on_reply,
        senders=senders,
    )
    channels = [builder.build(name) for name in CHANNELS]
    return DispatchRuntime(
        channels=[one for one in channels if one is not None],
        schedule=_schedule(client, pipeline, router, metrics, now_ms),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChannelBuilder:
    """Builds channels; they share all of this."""

    settings: Settings
    client: Client
    pipeline: DispatchDependencies
    record: MessageRecords
    metrics: ChannelMetrics
    now_ms: Callable[[], int]
    permit: SendPermit | None
    tracer: Tracer | None
    on_reply: OnReply | None
    senders: Mapping[str, MakeSender]

    def build(self, name: str) -> ChannelRuntime | None:
        """Build a channel; None where no sender is configured for it."""
        receipts = Receipts(
            client=self.client,
            channel=name,
            record=self.record,
            now_ms=self.now_ms,
            counted=self.metrics.counted,
        )
        sender = self._sender(name, receipts.store)
        if sender is None:
            logger.warning("no sender is configured for %s: its messages stay queued", name)
            return None
        return ChannelRuntime(
            sender=sender,
            worker=self._worker(name, sender),
            receipts=receipts,
            receipt_consumer=self._receipt_consumer(receipts),
            queue_receipts=self._queue_receipts(name, sender, receipts),
        )

    def _sender(self, name: str, on_receipt: OnReceipt) -> ChannelSender | None:
        if name in self.senders and not self.settings.warning_test_mode:
            return self.senders[name](on_receipt)
        return _sender(self.settings, self.client, name, on_receipt, self.on_reply)

    def _worker(self, name: str, sender: ChannelSender) -> SendWorker:
        return SendWorker(
            client=self.client,
            channel=name,
            sender=sender,
            record=self.record,
            dead=self.pipeline.dead,
            consumer=self.pipeline.consumer,
            now_ms=self.now_ms,
            permit=self.permit,
            tracer=self.tracer,
            on_disk=self.settings.warning_claims_on_disk,
            claim_ms=self.settings.warning_claim_ms,
            counted=self.metrics.counted,
        )

    def _receipt_consumer(self, receipts: Receipts) -> StreamConsumer:
        return StreamConsumer(
            ConsumerGroup(
                self.client, stream=receipts.stream, group=GROUP, consumer=self.pipeline.consumer
            ),
            receipts.handle,
            dead_letters=self.pipeline.dead,
            now_ms=self.now_ms,
            drop=True,
            claim_ms=self.settings.warning_claim_ms,
        )

    def _queue_receipts(
        self, name: str, sender: ChannelSender, receipts: Receipts
    ) -> QueueReceipts | None:
        """Return the collector of a call centre's acknowledgements; None for other senders."""
        if not isinstance(sender, CityQueues):
            return None
        return QueueReceipts(self.client, name, on_receipt=receipts.store, now_ms=self.now_ms)


def _schedule(
    client: Client,
    pipeline: DispatchDependencies,
    router: Router,
    metrics: ChannelMetrics,
    now_ms: Callable[[], int],
) -> Schedule:
    return Schedule(
        client=client,
        store=pipeline.store,
        listing=pipeline.listing,
        router=router,
        now_ms=now_ms,
        owner=pipeline.consumer,
        counted=metrics.escalated,
    )


def _sender(
    settings: Settings,
    client: Client,
    channel: str,
    on_receipt: OnReceipt,
    on_reply: OnReply | None,
) -> ChannelSender | None:
    if settings.warning_test_mode:
        return TestSink(client, channel)
    if settings.warning_webhook_url and channel in settings.warning_webhook_channels.split(","):
        return _webhook(settings)
    if settings.warning_kafka_servers and channel in settings.warning_kafka_channels.split(","):
        return _kafka(settings)
    if channel != "sms":
        return CityQueues(client, channel)
    if not settings.warning_smpp_address:
        return None
    host, _, port = settings.warning_smpp_address.rpartition(":")
    password = _lines(settings.warning_smpp_password_file)
    if password and len(password[0]) > _PASSWORD_LENGTH:
        raise InvalidConfiguration(
            "warning_smpp_password_file: SMPP passwords have 8 characters at most"
        )
    return SmppSender(
        SmppEndpoint(
            host=host.strip("[]"),
            port=int(port),
            system_id=settings.warning_smpp_system_id,
            password=password[0] if password else "",
            system_type=settings.warning_smpp_system_type,
            tls=ssl.create_default_context() if settings.warning_smpp_tls else None,
        ),
        source=settings.warning_smpp_source,
        on_receipt=on_receipt,
        on_reply=on_reply,
        window=settings.warning_smpp_window,
        per_second=settings.warning_smpp_per_second,
    )


def _webhook(settings: Settings) -> WebhookSender:
    try:
        return WebhookSender(
            settings.warning_webhook_url,
            _lines(settings.warning_webhook_secrets_file),
            networks=address_filter.parse_networks(settings.warning_webhook_networks),
        )
    except InvalidInput as error:
        raise InvalidConfiguration(
            "warning_webhook_url, warning_webhook_secrets_file, warning_webhook_networks: {error}",
            error=error,
        ) from error


def _kafka(settings: Settings) -> ChannelSender:
    options = dict(line.partition("=")[::2] for line in _lines(settings.warning_kafka_options_file))
    try:
        return KafkaSender(
            settings.warning_kafka_servers, settings.warning_kafka_topic, options=options
        )
    except ImportError as error:
        raise InvalidConfiguration("warning_kafka_servers: needs the extra kafka") from error


def _lines(file: Path | None) -> list[str]:
    """Return the stripped non-empty lines of a file."""
    return [line.strip() for line in file.read_text().splitlines() if line.strip()] if file else []


async def _upkeep(channel: ChannelRuntime) -> None:
    """Retry unmatched receipts, and collect acknowledgements of call centres."""

    async def step() -> None:
        await channel.receipts.bring_back()
        if channel.queue_receipts is not None:
            await channel.queue_receipts.step()

    await run_periodically(
        step, every_seconds=_EVERY_SECONDS, task="receipt maintenance", logger=logger
    )
