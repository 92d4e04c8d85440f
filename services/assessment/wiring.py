"""Builds tasks and assessments from settings, Redis and the audit log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from infra.redis.client import Client
from services.appeals.store import AppealStore
from services.assessment import formula, units
from services.assessment.service import Assessments
from services.assessment.store import AssessmentStore, UnitTaskStore
from services.assessment.tasks import UnitTasks
from services.audit.audited_actions import AuditedActions
from services.audit.events import Audit
from services.settings.settings import Settings
from services.warning.cases.listing import CaseListing
from services.warning.cases.store import CaseStore


@dataclass(frozen=True, slots=True, kw_only=True)
class WiredAssessment:
    """Tasks and assessments."""

    tasks: UnitTasks
    assessments: Assessments


def build(
    settings: Settings, *, redis: Client, audit: Audit, now_ms: Callable[[], int]
) -> WiredAssessment:
    """Build it; *redis* must decode answers. Raises `ValueError` for wrong files of settings."""
    tasks = UnitTasks(
        UnitTaskStore(redis),
        members=units.load(settings.assessment_units_file),
        trail=AuditedActions(audit, "unit_task"),
        now_ms=now_ms,
    )
    return WiredAssessment(
        tasks=tasks,
        assessments=Assessments(
            CaseListing(redis, CaseStore(redis)),
            tasks=tasks,
            appeals=AppealStore(redis),
            store=AssessmentStore(redis),
            formula=formula.load(settings.assessment_formula_file),
            trail=AuditedActions(audit, "assessment"),
            utc_offset=timedelta(hours=settings.warning_utc_offset_hours),
        ),
    )
