"""Puts appeals together from settings, a store, the lists and the audit log."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from fanzha.phone import HomePlan
from infra.data_paths import APPEALS
from infra.redis.client import Client
from services.appeals.appeal_file import AppealFileReader
from services.appeals.decision_lookup import DecisionLookup, LoggedDecisionSource, NoLoggedDecisions
from services.appeals.documents import DocumentFolder
from services.appeals.lift import Lifter
from services.appeals.lift_changes import LiftChanges
from services.appeals.list_access import ListAccess
from services.appeals.maintenance import AppealMaintenance
from services.appeals.metrics import AppealFigures
from services.appeals.notices import templates
from services.appeals.notices.writer import Notices
from services.appeals.origins import NoOrigins, Origins
from services.appeals.review import Review
from services.appeals.service import Appeals
from services.appeals.store import AppealStore
from services.appeals.submission import AppealSubmission
from services.audit.audited_actions import AuditedActions
from services.audit.events import Audit
from services.decision.sinks.hit_store import HitStore
from services.feedback.service import FeedbackService
from services.settings.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class WiredAppeals:
    """Appeals, and what they do in the background."""

    appeals: Appeals
    lifter: Lifter
    upkeep: AppealMaintenance

    def start(self) -> "list[asyncio.Task[None]]":
        """Begin what goes on in the background."""
        return [asyncio.create_task(self.lifter.run()), asyncio.create_task(self.upkeep.run())]


def build(
    settings: Settings,
    *,
    redis: Client,
    lists: ListAccess,
    audit: Audit,
    registry: CollectorRegistry,
    now_ms: Callable[[], int],
    log: LoggedDecisionSource | None = None,
    origins: Origins | None = None,
) -> WiredAppeals:
    """Build everything; *redis* must decode answers. `ValueError` for wrong templates."""
    home = HomePlan(settings.home_country)
    store = AppealStore(redis)
    hits = HitStore(
        redis, stream_rows=settings.hit_stream_rows, decision_days=settings.decision_days
    )
    decisions = DecisionLookup(hits, log or NoLoggedDecisions())
    documents = DocumentFolder(
        settings.data_dir / APPEALS, most_bytes=settings.appeal_document_bytes
    )
    figures, trail = AppealFigures(registry), AuditedActions(audit)
    changes = LiftChanges(lists, now_ms=now_ms, allow_days=settings.appeal_allow_days)
    lifter = Lifter(
        store=store,
        lists=lists,
        changes=changes,
        feedback=FeedbackService(store=hits, home=home, now_ms=now_ms),
        now_ms=now_ms,
        measured=figures.lifted,
    )
    appeals = Appeals(
        store=store,
        opening=AppealSubmission(
            store=store,
            decisions=decisions,
            lists=lists,
            documents=documents,
            trail=trail,
            home=home,
            now_ms=now_ms,
            deadline_hours=settings.appeal_deadline_hours,
            opened=figures.opened,
        ),
        review=Review(
            store=store,
            lifter=lifter,
            lists=lists,
            trail=trail,
            home=home,
            now_ms=now_ms,
            decided=figures.closed,
        ),
        room=AppealFileReader(
            store=store,
            decisions=decisions,
            lists=lists,
            changes=changes,
            origins=origins or NoOrigins(),
        ),
        documents=documents,
        notices=Notices(
            templates.load(settings.appeal_notices_dir),
            deadline_hours=settings.appeal_deadline_hours,
        ),
        trail=trail,
        now_ms=now_ms,
    )
    upkeep = AppealMaintenance(
        store=store,
        documents=documents,
        figures=figures,
        now_ms=now_ms,
        retention_days=settings.appeal_retention_days,
    )
    return WiredAppeals(appeals=appeals, lifter=lifter, upkeep=upkeep)
