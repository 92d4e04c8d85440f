"""Recipients of a confirmed number, link or text: order of exposure, and their warnings.

Each logged contact becomes one warning, with its decision id as reference. So a contact is ingested
once, however often a backfill is started.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from blocklists.entries import Source
from fanzha.fraud import FraudType
from fanzha.tables import Channel
from services.decision_log.recipient_subject import RecipientSubject, SubjectKind
from services.decision_log.recipients import Recipient, RecipientContact
from services.warning.model import OWN_HITS, Means, MeansKind, Risk, WarningRecord

LONG_CALL_S = 60
"""As in the rule `long-call` of the shipped policy."""


class Exposure(IntEnum):
    """How exposed a person is; the highest level that applies."""

    ONCE = 1
    REPEATED = 2
    SEVERAL_CHANNELS = 3
    LINK_OPENED = 4
    LONG_CALL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRecipient:
    """One person with their warnings; an element of the plan of a backfill."""

    number: str
    exposure: Exposure
    warnings: Sequence[WarningRecord]


def exposure(person: Recipient) -> Exposure:
    """Return the exposure of a person."""
    channels = {one.channel for one in person.contacts}
    if person.talked_s >= LONG_CALL_S:
        return Exposure.LONG_CALL
    if Channel.LINK in channels:
        return Exposure.LINK_OPENED
    if len(channels) > 1:
        return Exposure.SEVERAL_CHANNELS
    return Exposure.REPEATED if person.times > 1 else Exposure.ONCE


def most_exposed_first(persons: Iterable[Recipient]) -> list[Recipient]:
    """Sort persons by exposure, then by talk time, number of contacts, and recency."""
    return sorted(
        persons,
        key=lambda one: (
            -exposure(one),
            -one.talked_s,
            -one.times,
            -max(contact.at_ms for contact in one.contacts),
            one.number,
        ),
    )


def recipient_of(
    person: Recipient,
    subject: RecipientSubject,
    *,
    campaign: str,
    fraud_type: FraudType,
    now_ms: int,
) -> BackfillRecipient:
    """Build the warnings of a person, one for each logged contact.

    *campaign* is that of the list entry, so that they join the same cases as its hits.
    """
    first_call = next((one for one in person.contacts if one.channel is Channel.CALL), None)
    warnings = [
        WarningRecord(
            source=Source.BUREAU,
            source_name=OWN_HITS,
            reference=_reference(subject, person.number, one),
            victim=person.number,
            means=_means(subject, one),
            channel=one.channel,
            fraud_type=fraud_type,
            risk=Risk.MEDIUM,
            occurred_at_ms=one.at_ms,
            received_at_ms=now_ms,
            campaign=campaign,
            decision_id=one.decision_id,
            # Warnings of a link join by host anyway.
            pattern=subject.pattern if subject.kind is not SubjectKind.LINK else "",
            talked_s=person.talked_s if one is first_call else 0,
            opened=one.channel is Channel.LINK,
        )
        for one in person.contacts
    ]
    return BackfillRecipient(number=person.number, exposure=exposure(person), warnings=warnings)


def _reference(subject: RecipientSubject, number: str, contact: RecipientContact) -> str:
    what = contact.decision_id or f"end-{contact.at_ms}"
    return f"backfill:{subject.pattern}:{number}:{what}"


def _means(subject: RecipientSubject, contact: RecipientContact) -> Means:
    match subject.kind:
        case SubjectKind.LINK:
            return Means(kind=MeansKind.LINK, value=contact.url or f"http://{subject.pattern}/")
        case SubjectKind.TEXT:
            return Means(kind=MeansKind.TEXT, value=subject.pattern)
    kind = MeansKind.CALLER if contact.channel is Channel.CALL else MeansKind.SENDER
    return Means(kind=kind, value=contact.other or subject.pattern)
