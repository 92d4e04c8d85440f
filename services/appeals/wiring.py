"""Builds the appeal service from settings, Redis, the lists and the audit log."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from blocklists.wrong_entries import Retract, retract_nothing
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
    """The appeal service and its background work."""

    appeals: Appeals
    lifter: Lifter
    upkeep: AppealMaintenance

    def start(self) -> "list[asyncio.Task[None]]":
        """Start the background tasks."""
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
    retract: Retract | None = None,
) -> WiredAppeals:
    """Build the service; *redis* must decode answers. Raises `ValueError` for wrong templates."""
    hits = _hits(settings, redis)
    shared = _Shared(
        settings=settings,
        store=AppealStore(redis),
        lists=lists,
        decisions=DecisionLookup(hits, log or NoLoggedDecisions(), HomePlan(settings.home_country)),
        documents=DocumentFolder(
            settings.data_dir / APPEALS, most_bytes=settings.appeal_document_bytes
        ),
        changes=LiftChanges(lists, now_ms=now_ms, allow_days=settings.appeal_allow_days),
        figures=AppealFigures(registry),
        retract=retract or retract_nothing,
        trail=AuditedActions(audit),
        home=HomePlan(settings.home_country),
        now_ms=now_ms,
    )
    lifter = _lifter(shared, hits)
    upkeep = AppealMaintenance(
        store=shared.store,
        documents=shared.documents,
        figures=shared.figures,
        now_ms=now_ms,
        retention_days=settings.appeal_retention_days,
    )
    appeals = _appeals(shared, lifter, origins or NoOrigins())
    return WiredAppeals(appeals=appeals, lifter=lifter, upkeep=upkeep)


def _hits(settings: Settings, redis: Client) -> HitStore:
    return HitStore(
        redis, stream_rows=settings.hit_stream_rows, decision_days=settings.decision_days
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """The parts that the steps of an appeal share."""

    settings: Settings
    store: AppealStore
    lists: ListAccess
    decisions: DecisionLookup
    documents: DocumentFolder
    changes: LiftChanges
    figures: AppealFigures
    retract: Retract
    trail: AuditedActions
    home: HomePlan
    now_ms: Callable[[], int]


def _lifter(shared: _Shared, hits: HitStore) -> Lifter:
    return Lifter(
        store=shared.store,
        lists=shared.lists,
        changes=shared.changes,
        feedback=FeedbackService(store=hits, home=shared.home, now_ms=shared.now_ms),
        now_ms=shared.now_ms,
        retract=shared.retract,
        measured=shared.figures.lifted,
    )


def _appeals(shared: _Shared, lifter: Lifter, origins: Origins) -> Appeals:
    settings = shared.settings
    return Appeals(
        store=shared.store,
        opening=_submission(shared),
        review=_review(shared, lifter),
        room=AppealFileReader(
            store=shared.store,
            decisions=shared.decisions,
            lists=shared.lists,
            changes=shared.changes,
            origins=origins,
        ),
        documents=shared.documents,
        notices=Notices(
            templates.load(settings.appeal_notices_dir),
            deadline_hours=settings.appeal_deadline_hours,
        ),
        trail=shared.trail,
        now_ms=shared.now_ms,
    )


def _submission(shared: _Shared) -> AppealSubmission:
    return AppealSubmission(
        store=shared.store,
        decisions=shared.decisions,
        lists=shared.lists,
        documents=shared.documents,
        trail=shared.trail,
        home=shared.home,
        now_ms=shared.now_ms,
        deadline_hours=shared.settings.appeal_deadline_hours,
        opened=shared.figures.opened,
    )


def _review(shared: _Shared, lifter: Lifter) -> Review:
    return Review(
        store=shared.store,
        lifter=lifter,
        lists=shared.lists,
        trail=shared.trail,
        home=shared.home,
        now_ms=shared.now_ms,
        decided=shared.figures.closed,
    )
