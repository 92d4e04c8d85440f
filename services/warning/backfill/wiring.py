"""Builds the background work and the services of backfills and suspected hits from settings."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import cache
from typing import Any

from fanzha.phone import HomePlan
from infra.redis.client import Client
from services.audit.events import Audit
from services.decision.sinks.hit_store import HitStore
from services.decision_log import options as decision_log
from services.decision_log.recipients import RecipientQuery
from services.feedback.service import FeedbackService
from services.settings.settings import Settings
from services.warning.backfill.counter import BackfillMode, RecipientCounter
from services.warning.backfill.list_log import ListLog
from services.warning.backfill.lookback import Lookback
from services.warning.backfill.metrics import BackfillMetrics
from services.warning.backfill.pending_service import PendingBackfillService
from services.warning.backfill.pending_store import PendingBackfillStore
from services.warning.backfill.start import BackfillStarter
from services.warning.backfill.store import BackfillStore
from services.warning.backfill.suspected_hits import SuspectedHitService
from services.warning.backfill.trigger import BackfillTrigger
from services.warning.cases.opening import Router
from services.warning.policy import rulebook
from services.warning.policy.in_force import WarningPolicyInForce
from services.warning.policy.router import PolicyRouter

_FLUSHES = 2
_MORE_SECONDS = 2.0
"""Flush intervals and extra seconds after which the log has all earlier decisions, even on a busy
machine. Counted earlier, recipients would be missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillBackground:
    """The background work of backfills in `fanzha warn`."""

    trigger: BackfillTrigger
    counter: RecipientCounter
    lists: Client

    def running(self) -> list[Coroutine[Any, Any, None]]:
        """Return the coroutines to run until cancelled."""
        return [self.trigger.run(), self.counter.run()]

    async def close(self) -> None:
        """Close the connection to the list store."""
        await self.lists.aclose()


def build_background(
    settings: Settings,
    client: Client,
    *,
    lists: Client,
    router: Router,
    audit: Audit,
    worker: str,
    metrics: BackfillMetrics,
    now_ms: Callable[[], int],
) -> BackfillBackground:
    """Build the background work of `fanzha warn`; *client* must decode answers, *lists* not."""
    store = PendingBackfillStore(client)
    settle_s = _FLUSHES * settings.decision_log_flush_seconds + _MORE_SECONDS
    mode = BackfillMode(settings.warning_backfill_mode)
    return BackfillBackground(
        trigger=BackfillTrigger(
            ListLog(lists),
            store,
            days=settings.warning_backfill_days,
            most_entries=settings.warning_backfill_max_entries,
            proposes=mode is not BackfillMode.OFF,
            now_ms=now_ms,
            metrics=metrics,
        ),
        counter=RecipientCounter(
            store,
            _lookback(settings, _always(router), now_ms),
            BackfillStarter(BackfillStore(client), audit, now_ms=now_ms),
            worker=worker,
            mode=mode,
            most_people=settings.warning_backfill_start_max_people,
            settle_ms=int(settle_s * 1000),
            now_ms=now_ms,
            metrics=metrics,
        ),
        lists=lists,
    )


def build_pending_service(
    settings: Settings,
    client: Client,
    *,
    audit: Audit,
    metrics: BackfillMetrics,
    now_ms: Callable[[], int],
    policies: WarningPolicyInForce,
) -> PendingBackfillService:
    """Build the service for list administration; *client* must decode answers."""

    @cache
    def built() -> PolicyRouter:
        book = rulebook.load(settings)
        return PolicyRouter(regions=book.regions, policy=book.policy, context=book.context)

    async def router() -> Router:
        found = await asyncio.to_thread(built)
        found.use((await policies.current()).tiers)
        return found

    return PendingBackfillService(
        PendingBackfillStore(client),
        _lookback(settings, router, now_ms),
        BackfillStarter(BackfillStore(client), audit, now_ms=now_ms),
        audit=audit,
        now_ms=now_ms,
        metrics=metrics,
    )


def build_suspected_hits(
    settings: Settings, client: Client, *, audit: Audit, now_ms: Callable[[], int]
) -> SuspectedHitService:
    """Build the service for list administration; *client* must decode answers."""
    hits = HitStore(
        client,
        stream_rows=settings.hit_stream_rows,
        decision_days=settings.decision_days,
    )
    home = HomePlan(settings.home_country)
    return SuspectedHitService(
        hits,
        FeedbackService(store=hits, home=home, now_ms=now_ms),
        home=home,
        max_age_ms=settings.warning_max_age_hours * 3_600_000,
        audit=audit,
        now_ms=now_ms,
    )


def _always(router: Router) -> Callable[[], Awaitable[Router]]:
    """Return a source of one router, which follows the policy by itself."""

    async def found() -> Router:
        return router

    return found


def _lookback(
    settings: Settings, router: Callable[[], Awaitable[Router]], now_ms: Callable[[], int]
) -> Lookback:
    log = decision_log.query(settings)
    return Lookback(
        RecipientQuery(log) if log else None,
        home=HomePlan(settings.home_country),
        router=router,
        samples=settings.decision_log_allowed_one_in != 1,
        now_ms=now_ms,
    )
