"""Campaigns that educate: drafts them, previews them, has another person approve them, stops them.

Each change is audited before it is made, and fails when somebody else's came first; a stop is
audited after it acts, and tried again. People of a region see the campaigns of that region.
"""

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from fanzha.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from fanzha.translation.message import Message
from infra import text_limits
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity, roles
from services.education.audience import Audience
from services.education.draft import DAY_MS, DraftRules, EducationDraft, RecipientRow
from services.education.model import (
    KEPT_HISTORY,
    MOST_EVENTS,
    NOTE,
    AudienceSegment,
    EducationCampaign,
    EducationHistory,
    EducationRecipient,
    EducationState,
    EducationText,
    HistoryKind,
    Occasion,
    OfflineEvent,
    PersonCounts,
    PersonState,
)
from services.education.recipient_store import RecipientStore
from services.education.store import EducationStore
from services.warning.dispatch.limits import LimitRules, NoticeKind
from services.warning.messages.sms_length import sms_length

MOST_ROWS = 5_000
"""Recipients in one request."""
_STOP_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """A row of recipients that was not taken."""

    row: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedRecipients:
    """What became of rows of recipients."""

    campaign: EducationCampaign
    added: int
    replaced: int
    without_consent: int
    faults: Sequence[RowFault]


@dataclass(frozen=True, slots=True, kw_only=True)
class AudiencePreview:
    """What would become of the recipients now, and what it would cost."""

    campaign: EducationCampaign
    people: PersonCounts
    parts: int
    days: int
    """Days that sending takes at the daily cap."""

    @property
    def to_send(self) -> int:
        """How many would be written to."""
        return self.people.of(frozenset({PersonState.TO_SEND}))

    @property
    def in_time(self) -> bool:
        """Whether the campaign is long enough for that."""
        return self.days * DAY_MS <= self.campaign.end_ms - self.campaign.start_ms + DAY_MS


