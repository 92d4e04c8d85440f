"""Who is warned first when something is confirmed, and of what."""

from dataclasses import replace

from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from services.decision_log.recipient_subject import SubjectKind, read
from services.decision_log.recipients import Recipient, RecipientContact
from services.warning.backfill.recipients import (
    Exposure,
    exposure,
    most_exposed_first,
    recipient_of,
)
from services.warning.cases import ids
from services.warning.model import Means, MeansKind
from tests.support.warnings import NOW_MS

FRAUD = "+8619900000001"


def a_contact(
    channel: Channel = Channel.CALL, *, decision_id: int = 7, ago_s: int = 60
) -> RecipientContact:
    at_ms = NOW_MS - ago_s * 1000
    return RecipientContact(channel=channel, at_ms=at_ms, other=FRAUD, decision_id=decision_id)


def a_person(
    number: int, *contacts: RecipientContact, talked_s: int = 0, times: int = 0
) -> Recipient:
    met = contacts or (a_contact(),)
    return Recipient(
        number=f"+861700000{number:04}", contacts=met, times=times or len(met), talked_s=talked_s
    )


def test_the_most_exposed_come_first() -> None:
    once = a_person(1)
    repeated = a_person(2, times=40)
    several = a_person(3, a_contact(), a_contact(Channel.TEXT))
    opened = a_person(4, a_contact(Channel.LINK))
    short, longer, longest = (a_person(5 + n, talked_s=s) for n, s in enumerate((59, 60, 700)))
    later = a_person(9, a_contact(ago_s=5))

    found = most_exposed_first([once, repeated, several, opened, short, longer, longest, later])

    assert found == [longest, longer, opened, several, repeated, short, later, once]


def test_exposure_is_the_nearest_harm() -> None:
    everything = a_person(1, a_contact(Channel.LINK), a_contact(), talked_s=60)

    assert exposure(everything) is Exposure.LONG_CALL
    assert exposure(replace(everything, talked_s=59)) is Exposure.LINK_OPENED


def test_the_warning_of_a_contact_is_deterministic() -> None:
    subject = read(HomePlan(), SubjectKind.NUMBER, FRAUD)
    ann = a_person(1, a_contact(), a_contact(Channel.TEXT, decision_id=8), talked_s=90)

    first = recipient_of(
        ann, subject, campaign="", fraud_type=FraudType.FAKE_LOAN, now_ms=NOW_MS
    ).warnings
    again = recipient_of(
        ann, subject, campaign="", fraud_type=FraudType.FAKE_LOAN, now_ms=NOW_MS + 1
    ).warnings

    assert [one.reference for one in first] == [one.reference for one in again]
    assert first[0].reference == f"backfill:{FRAUD}:{ann.number}:7"
    assert [one.decision_id for one in first] == [7, 8]
    assert [one.talked_s for one in first] == [90, 0]
    assert first[0].means == Means(kind=MeansKind.CALLER, value=FRAUD)


def test_a_backfill_joins_the_case_that_a_hit_would_open() -> None:
    ann = a_person(1, a_contact(Channel.LINK))

    def campaign(kind: SubjectKind, pattern: str) -> str:
        subject = read(HomePlan(), kind, pattern)
        made = recipient_of(
            ann, subject, campaign="", fraud_type=FraudType.UNSPECIFIED, now_ms=NOW_MS
        )
        return ids.campaign_of(made.warnings[0])

    fingerprint = f"fp1:{'0a' * 32}"
    assert campaign(SubjectKind.NUMBER, FRAUD) == f"number:{FRAUD}"
    assert campaign(SubjectKind.NUMBER, "+86199*") == "number:+86199*"
    assert campaign(SubjectKind.SENDER, "JFBank") == "number:jfbank"
    assert campaign(SubjectKind.LINK, "http://pay.jf.example/a") == "link:pay.jf.example"
    assert campaign(SubjectKind.TEXT, fingerprint) == f"text:{fingerprint}"


def test_the_subscriber_of_a_link_counts_as_having_opened_it() -> None:
    subject = read(HomePlan(), SubjectKind.LINK, "jf.example")
    ann = a_person(1, a_contact(Channel.LINK), a_contact(Channel.TEXT))

    made = recipient_of(ann, subject, campaign="", fraud_type=FraudType.UNSPECIFIED, now_ms=NOW_MS)

    assert [one.opened for one in made.warnings] == [True, False]
    assert {one.means.kind for one in made.warnings} == {MeansKind.LINK}
