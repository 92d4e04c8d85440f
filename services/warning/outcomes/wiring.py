"""Builds the consumer of outcomes, for the process of list administration."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from prometheus_client import CollectorRegistry, Counter, Gauge

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
from services.warning.outcomes.proposals import ProposalService
from services.warning.outcomes.reliability import RetirementRule
from services.warning.outcomes.service import OutcomeService

LOOK_SECONDS = 2.0
_TIDY_EVERY = 1800
"""Looks, so once an hour."""
_GONE_MS = 86_400_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRuntime:
    """The consumer of outcomes, and its delay queue."""

    consumer: StreamConsumer
    delayed: DelayQueue
    now_ms: Callable[[], int]
    waiting: Gauge

    def start(self) -> "list[asyncio.Task[None]]":
        """Start the background tasks."""
        return [asyncio.create_task(one) for one in (self.consumer.run(), self._look_after())]

    async def _look_after(self) -> None:
        looks = count()

        async def step() -> None:
            look = next(looks)
            await self.delayed.bring_back(self.now_ms())
            held, lag = await self.consumer.group.backlog()
            self.waiting.labels("stream").set(held + lag if lag >= 0 else -1)
            self.waiting.labels("delayed").set(await self.delayed.count())
            if look % _TIDY_EVERY == 0:
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
    counter = Counter(
        "fanzha_warning_outcomes",
        "Actions because of outcomes of cases, by outcome and result: docs/how-to/outcomes.md.",
        ["outcome", "what"],
        registry=registry,
    )
    dead = Counter(
        "fanzha_warning_outcomes_dead_letters",
        "Outcomes given up after all retries.",
        registry=registry,
    )
    waiting = Gauge(
        "fanzha_warning_outcomes_waiting",
        "Closed cases not yet acted on: in the stream (-1: unknown), or delayed.",
        ["where"],
        registry=registry,
    )
    delayed = DelayQueue(client, keys.OUTCOMES)
    records = EntryOutcomeStore(client)
    applied = AppliedLog(client, retention_days=settings.warning_retention_days)
    store = CaseStore(client, retention_days=settings.warning_retention_days)
    actions = OutcomeService(
        store=store,
        applied=applied,
        entries=EntryActions(
            listing=CaseListing(client, store),
            records=records,
            applied=applied,
            proposals=proposals,
            rule=RetirementRule(
                floor=settings.warning_reliability_floor, cases=settings.warning_reliability_cases
            ),
            now_ms=now_ms,
        ),
        losses=LossProposals(records=records, applied=applied, proposals=proposals, now_ms=now_ms),
        delayed=delayed,
        now_ms=now_ms,
        counted=lambda outcome, what: counter.labels(outcome, what).inc(),
    )
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    consumer = StreamConsumer(
        ConsumerGroup(client, stream=keys.OUTCOMES, group=service.GROUP, consumer=name),
        actions.handle,
        dead_letters=DeadLetters(client, keys.DEAD_LETTERS),
        now_ms=now_ms,
        on_dead_letter=lambda _stream: dead.inc(),
        drop=True,
        batch=1,  # a proposal may take seconds: the decision log is asked for its impact
        claim_ms=settings.warning_claim_ms,
    )
    return OutcomeRuntime(consumer=consumer, delayed=delayed, now_ms=now_ms, waiting=waiting)
