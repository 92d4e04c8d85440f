"""Checks what is said of a campaign, of its recipients and of events in person."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from fanzha.errors import InvalidInput
from fanzha.phone import HomePlan, number_text
from infra import clock, text_limits
from services.auth import identity, roles
from services.education import texts
from services.education.audience import lies_in
from services.education.model import (
    NAME,
    NOTE,
    WORD,
    AudienceSegment,
    EducationCampaign,
    EducationRecipient,
    EducationText,
    Occasion,
    OfflineEvent,
)

DAY_MS = 86_400_000
MOST_DAYS = 366
MOST_HELD_OUT = 50
MOST_OUTCOME_DAYS = 180
OUTCOME_DAYS = 30
_MOST_WORDS = 100
_MOST_COUNTED = 10**9
_REGION = re.compile(r"(?:[0-9]{2}){1,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationDraft:
    """What is said of a campaign, not checked yet."""

    name: str = ""
    occasion: int = 0
    fraud_type: int = 0
    financial_fraud: int = 0
    region: str = ""
    segment: AudienceSegment = field(default_factory=AudienceSegment)
    message: EducationText = field(default_factory=EducationText)
    hold_out_percent: int = 0
    outcome_days: int = 0
    start_ms: int = 0
    end_ms: int = 0
    daily_cap: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """A row of the list that the operator gives, not checked yet."""

    number: str
    region: str = ""
    age_band: str = ""
    occupation: str = ""
    consent_source: str = ""
    consent_day: str = ""


class DraftRules:
    """What the settings say of campaigns."""

    def __init__(
        self,
        *,
        home: HomePlan,
        language: str,
        most_parts: int,
        utc_offset: timedelta,
        now_ms: Callable[[], int],
    ) -> None:
        self.now_ms = now_ms
        self._home = home
        self._language = language
        self._most_parts = most_parts
        self._utc_offset = utc_offset

    def described(self, campaign: EducationCampaign, draft: EducationDraft) -> EducationCampaign:
        """Return *campaign* with what *draft* says; `InvalidInput` names a wrong field."""
        theme = texts.theme_of(draft.fraud_type, draft.financial_fraud)
        _check_times(draft, self.now_ms())
        return replace(
            campaign,
            name=text_limits.required("name", draft.name, NAME),
            occasion=occasion(draft.occasion),
            fraud_type=draft.fraud_type,
            financial_fraud=draft.financial_fraud,
            region=checked_region(draft.region, "region"),
            segment=_segment(draft.segment),
            message=texts.chosen(draft.message, theme, self._language, most_parts=self._most_parts),
            hold_out_percent=_within("hold_out_percent", draft.hold_out_percent, 0, MOST_HELD_OUT),
            outcome_days=_within(
                "outcome_days", draft.outcome_days or OUTCOME_DAYS, 1, MOST_OUTCOME_DAYS
            ),
            start_ms=draft.start_ms,
            end_ms=draft.end_ms,
            daily_cap=_within("daily_cap", draft.daily_cap, 1, _MOST_COUNTED),
        )

    def recipient(self, row: RecipientRow) -> tuple[str, EducationRecipient | None]:
        """Return the number of a row, and who that is; None without consent.

        Raises `InvalidInput` for a row that cannot be read. The number is never quoted.
        """
        key = self._home.number_key(row.number)
        if key <= 0:
            raise InvalidInput("number: not a phone number")
        number = number_text(key)
        region = _region_code(row.region.strip(), "region")
        source = text_limits.optional("consent_source", row.consent_source, NAME)
        age_band = text_limits.optional("age_band", row.age_band, WORD)
        occupation = text_limits.optional("occupation", row.occupation, WORD)
        if not source or not row.consent_day.strip():
            return number, None
        return number, EducationRecipient(
            number=number,
            region=region,
            age_band=age_band,
            occupation=occupation,
            consent_source=source,
            consent_day=self.past_day(row.consent_day, "consent_day"),
        )

    def event(self, given: OfflineEvent, campaign: EducationCampaign, by: str) -> OfflineEvent:
        """Return an event in person as it is recorded."""
        if given.occasion is Occasion.NONE:
            raise InvalidInput("occasion: required")
        region = checked_region(given.region or campaign.region, "region")
        if not lies_in(region, campaign.region):
            raise InvalidInput("region: is not in that of the campaign")
        return OfflineEvent(
            event_id=max((one.event_id for one in campaign.events), default=0) + 1,
            occasion=given.occasion,
            place=text_limits.required("place", given.place, NAME),
            region=region,
            day=self.past_day(given.day, "day"),
            people=_within("people", given.people, 0, _MOST_COUNTED),
            material=_within("material", given.material, 0, _MOST_COUNTED),
            note=text_limits.optional("note", given.note, NOTE),
            recorded_by=by,
        )

    def past_day(self, text: str, field: str) -> str:
        """Return a day such as ``2026-05-31`` that is not in the future."""
        try:
            day = date.fromisoformat(text.strip())
        except ValueError:
            raise InvalidInput(
                "{field}: not a day such as 2026-05-31: {text!r}", field=field, text=text[:20]
            ) from None
        today = (datetime.fromtimestamp(self.now_ms() / 1000, UTC) + self._utc_offset).date()
        if day > today:
            raise InvalidInput("{field}: {day} is in the future", field=field, day=day.isoformat())
        return day.isoformat()


def occasion(number: int) -> Occasion:
    """Return an occasion; `InvalidInput` for an unknown number."""
    if number not in set(Occasion):
        raise InvalidInput("occasion: unknown number {number}", number=number)
    return Occasion(number)


def checked_region(code: str, field: str) -> str:
    """Return a region that the caller may change; `NotAllowed` for another."""
    found = _region_code(code.strip(), field)
    roles.check_region(identity.current(), found)
    return found


def _region_code(code: str, field: str) -> str:
    if code and not _REGION.fullmatch(code):
        raise InvalidInput("{field}: two, four or six digits, such as 3301, or empty", field=field)
    return code


def _segment(given: AudienceSegment) -> AudienceSegment:
    return AudienceSegment(
        age_bands=_words("age_bands", given.age_bands),
        occupations=_words("occupations", given.occupations),
        areas=tuple(_region_code(one, "areas") for one in _words("areas", given.areas)),
        groups=_words("groups", given.groups),
    )


def _words(field: str, given: Sequence[str]) -> tuple[str, ...]:
    if len(given) > _MOST_WORDS:
        raise InvalidInput("{field}: at most {most}", field=field, most=_MOST_WORDS)
    return tuple(dict.fromkeys(text_limits.required(field, one, WORD) for one in given))


def _check_times(draft: EducationDraft, now_ms: int) -> None:
    clock.deadline("end_ms", draft.end_ms)
    if draft.start_ms <= 0 or draft.end_ms <= draft.start_ms:
        raise InvalidInput("start_ms, end_ms: the end comes after the start")
    if draft.end_ms <= now_ms:
        raise InvalidInput("end_ms: has passed")
    if draft.end_ms - draft.start_ms > MOST_DAYS * DAY_MS:
        raise InvalidInput("end_ms: a campaign takes at most {days} days", days=MOST_DAYS)


def _within(field: str, number: int, least: int, most: int) -> int:
    if not least <= number <= most:
        raise InvalidInput(
            "{field}: {least:,} to {most:,}, not {number:,}",
            field=field,
            least=least,
            most=most,
            number=number,
        )
    return number
