"""Builds WarningBackfillService."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry

from infra.clock import now_ms
from infra.redis.client import Client
from services.audit.events import Audit
from services.lists.service import ListService
from services.rpc.warnings.backfill_handler import WarningBackfillServicer
from services.settings.settings import Settings
from services.warning.backfill import service, wiring
from services.warning.backfill.metrics import BackfillMetrics
from services.warning.policy.in_force import WarningPolicyInForce


def build(
    settings: Settings,
    connect: Callable[[], Client],
    lists: ListService,
    *,
    audit: Audit,
    registry: CollectorRegistry,
    policies: WarningPolicyInForce,
) -> WarningBackfillServicer:
    """Build the servicer; each of its parts has a client of its own from *connect*."""
    return WarningBackfillServicer(
        service.build(settings, connect(), listed=lists.views.find, now_ms=now_ms, audit=audit),
        wiring.build_pending_service(
            settings,
            connect(),
            audit=audit,
            metrics=BackfillMetrics(registry),
            now_ms=now_ms,
            policies=policies,
        ),
        wiring.build_suspected_hits(settings, connect(), audit=audit, now_ms=now_ms),
    )