class EducationCampaigns:
    """Changes campaigns, in the name of the current identity."""

    def __init__(
        self,
        *,
        store: EducationStore,
        recipients: RecipientStore,
        audience: Callable[[], Awaitable[Audience]],
        rules: DraftRules,
        limits: LimitRules,
        most_recipients: int,
        trail: AuditedActions,
    ) -> None:
        """*audience* reads the groups of the administrator's table when it is needed."""
        self._store = store
        self._recipients = recipients
        self._audience = audience
        self._rules = rules
        self._limits = limits
        self._most_recipients = most_recipients
        self._trail = trail

    async def create(self, draft: EducationDraft, by_field: str) -> tuple[EducationCampaign, bool]:
        """Draft a campaign; return it, and False when its region has one of that name."""
        by = identity.author(by_field, "by")
        described = self._rules.described(_blank(by, self._rules.now_ms()), draft)
        campaign = replace(described, campaign_id=await self._store.next_id())
        campaign_id, first = await self._trail.around(
            AuditKind.EDUCATION_CHANGED,
            campaign.campaign_id,
            by,
            {"what": HistoryKind.CREATED.value, "region": campaign.region},
            self._store.add(campaign),
        )
        return await self.get(campaign_id), first

    async def get(self, campaign_id: int) -> EducationCampaign:
        """Return a campaign; `NotFound` when there is none in the caller's region."""
        campaign = await self._store.get(campaign_id)
        if not roles.may_access_region(identity.current(), campaign.region):
            raise NotFound(
                "campaign_id: there is no campaign {campaign_id}", campaign_id=campaign_id
            )
        return campaign

    async def all(self) -> list[EducationCampaign]:
        """Return the campaigns of the caller's region."""
        who = identity.current()
        return [one for one in await self._store.all() if roles.may_access_region(who, one.region)]

    async def counts(self, campaign: EducationCampaign) -> PersonCounts:
        """Return what became of its recipients so far."""
        return await self._recipients.counts(campaign.campaign_id)

    async def edit(
        self, campaign_id: int, revision: int, draft: EducationDraft, by_field: str
    ) -> EducationCampaign:
        """Replace what a draft says; its name and region stay."""
        campaign = await self._draft(campaign_id, revision)
        kept = replace(draft, name=campaign.name, region=campaign.region)
        changed = self._rules.described(campaign, kept)
        details = {"text": changed.message.label, "held_out": f"{changed.hold_out_percent} %"}
        return await self._change(
            changed, HistoryKind.EDITED, by_field, details=details, drafts=True
        )

    async def add_recipients(
        self,
        campaign_id: int,
        revision: int,
        rows: Sequence[RecipientRow],
        *,
        replaces: bool,
        by_field: str,
    ) -> AddedRecipients:
        """Add recipients to a draft; those without consent are counted, and never stored."""
        campaign = await self._draft(campaign_id, revision)
        if len(rows) > MOST_ROWS:
            raise InvalidInput("recipients: at most {most} at once", most=MOST_ROWS)
        people, faults = self._read(rows)
        consenting = sum(one is not None for one in people.values())
        before = 0 if replaces else campaign.recipients
        self._check_fits(before + consenting)
        without = len(people) - consenting
        counted = replace(
            campaign,
            without_consent=without + (0 if replaces else campaign.without_consent),
            recipients=before + consenting,
        )
        details = {"recipients": str(consenting), "without_consent": str(without)}
        # The revision moves first: nobody approves what is about to change.
        changed = await self._change(
            counted, HistoryKind.RECIPIENTS, by_field, note=str(consenting), details=details,
            drafts=True,
        )  # fmt: skip
        total, known = await self._recipients.add(campaign_id, people, replace=replaces)
        if total != changed.recipients:
            changed = await self._store.put(replace(changed, recipients=total))
        return AddedRecipients(
            campaign=changed,
            added=consenting,
            replaced=known + len(rows) - len(faults) - len(people),
            without_consent=without,
            faults=faults,
        )

    def _check_fits(self, recipients: int) -> None:
        if recipients > self._most_recipients:
            raise InvalidInput(
                "recipients: a campaign has at most {most:,}", most=self._most_recipients
            )

    def _read(
        self, rows: Sequence[RecipientRow]
    ) -> tuple[dict[str, EducationRecipient | None], list[RowFault]]:
        """Return recipients by number, None without consent, and the rows that cannot be read."""
        people: dict[str, EducationRecipient | None] = {}
        faults: list[RowFault] = []
        for at, row in enumerate(rows):
            try:
                number, recipient = self._rules.recipient(row)
            except InvalidInput as error:
                faults.append(RowFault(row=at, why=error.as_message()))
                continue
            people[number] = recipient
        return people, faults

    async def preview(self, campaign_id: int) -> AudiencePreview:
        """Return what would become of the recipients now."""
        campaign = await self.get(campaign_id)
        counts: Counter[PersonState] = Counter()
        async for _, decided in (await self._audience()).decide(campaign):
            counts.update(one.state for one in decided)
        people = PersonCounts(by_state=counts)
        to_send = people.of(frozenset({PersonState.TO_SEND}))
        return AudiencePreview(
            campaign=campaign,
            people=people,
            parts=sms_length(campaign.message.text).parts,
            days=ceil(to_send / campaign.daily_cap),
        )

    async def approve(
        self, campaign_id: int, revision: int, note: str, by_field: str
    ) -> EducationCampaign:
        """Approve a draft as it was read; nobody approves what they had a hand in."""
        campaign = await self._draft(campaign_id, revision)
        by, now = identity.author(by_field, "by"), self._rules.now_ms()
        if identity.same_person(by, campaign.drafted_by):
            raise NotAllowed(
                "campaign {campaign_id}: {by} has had a hand in it; another person approves it",
                campaign_id=campaign_id,
                by=by,
            )
        if NoticeKind.ADVICE not in self._limits.may_opt_out:
            raise InvalidInput("warning_opt_out: people must be able to decline advice first")
        if not campaign.recipients:
            raise InvalidInput("campaign {campaign_id}: has no recipients", campaign_id=campaign_id)
        if campaign.end_ms <= now:
            raise InvalidInput("end_ms: has passed")
        approved = replace(
            campaign, state=EducationState.APPROVED, approved_by=by, approved_at_ms=now
        )
        await self._recipients.keep_until(campaign_id, keep_until_ms(campaign))
        note = text_limits.optional("note", note, NOTE)
        return await self._change(
            approved,
            HistoryKind.APPROVED,
            by_field,
            note=note,
            details={"recipients": str(campaign.recipients), "text": campaign.message.label},
        )

    async def stop(self, campaign_id: int, note: str, by_field: str) -> EducationCampaign:
        """Stop a campaign for good; a message that no channel has is not sent any more."""
        note, by = text_limits.required("note", note, NOTE), identity.author(by_field, "by")
        for _ in range(_STOP_TRIES):
            campaign = await self.get(campaign_id)
            if campaign.state is EducationState.STOPPED:
                raise InvalidInput("campaign {campaign_id} is stopped", campaign_id=campaign_id)
            now = self._rules.now_ms()
            stopped = replace(
                campaign,
                state=EducationState.STOPPED,
                finished_at_ms=campaign.finished_at_ms or now,
                history=_with(campaign, now, by, HistoryKind.STOPPED, note),
            )
            try:
                done = await self._store.put(stopped)
            except VersionConflict:
                continue  # the process that sends has just written it
            # Audited after it acts: a stop does not wait for the audit log.
            await self._trail.around(
                AuditKind.EDUCATION_CHANGED,
                campaign_id,
                by,
                {"what": HistoryKind.STOPPED.value, "why": note},
                _nothing(),
            )
            return done
        raise VersionConflict(
            "campaign {campaign_id} was changed concurrently; read it again",
            campaign_id=campaign_id,
        )

    async def record_event(
        self, campaign_id: int, given: OfflineEvent, by_field: str
    ) -> EducationCampaign:
        """Record a talk or another event in person, of a campaign that is not a stopped draft."""
        campaign, by = await self.get(campaign_id), identity.author(by_field, "by")
        if len(campaign.events) >= MOST_EVENTS:
            raise InvalidInput("event: a campaign has at most {most}", most=MOST_EVENTS)
        event = self._rules.event(given, campaign, by)
        return await self._change(
            replace(campaign, events=(*campaign.events, event)),
            HistoryKind.EVENT,
            by_field,
            note=f"{event.day} {event.place}",
            details={"event": str(event.event_id), "people": str(event.people)},
        )

    async def _draft(self, campaign_id: int, revision: int) -> EducationCampaign:
        campaign = await self.get(campaign_id)
        if revision != campaign.revision:
            raise VersionConflict.between(
                "revision",
                Message("campaign {id} is", id=campaign_id),
                expected=revision,
                actual=campaign.revision,
                advice=Message("read it again"),
            )
        if campaign.state is not EducationState.DRAFT:
            raise InvalidInput(
                "campaign {campaign_id}: only a draft can be changed", campaign_id=campaign_id
            )
        return campaign

    async def _change(
        self,
        changed: EducationCampaign,
        what: HistoryKind,
        by_field: str,
        *,
        note: str = "",
        details: Mapping[str, str] | None = None,
        drafts: bool = False,
    ) -> EducationCampaign:
        by = identity.author(by_field, "by")
        history = _with(changed, self._rules.now_ms(), by, what, note)
        hands = tuple(dict.fromkeys((*changed.drafted_by, by))) if drafts else changed.drafted_by
        writing = self._store.put(replace(changed, history=history, drafted_by=hands))
        return await self._trail.around(
            AuditKind.EDUCATION_CHANGED,
            changed.campaign_id,
            by,
            {"what": what.value} | dict(details or {}),
            writing,
        )


