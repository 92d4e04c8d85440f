"""Builds the warning pipeline from settings and a store."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from fanzha.phone import HomePlan
from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import StreamConsumer
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
from services.warning.dispatch.outbox_relay import Composer, OutboxRelay, PlainComposer
from services.warning.intake import own_hits
from services.warning.intake.dismissals import DismissalHandler
from services.warning.intake.own_hits import OwnHitIntake
from services.warning.intake.parser import WarningParser
from services.warning.intake.service import WarningIntake
from services.warning.intake.sources import WarningSources
from services.warning.intake.submission import WarningSubmission
from services.warning.metrics import WarningMetrics
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
) -> WarningPipeline:
    """Build the pipeline; *client* must decode answers."""
    metrics = WarningMetrics(registry)
    store = CaseStore(
        client,
        retention_days=settings.warning_retention_days,
        committed=CaseMetrics(registry).committed,
    )
    intake = WarningIntake(
        client=client, store=store, router=router or PlainRouter(), now_ms=now_ms
    )
    dead, sources = DeadLetters(client, keys.DEAD_LETTERS), WarningSources(client)
    consumer = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    reader = WarningParser(
        HomePlan(settings.home_country),
        now_ms=now_ms,
        max_age_hours=settings.warning_max_age_hours,
    )
    hits = OwnHitIntake(
        intake,
        now_ms=now_ms,
        max_age_hours=settings.warning_max_age_hours,
        counted=metrics.hits,
    )
    handing = OutboxRelay(
        client=client,
        store=store,
        composer=composer or PlainComposer(),
        now_ms=now_ms,
        relayed=metrics.relayed,
    )
    hit_group = ConsumerGroup(client, stream=CONFIRMED, group=own_hits.GROUP, consumer=consumer)
    relays = outbox_relay.consumers(
        client,
        handing,
        consumer=consumer,
        dead=dead,
        now_ms=now_ms,
        died=metrics.dead_letter,
        claim_ms=settings.warning_claim_ms,
    )
    return WarningPipeline(
        store=store,
        listing=CaseListing(client, store),
        reader=reader,
        intake=intake,
        submission=WarningSubmission(
            intake=intake, warning_parser=reader, sources=sources, counted=metrics.submitted
        ),
        sources=sources,
        delivery=DeliveryRecords(store, now_ms=now_ms),
        dead=dead,
        hits=StreamConsumer(
            hit_group,
            hits.handle,
            dead_letters=dead,
            now_ms=now_ms,
            on_dead_letter=metrics.dead_letter,
            claim_ms=settings.warning_claim_ms,
        ),
        dismissals=StreamConsumer(
            ConsumerGroup(client, stream=DISMISSED, group=own_hits.GROUP, consumer=consumer),
            DismissalHandler(store, now_ms=now_ms).handle,
            dead_letters=dead,
            now_ms=now_ms,
            on_dead_letter=metrics.dead_letter,
            claim_ms=settings.warning_claim_ms,
        ),
        relays=relays,
        backfills=BackfillRunner(
            BackfillStore(client),
            intake,
            worker=consumer,
            now_ms=now_ms,
            counted=metrics.backfilled,
        ),
        upkeep=StreamMaintenance(
            hits=hit_group,
            outboxes=[one.group for one in relays],
            dead=dead,
            metrics=metrics,
            cases=CaseBacklogMetrics(client, registry, now_ms=now_ms),
        ),
        consumer=consumer,
    )
