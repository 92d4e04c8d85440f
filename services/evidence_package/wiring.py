"""Builds the evidence package service from settings, the lists and the audit log."""

from collections.abc import Callable

from blocklists.queries import ListQueries
from blocklists.store.store import Store
from fanzha.phone import HomePlan
from infra.redis.client import connect
from services.appeals.store import AppealStore
from services.audit.log import AuditLog
from services.changes.store import ChangeStore
from services.decision_log.query import DecisionQuery
from services.evidence_package.list_history import EntriesNow, PastChanges, Versions
from services.evidence_package.past_appeals import PastAppeals
from services.evidence_package.past_changes import PastRequests
from services.evidence_package.past_decisions import PastDecisions
from services.evidence_package.service import EvidencePackages
from services.models.store import ModelStore
from services.settings.settings import Settings


def build(
    settings: Settings,
    *,
    redis_url: str,
    store: Store,
    views: ListQueries,
    audit: AuditLog,
    logged: DecisionQuery | None,
    now_ms: Callable[[], int],
) -> EvidencePackages:
    """Build the service with all its sources."""
    redis = connect(redis_url)
    return EvidencePackages(
        [
            EntriesNow(views),
            PastChanges(store),
            PastRequests(ChangeStore(connect(redis_url, decode_responses=False))),
            PastAppeals(AppealStore(redis)),
            PastDecisions(logged),
            Versions(store, ModelStore(redis), now_ms),
        ],
        audit=audit,
        home=HomePlan(settings.home_country),
        now_ms=now_ms,
    )