def _blank(by: str, now_ms: int) -> EducationCampaign:
    """Return a campaign of which nothing is said yet, with a key of its own."""
    return EducationCampaign(
        campaign_id=0,
        name="",
        occasion=Occasion.NONE,
        fraud_type=0,
        financial_fraud=0,
        region="",
        segment=AudienceSegment(),
        message=EducationText(),
        hold_out_percent=0,
        outcome_days=0,
        start_ms=0,
        end_ms=0,
        daily_cap=0,
        salt=secrets.token_hex(16),
        drafted_by=(by,),
        created_at_ms=now_ms,
        history=(EducationHistory(at_ms=now_ms, by=by, what=HistoryKind.CREATED),),
    )


KEPT_DAYS = 180
"""Days after the last day that is measured, until what is known of recipients is deleted."""


def keep_until_ms(campaign: EducationCampaign) -> int:
    """Return when what is known of the recipients of a campaign is deleted."""
    return campaign.end_ms + (campaign.outcome_days + KEPT_DAYS) * DAY_MS


def _with(
    campaign: EducationCampaign, now_ms: int, by: str, what: HistoryKind, note: str
) -> tuple[EducationHistory, ...]:
    event = EducationHistory(at_ms=now_ms, by=by, what=what, note=note)
    return (*campaign.history, event)[-KEPT_HISTORY:]


async def _nothing() -> None:
    """Stand in for what was done before."""
