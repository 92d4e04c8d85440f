"""Builds the consumer of outcomes, for the process of list administration."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from prometheus_client import CollectorRegistry

from infra.periodic import run_periodically
from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup
from infra.redis.dead_letters import DeadLetters
from infra.redis.delay_queue import DelayQueue
from infra.redis.stream_consumer import StreamConsumer
from services.settings.settings import Settings
from services.warning import keys
from services.warning.cases.listing import CaseListing
from services.warning.cases.store import CaseStore
from services.warning.outcomes import service
from services.warning.outcomes.applied_log import AppliedLog
from services.warning.outcomes.entry_actions import EntryActions
from services.warning.outcomes.entry_outcomes import EntryOutcomeStore
from services.warning.outcomes.losses import LossProposals
from services.warning.outcomes.metrics import OutcomeMetrics
from services.warning.outcomes.proposals import ProposalService
from services.warning.outcomes.reliability import RetirementRule
from services.warning.outcomes.service import OutcomeService

LOOK_SECONDS = 5.0
_TIDY_EVERY = 720
"""Rounds, so once an hour."""
_GONE_MS = 86_400_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRuntime:
    """The consumer of outcomes, and its delay queue."""

    consumer: StreamConsumer
    delayed: DelayQueue
    now_ms: Callable[[], int]
    metrics: OutcomeMetrics

    def start(self) -> "list[asyncio.Task[None]]":
        """Start the background tasks."""
        return [asyncio.create_task(one) for one in (self.consumer.run(), self._look_after())]

    async def _look_after(self) -> None:
        rounds = count()

        async def step() -> None:
            number = next(rounds)
            await self.delayed.bring_back(self.now_ms())
            held, lag = await self.consumer.group.backlog()
            in_stream = held + lag if lag >= 0 else -1
            self.metrics.backlog(in_stream, await self.delayed.count())
            if number % _TIDY_EVERY == 0:
                await self.consumer.group.remove_idle_consumers(_GONE_MS)

        await run_periodically(
            step, every_seconds=LOOK_SECONDS, task="outcome maintenance", logger=logger
        )


def build(
    settings: Settings,
    client: Client,
    *,
    proposals: ProposalService,
    registry: CollectorRegistry,
    now_ms: Callable[[], int],
) -> OutcomeRuntime:
    """Build the runtime; *client* must decode answers."""
    metrics, delayed = OutcomeMetrics(registry), DelayQueue(client, keys.OUTCOMES)
    handler = _service(
        settings, client, proposals=proposals, delayed=delayed, metrics=metrics, now_ms=now_ms
    )
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    consumer = StreamConsumer(
        ConsumerGroup(client, stream=keys.OUTCOMES, group=service.GROUP, consumer=name),
        handler.handle,
        dead_letters=DeadLetters(client, keys.DEAD_LETTERS),
        now_ms=now_ms,
        on_dead_letter=lambda _stream: metrics.dead_letter(),
        drop=True,
        batch=1,  # a proposal may take seconds: the decision log is asked for its impact
        claim_ms=settings.warning_claim_ms,
    )
    return OutcomeRuntime(consumer=consumer, delayed=delayed, now_ms=now_ms, metrics=metrics)


def _service(
    settings: Settings,
    client: Client,
    *,
    proposals: ProposalService,
    delayed: DelayQueue,
    metrics: OutcomeMetrics,
    now_ms: Callable[[], int],
) -> OutcomeService:
    records = EntryOutcomeStore(client)
    applied = AppliedLog(client, retention_days=settings.warning_retention_days)
    store = CaseStore(client, retention_days=settings.warning_retention_days)
    rule = RetirementRule(
        floor=settings.warning_reliability_floor, cases=settings.warning_reliability_cases
    )
    return OutcomeService(
        store=store,
        applied=applied,
        entries=EntryActions(
            listing=CaseListing(client, store),
            records=records,
            applied=applied,
            proposals=proposals,
            rule=rule,
            now_ms=now_ms,
        ),
        losses=LossProposals(records=records, applied=applied, proposals=proposals, now_ms=now_ms),
        delayed=delayed,
        now_ms=now_ms,
        counted=metrics.action,
    )
