"""Educational campaigns for tests: drafts, recipients, and the parts that send, on a real store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from fanzha.phone import HomePlan
from infra.clock import now_ms
from infra.redis.client import Client
from infra.redis.dead_letters import DeadLetters
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity
from services.auth.identity import Identity, Role
from services.education.audience import Audience
from services.education.dispatch import EducationPermit, EducationRecords
from services.education.draft import DAY_MS, DraftRules, EducationDraft, RecipientRow
from services.education.metrics import EducationMetrics
from services.education.model import (
    AudienceSegment,
    EducationCampaign,
    EducationText,
    Occasion,
    PersonState,
)
from services.education.recipient_store import RecipientStore
from services.education.runner import EducationRunner
from services.education.send_queue import EducationQueue
from services.education.service import EducationCampaigns
from services.education.store import EducationStore
from services.warning import keys
from services.warning.dispatch.limit_store import LimitStore
from services.warning.dispatch.limits import LimitRules
from services.warning.dispatch.permits import LimitPermit
from services.warning.dispatch.send_worker import SendWorker
from services.warning.policy.facts import RiskContext

FIVE_O_CLOCK_MS = now_ms() // DAY_MS * DAY_MS + 9 * 3_600_000
"""Today at five in the afternoon in China: the store's own clock lets keys expire."""
RULES = LimitRules()
CAMPAIGN = EducationCampaign(
    campaign_id=1,
    name="十二月宣传",
    occasion=Occasion.MONTH,
    fraud_type=0,
    financial_fraud=0,
    region="",
    segment=AudienceSegment(),
    message=EducationText(text="警惕诈骗", template="own", version="1"),
    hold_out_percent=20,
    outcome_days=30,
    start_ms=FIVE_O_CLOCK_MS,
    end_ms=FIVE_O_CLOCK_MS + 30 * DAY_MS,
    daily_cap=1000,
    salt="ab" * 16,
    created_at_ms=FIVE_O_CLOCK_MS,
)
DRAFT = EducationDraft(
    name="十二月宣传",
    occasion=Occasion.MONTH,
    hold_out_percent=20,
    start_ms=FIVE_O_CLOCK_MS,
    end_ms=FIVE_O_CLOCK_MS + 30 * DAY_MS,
    daily_cap=1000,
)


def number(at: int) -> str:
    return f"+8617000{at:06}"


def row(at: int, **more: str) -> RecipientRow:
    given = {
        "number": number(at),
        "region": "330106",
        "age_band": "60+",
        "consent_source": "服务协议",
        "consent_day": "2025-10-01",
    }
    return RecipientRow(**given | more)


def person(name: str, *regions: str, role: Role = Role.OPERATOR) -> Identity:
    return Identity(name=name, roles=frozenset({role}), regions=frozenset(regions))


@dataclass
class KeptAudit:
    """An audit log that a test reads."""

    events: list[tuple[AuditKind, str, Mapping[str, str], str]] = field(default_factory=list)

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        self.events.append((kind, subject, details, actor))


@dataclass
class EducationDesk:
    """All parts of campaigns on one store, with a clock and a kill switch that a test sets."""

    client: Client
    rules: LimitRules = RULES
    now: list[int] = field(default_factory=lambda: [FIVE_O_CLOCK_MS])
    stopped: list[bool] = field(default_factory=lambda: [False])
    audit: KeptAudit = field(default_factory=KeptAudit)
    context: RiskContext = field(default_factory=RiskContext)

    def __post_init__(self) -> None:
        self.store, self.recipients = EducationStore(self.client), RecipientStore(self.client)
        self.limits = LimitStore(
            self.client, rules=self.rules, stopped=self._is_stopped, now_ms=self.clock
        )
        self.metrics = EducationMetrics(CollectorRegistry())
        self.campaigns = EducationCampaigns(
            store=self.store,
            recipients=self.recipients,
            audience=self._audience,
            rules=DraftRules(
                home=HomePlan("86"),
                language="zh",
                most_parts=2,
                utc_offset=timedelta(hours=8),
                now_ms=self.clock,
            ),
            limits=self.rules,
            most_recipients=10_000,
            trail=AuditedActions(self.audit, "education"),
        )

    def clock(self) -> int:
        return self.now[0]

    async def _is_stopped(self) -> bool:
        return self.stopped[0]

    async def _audience(self) -> Audience:
        return Audience(self.recipients, self.limits, self.context)

    def runner(
        self, owner: str = "one", *, per_second: int = 1000, queue: int = 1000
    ) -> EducationRunner:
        return EducationRunner(
            store=self.store,
            recipients=self.recipients,
            audience=Audience(self.recipients, self.limits, self.context),
            queue=EducationQueue(self.client, most_waiting=queue),
            rules=self.rules,
            stopped=self._is_stopped,
            per_second=per_second,
            owner=owner,
            now_ms=self.clock,
            metrics=self.metrics,
        )

    def records(self) -> EducationRecords:
        return EducationRecords(self.recipients, self.metrics)

    def worker(self, sender: Any, name: str = "one", **more: Any) -> SendWorker:
        options: dict[str, Any] = {"claim_ms": 100, "block_ms": 50} | more
        return SendWorker(
            client=self.client,
            channel="sms",
            sender=sender,
            record=self.records(),
            dead=DeadLetters(self.client, keys.DEAD_LETTERS),
            consumer=name,
            now_ms=self.clock,
            permit=EducationPermit(LimitPermit(self.limits), self.store, now_ms=self.clock),
            **options,
        )

    async def drafted(
        self, rows: Sequence[RecipientRow], draft: EducationDraft = DRAFT, by: str = "li"
    ) -> EducationCampaign:
        with identity.acting_as(person(by)):
            campaign, _ = await self.campaigns.create(draft, "")
            added = await self.campaigns.add_recipients(
                campaign.campaign_id, campaign.revision, rows, replaces=True, by_field=""
            )
        return added.campaign

    async def approved(
        self, rows: Sequence[RecipientRow], draft: EducationDraft = DRAFT
    ) -> EducationCampaign:
        campaign = await self.drafted(rows, draft)
        with identity.acting_as(person("wang", role=Role.APPROVER)):
            return await self.campaigns.approve(
                campaign.campaign_id, campaign.revision, "checked", ""
            )

    async def people(self, campaign: EducationCampaign) -> dict[PersonState, int]:
        found = await self.recipients.counts(campaign.campaign_id)
        return dict(found.by_state)


def named(name: str, **more: Any) -> EducationDraft:
    return replace(DRAFT, name=name, **more)
