"""Builds the warning pipeline from settings and a store."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from fanzha.phone import HomePlan
from fanzha.tracing.tracer import Tracer
from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import StreamConsumer
from services.audit.forwarder import AuditForwarder
from services.decision.sinks.hit_store import CONFIRMED, DISMISSED
from services.settings.settings import Settings
from services.warning import keys
from services.warning.backfill.runner import BackfillRunner
from services.warning.backfill.store import BackfillStore
from services.warning.cases.listing import CaseListing
from services.warning.cases.metrics import CaseBacklogMetrics, CaseMetrics
from services.warning.cases.opening import PlainRouter, Router
from services.warning.cases.store import CaseStore
from services.warning.dispatch import outbox_relay
from services.warning.dispatch.delivery_records import DeliveryRecords
from services.warning.dispatch.outbox_relay import (
    Composer,
    OnWritten,
    OutboxRelay,
    PlainComposer,
    nothing_more,
)
from services.warning.intake import own_hits
from services.warning.intake.dismissals import DismissalHandler
from services.warning.intake.own_hits import OwnHitIntake
from services.warning.intake.parser import WarningParser
from services.warning.intake.service import WarningIntake
from services.warning.intake.sources import WarningSources
from services.warning.intake.submission import WarningSubmission
from services.warning.metrics import WarningMetrics
from services.warning.model import Tier
from services.warning.outcomes.entry_outcomes import EntryOutcomeStore
from services.warning.retractions import notices
from services.warning.retractions.handler import (
    GROUP,
    CaseRetractor,
    CorrectionPolicy,
    RetractionHandler,
)
from services.warning.retractions.late_hits import LateHits
from services.warning.retractions.notices import RetractionStore
from services.warning.retractions.withdrawal import MessageWithdrawal
from services.warning.stream_maintenance import StreamMaintenance


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningPipeline:
    """The parts that others need to backfill, and what goes on in the background."""

    store: CaseStore
    listing: CaseListing
    reader: WarningParser
    intake: WarningIntake
    submission: WarningSubmission
    sources: WarningSources
    delivery: DeliveryRecords
    dead: DeadLetters
    hits: StreamConsumer
    dismissals: StreamConsumer
    retractions: StreamConsumer
    relays: list[StreamConsumer]
    backfills: BackfillRunner
    upkeep: StreamMaintenance
    consumer: str
    """Consumer name of this process."""

    def start(self) -> "list[asyncio.Task[None]]":
        """Start the background tasks."""
        working = [
            self.hits.run(),
            self.dismissals.run(),
            self.retractions.run(),
            *(one.run() for one in self.relays),
            self.backfills.run(),
            self.upkeep.run(),
        ]
        return [asyncio.create_task(one) for one in working]


def build(
    settings: Settings,
    client: Client,
    *,
    registry: CollectorRegistry,
    now_ms: Callable[[], int],
    router: Router | None = None,
    composer: Composer | None = None,
    written: OnWritten = nothing_more,
    tracer: Tracer | None = None,
) -> WarningPipeline:
    """Build the pipeline; *client* must decode answers. *written* is told of each message."""
    builder = _Builder(settings, client, registry=registry, now_ms=now_ms, tracer=tracer)
    store, sources = builder.store(), WarningSources(client)
    intake = WarningIntake(
        client=client, store=store, router=router or PlainRouter(), now_ms=now_ms
    )
    warning_parser = builder.warning_parser()
    relays = builder.relays(store, composer or PlainComposer(), written)
    streams = builder.streams(intake, store)
    return WarningPipeline(
        store=store,
        listing=CaseListing(client, store),
        reader=warning_parser,
        intake=intake,
        submission=WarningSubmission(
            intake=intake,
            warning_parser=warning_parser,
            sources=sources,
            counted=builder.metrics.submitted,
        ),
        sources=sources,
        delivery=DeliveryRecords(store, now_ms=now_ms),
        dead=builder.dead,
        **streams,
        relays=relays,
        backfills=builder.backfills(intake),
        upkeep=builder.maintenance(streams, relays, registry),
        consumer=builder.consumer,
    )


class _Builder:
    """Builds the consumers of one process from shared settings, metrics and consumer name."""

    def __init__(
        self,
        settings: Settings,
        client: Client,
        *,
        registry: CollectorRegistry,
        now_ms: Callable[[], int],
        tracer: Tracer | None = None,
    ) -> None:
        self._settings = settings
        self._tracer = tracer
        self._client = client
        self._now_ms = now_ms
        self._case_metrics = CaseMetrics(registry)
        self.metrics = WarningMetrics(registry)
        self.dead = DeadLetters(client, keys.DEAD_LETTERS)
        self.consumer = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"

    def store(self) -> CaseStore:
        return CaseStore(
            self._client,
            retention_days=self._settings.warning_retention_days,
            committed=self._case_metrics.committed,
        )

    def warning_parser(self) -> WarningParser:
        return WarningParser(
            HomePlan(self._settings.home_country),
            now_ms=self._now_ms,
            max_age_hours=self._settings.warning_max_age_hours,
        )

    def streams(self, intake: WarningIntake, store: CaseStore) -> dict[str, StreamConsumer]:
        return {
            "hits": self.hits(intake, store),
            "dismissals": self.dismissals(store),
            "retractions": self.retractions(store),
        }

    def hits(self, intake: WarningIntake, store: CaseStore) -> StreamConsumer:
        handler = OwnHitIntake(
            intake,
            now_ms=self._now_ms,
            max_age_hours=self._settings.warning_max_age_hours,
            counted=self.metrics.hits,
            wrong_among=RetractionStore(self._client).wrong_among,
            tracer=self._tracer,
            withdraw=LateHits(store, self._retractor(store)).withdraw,
        )
        return self._hit_consumer(CONFIRMED, handler.handle)

    def dismissals(self, store: CaseStore) -> StreamConsumer:
        handler = DismissalHandler(store, retractor=self._retractor(store), now_ms=self._now_ms)
        return self._hit_consumer(DISMISSED, handler.handle)

    def retractions(self, store: CaseStore) -> StreamConsumer:
        handler = RetractionHandler(
            retractor=self._retractor(store),
            listing=CaseListing(self._client, store),
            retractions=RetractionStore(self._client),
            records=EntryOutcomeStore(self._client),
            audit=AuditForwarder(self._client, self.consumer),
            now_ms=self._now_ms,
            max_age_hours=self._settings.warning_max_age_hours,
        )
        return StreamConsumer(
            ConsumerGroup(self._client, stream=notices.STREAM, group=GROUP, consumer=self.consumer),
            handler.handle,
            dead_letters=self.dead,
            now_ms=self._now_ms,
            on_dead_letter=self.metrics.dead_letter,
            drop=True,
            # A notice may concern many cases; one at a time keeps the rate bounded.
            batch=1,
            claim_ms=self._settings.warning_claim_ms,
        )

    def _retractor(self, store: CaseStore) -> CaseRetractor:
        settings = self._settings
        return CaseRetractor(
            store=store,
            withdrawal=MessageWithdrawal(self._client, owner=self.consumer),
            policy=CorrectionPolicy(
                channels=frozenset(filter(None, settings.warning_correction_channels.split(","))),
                least_tier=Tier[settings.warning_correction_tier.upper()],
            ),
            now_ms=self._now_ms,
            counted=self.metrics.retracted,
        )

    def relays(
        self, store: CaseStore, composer: Composer, written: OnWritten
    ) -> list[StreamConsumer]:
        relay = OutboxRelay(
            client=self._client,
            store=store,
            composer=composer,
            now_ms=self._now_ms,
            relayed=self.metrics.relayed,
            written=written,
        )
        return outbox_relay.consumers(
            self._client,
            relay,
            consumer=self.consumer,
            dead=self.dead,
            now_ms=self._now_ms,
            died=self.metrics.dead_letter,
            claim_ms=self._settings.warning_claim_ms,
        )

    def backfills(self, intake: WarningIntake) -> BackfillRunner:
        return BackfillRunner(
            BackfillStore(self._client),
            intake,
            worker=self.consumer,
            now_ms=self._now_ms,
            counted=self.metrics.backfilled,
        )

    def maintenance(
        self,
        streams: Mapping[str, StreamConsumer],
        relays: list[StreamConsumer],
        registry: CollectorRegistry,
    ) -> StreamMaintenance:
        return StreamMaintenance(
            streams={name: one.group for name, one in streams.items()},
            outboxes=[one.group for one in relays],
            dead=self.dead,
            metrics=self.metrics,
            cases=CaseBacklogMetrics(self._client, registry, now_ms=self._now_ms),
        )

    def _hit_consumer(
        self, stream: str, handle: Callable[[Sequence[StreamEntry]], Awaitable[None]]
    ) -> StreamConsumer:
        return StreamConsumer(
            ConsumerGroup(
                self._client, stream=stream, group=own_hits.GROUP, consumer=self.consumer
            ),
            handle,
            dead_letters=self.dead,
            now_ms=self._now_ms,
            on_dead_letter=self.metrics.dead_letter,
            claim_ms=self._settings.warning_claim_ms,
        )
