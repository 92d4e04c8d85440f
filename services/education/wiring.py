"""Builds educational campaigns from settings: their administration, and what sends."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import CollectorRegistry

from fanzha.phone import HomePlan
from infra.redis.client import Client
from services.audit.audited_actions import AuditedActions
from services.audit.events import Audit
from services.education.audience import Audience
from services.education.dispatch import EducationPermit, EducationRecords
from services.education.draft import DraftRules
from services.education.measurement import EducationMeasurement
from services.education.metrics import EducationMetrics
from services.education.recipient_store import RecipientStore
from services.education.runner import EducationRunner
from services.education.send_queue import EducationQueue
from services.education.service import EducationCampaigns
from services.education.store import EducationStore
from services.settings.settings import Settings
from services.warning.cases.listing import CaseListing
from services.warning.cases.store import CaseStore
from services.warning.dispatch.kill_switch import KillSwitch
from services.warning.dispatch.limit_store import LimitStore, never_stopped
from services.warning.dispatch.permits import LimitPermit
from services.warning.policy import facts, rulebook
from services.warning.policy.facts import RiskContext


@dataclass(frozen=True, slots=True, kw_only=True)
class WiredEducation:
    """Campaigns and their reports, for administration."""

    campaigns: EducationCampaigns
    measurement: EducationMeasurement


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationSending:
    """What the process of warnings needs to send."""

    runner: EducationRunner
    permit: EducationPermit
    records: EducationRecords


def build(
    settings: Settings, *, redis: Client, audit: Audit, now_ms: Callable[[], int]
) -> WiredEducation:
    """Build what administration needs; *redis* must decode answers."""
    rules, recipients = rulebook.rules(settings), RecipientStore(redis)
    limits = LimitStore(redis, rules=rules, stopped=never_stopped, now_ms=now_ms)

    async def audience() -> Audience:
        # Read anew each time: it is an administrator's file, and previews are rare.
        groups = await asyncio.to_thread(
            facts.load, settings.warning_groups_file, settings.home_country
        )
        return Audience(recipients, limits, groups)

    campaigns = EducationCampaigns(
        store=EducationStore(redis),
        recipients=recipients,
        audience=audience,
        rules=DraftRules(
            home=HomePlan(settings.home_country),
            language=settings.warning_language,
            most_parts=settings.education_parts,
            utc_offset=timedelta(hours=settings.warning_utc_offset_hours),
            now_ms=now_ms,
        ),
        limits=rules,
        most_recipients=settings.education_recipients,
        trail=AuditedActions(audit, "education"),
    )
    listing = CaseListing(redis, CaseStore(redis))
    return WiredEducation(
        campaigns=campaigns,
        measurement=EducationMeasurement(campaigns, recipients, listing, now_ms=now_ms),
    )


def build_sending(
    settings: Settings,
    client: Client,
    *,
    switch: KillSwitch,
    limits: LimitStore,
    context: RiskContext,
    registry: CollectorRegistry,
    owner: str,
    now_ms: Callable[[], int],
) -> EducationSending:
    """Build what sends; *context* has the groups of the administrator's table."""
    store, recipients = EducationStore(client), RecipientStore(client)
    metrics = EducationMetrics(registry)
    return EducationSending(
        runner=EducationRunner(
            store=store,
            recipients=recipients,
            audience=Audience(recipients, limits, context),
            queue=EducationQueue(client, most_waiting=settings.education_queue),
            rules=limits.rules,
            stopped=switch.is_stopped,
            per_second=settings.education_per_second,
            owner=owner,
            now_ms=now_ms,
            metrics=metrics,
        ),
        permit=EducationPermit(LimitPermit(limits), store, now_ms=now_ms),
        records=EducationRecords(recipients, metrics),
    )
