"""Converts educational campaigns between messages and their service."""

from collections.abc import Callable
from typing import Any

from classifiers.evaluation.metrics import Interval
from fanzha.v1 import education_pb2 as pb
from services.education import texts
from services.education.draft import EducationDraft, RecipientRow, occasion
from services.education.model import (
    AudienceSegment,
    EducationCampaign,
    EducationHistory,
    EducationText,
    OfflineEvent,
    PersonCounts,
)
from services.education.report import EducationReport, GroupCount, OutcomeComparison
from services.education.service import AudiencePreview
from services.warning.messages.sms_length import sms_length

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


def draft(one: pb.EducationCampaign) -> EducationDraft:
    """Read what is said of a campaign."""
    meant = one.segment
    return EducationDraft(
        name=one.name,
        occasion=int(one.occasion),
        fraud_type=int(one.fraud_type),
        financial_fraud=int(one.financial_fraud),
        region=one.region,
        segment=AudienceSegment(
            age_bands=tuple(meant.age_bands),
            occupations=tuple(meant.occupations),
            areas=tuple(meant.areas),
            groups=tuple(meant.groups),
        ),
        message=EducationText(text=one.text, template=one.template, version=one.template_version),
        hold_out_percent=one.hold_out_percent,
        outcome_days=one.outcome_days,
        start_ms=one.start_ms,
        end_ms=one.end_ms,
        daily_cap=one.daily_cap,
    )


def row(one: pb.EducationRecipient) -> RecipientRow:
    """Read a recipient."""
    return RecipientRow(
        number=one.number,
        region=one.region,
        age_band=one.age_band,
        occupation=one.occupation,
        consent_source=one.consent_source,
        consent_day=one.consent_day,
    )


def event(one: pb.EducationEvent) -> OfflineEvent:
    """Read an event in person; `InvalidInput` for an unknown occasion."""
    return OfflineEvent(
        event_id=0,
        occasion=occasion(int(one.occasion)),
        place=one.place,
        region=one.region,
        day=one.day,
        people=one.people,
        material=one.material,
        note=one.note,
        recorded_by="",
    )


def campaign(
    one: EducationCampaign, people: PersonCounts | None = None, *, history: bool = True
) -> pb.EducationCampaign:
    """Write a campaign; never its key, nor a recipient."""
    return pb.EducationCampaign(
        campaign_id=one.campaign_id,
        revision=one.revision,
        name=one.name,
        occasion=_wire(one.occasion),
        fraud_type=_wire(one.fraud_type),
        financial_fraud=_wire(one.financial_fraud),
        region=one.region,
        segment=_segment(one.segment),
        template=one.message.template,
        template_version=one.message.version,
        text=one.message.text,
        hold_out_percent=one.hold_out_percent,
        outcome_days=one.outcome_days,
        start_ms=one.start_ms,
        end_ms=one.end_ms,
        daily_cap=one.daily_cap,
        state=_wire(one.state),
        recipients=one.recipients,
        without_consent=one.without_consent,
        created_at_ms=one.created_at_ms,
        created_by=one.created_by,
        approved_by=one.approved_by,
        approved_at_ms=one.approved_at_ms,
        assigned_at_ms=one.assigned_at_ms,
        finished_at_ms=one.finished_at_ms,
        people=_people(people or PersonCounts()),
        parts=sms_length(one.message.text).parts,
        events=map(_event, one.events),
        history=map(_history, one.history) if history else (),
        text_comes_along=texts.comes_along(one.message, one.fraud_type, one.financial_fraud),
    )


def _segment(one: AudienceSegment) -> pb.EducationSegment:
    return pb.EducationSegment(
        age_bands=one.age_bands, occupations=one.occupations, areas=one.areas, groups=one.groups
    )


def preview(one: AudiencePreview) -> pb.PreviewEducationCampaignResponse:
    """Write a preview."""
    return pb.PreviewEducationCampaignResponse(
        campaign=campaign(one.campaign),
        people=_people(one.people),
        parts=one.parts,
        total_parts=one.parts * one.to_send,
        days=one.days,
        in_time=one.in_time,
    )


def report(one: EducationReport) -> pb.EducationReport:
    """Write a report."""
    window, events = one.window, one.campaign.events
    return pb.EducationReport(
        campaign=campaign(one.campaign, one.people),
        to_send=one.to_send,
        sent=one.sent,
        delivered=one.delivered,
        held_out=one.held_out,
        sent_parts=one.sent_parts,
        before_from_ms=window.before_from_ms,
        before_until_ms=window.before_until_ms,
        after_from_ms=window.after_from_ms,
        after_until_ms=window.after_until_ms,
        complete=one.complete,
        exposed=_outcome(one.exposed),
        lost=_outcome(one.lost),
        events=len(events),
        event_people=sum(each.people for each in events),
        event_material=sum(each.material for each in events),
    )


def _people(counts: PersonCounts) -> dict[str, int]:
    return {state.value: count for state, count in sorted(counts.by_state.items())}


def _outcome(one: OutcomeComparison) -> pb.EducationOutcome:
    return pb.EducationOutcome(
        sent_before=_count(one.sent_before),
        sent_after=_count(one.sent_after),
        held_before=_count(one.held_before),
        held_after=_count(one.held_after),
        difference=one.difference,
        interval=_interval(one.interval),
        beyond_chance=one.beyond_chance,
    )


def _count(one: GroupCount) -> pb.EducationCount:
    return pb.EducationCount(people=None if one.suppressed else one.count, share=one.share)


def _interval(one: Interval | None) -> pb.EducationInterval | None:
    return None if one is None else pb.EducationInterval(low=one.low, high=one.high)


def _event(one: OfflineEvent) -> pb.EducationEvent:
    return pb.EducationEvent(
        event_id=one.event_id,
        occasion=_wire(one.occasion),
        place=one.place,
        region=one.region,
        day=one.day,
        people=one.people,
        material=one.material,
        note=one.note,
        recorded_by=one.recorded_by,
    )


def _history(one: EducationHistory) -> pb.EducationHistoryEvent:
    return pb.EducationHistoryEvent(at_ms=one.at_ms, by=one.by, what=one.what.value, note=one.note)
