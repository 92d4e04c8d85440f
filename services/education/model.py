"""A campaign that educates: what it says, to whom, when, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from infra.text_limits import CharacterSet, TextLimit

NAME = TextLimit(max_characters=200, characters=CharacterSet.PRINTABLE)
"""Name of a campaign, place of an event, source of a consent."""
WORD = TextLimit(max_characters=60, characters=CharacterSet.PRINTABLE)
"""Age band, occupation, group, name and version of a text."""
NOTE = TextLimit(max_characters=2000)
KEPT_HISTORY = 100
"""Latest events that stay with a campaign; the audit log has all of them."""
SERVICE = "fanzha"
"""Author of what no person caused."""
MOST_EVENTS = 500
"""Events in person of one campaign."""


class Occasion(IntEnum):
    """What a campaign is made for; numbered as on the wire."""

    NONE = 0
    MONTH = 1  # 宣传月
    COMMUNITIES = 2  # 进社区
    VILLAGES = 3  # 进农村
    FAMILIES = 4  # 进家庭
    SCHOOLS = 5  # 进学校
    COMPANIES = 6  # 进企业


class EducationState(IntEnum):
    """Where a campaign stands; numbered as on the wire."""

    DRAFT = 1
    APPROVED = 2
    RUNNING = 3
    ENDED = 4
    STOPPED = 5


class PersonState(StrEnum):
    """What becomes of a recipient."""

    HELD_OUT = "held_out"
    """Not written to, to measure by."""
    TO_SEND = "to_send"
    """Waits for its day."""
    QUEUED = "queued"
    """Handed to the channel's queue."""
    SENT = "sent"
    FAILED = "failed"
    WITHHELD = "withheld"
    """Not sent: opted out, written to by another campaign, or this one was stopped meanwhile."""
    DELIVERED = "delivered"
    OUTSIDE = "outside"
    """Not in the region or the segment."""
    OPTED_OUT = "opted_out"
    EDUCATED = "educated"
    """Was sent another educational message not long ago."""
    HELD_OUT_ELSEWHERE = "held_out_elsewhere"
    """Another campaign measures by not writing to them."""


WRITTEN_TO = frozenset(
    {
        PersonState.TO_SEND, PersonState.QUEUED, PersonState.SENT, PersonState.FAILED,
        PersonState.WITHHELD, PersonState.DELIVERED,
    }
)  # fmt: skip
"""Who was assigned to be written to, whatever became of it."""
ACCEPTED = frozenset({PersonState.SENT, PersonState.DELIVERED})
"""Whose message a channel has accepted, and not failed to deliver since."""


class HistoryKind(StrEnum):
    """What happened to a campaign."""

    CREATED = "created"
    EDITED = "edited"
    RECIPIENTS = "recipients"
    APPROVED = "approved"
    ASSIGNED = "assigned"
    ENDED = "ended"
    STOPPED = "stopped"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceSegment:
    """Who is meant; an empty list selects all, and each list must hold."""

    age_bands: Sequence[str] = ()
    occupations: Sequence[str] = ()
    areas: Sequence[str] = ()
    """Codes of regions."""
    groups: Sequence[str] = ()
    """Groups of the administrator's table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationRecipient:
    """A person who has consented."""

    number: str
    """E.164."""
    region: str = ""
    age_band: str = ""
    occupation: str = ""
    consent_source: str
    consent_day: str
    """Such as ``2026-05-31``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineEvent:
    """A talk or another event in person."""

    event_id: int
    occasion: Occasion
    place: str
    region: str
    day: str
    people: int
    material: int
    note: str
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationHistory:
    """Something that happened to a campaign."""

    at_ms: int
    by: str
    what: HistoryKind
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationText:
    """What is sent, with its version."""

    text: str = ""
    template: str = ""
    version: str = ""

    @property
    def label(self) -> str:
        """Name and version, as messages carry it."""
        return f"{self.template}-{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationCampaign:
    """A campaign."""

    campaign_id: int
    revision: int = 1
    name: str
    occasion: Occasion
    fraud_type: int
    """As `fanzha.fraud.FraudType`; 0 and no financial fraud: fraud in general."""
    financial_fraud: int
    """As `services.entities.financial_fraud.FinancialFraud`; 0: none."""
    region: str
    segment: AudienceSegment
    message: EducationText
    hold_out_percent: int
    outcome_days: int
    start_ms: int
    end_ms: int
    daily_cap: int
    salt: str
    """Key of the draw of who is held out, hexadecimal; nobody is shown it."""
    state: EducationState = EducationState.DRAFT
    recipients: int = 0
    without_consent: int = 0
    drafted_by: Sequence[str] = ()
    """Who has had a hand in it; another person approves."""
    created_at_ms: int
    approved_by: str = ""
    approved_at_ms: int = 0
    assigned_at_ms: int = 0
    finished_at_ms: int = 0
    events: Sequence[OfflineEvent] = ()
    history: Sequence[EducationHistory] = ()

    @property
    def created_by(self) -> str:
        """Who drafted it."""
        return self.drafted_by[0] if self.drafted_by else ""

    @property
    def may_be_due(self) -> bool:
        """Whether there is something to do for who sends."""
        return self.state in (EducationState.APPROVED, EducationState.RUNNING)

    def lets_send(self, now_ms: int) -> bool:
        """Whether its messages may be sent; a delayed one may be after the last was queued."""
        sends = self.state in (EducationState.RUNNING, EducationState.ENDED)
        return sends and now_ms < self.end_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCounts:
    """Recipients of a campaign by what became of them."""

    by_state: Mapping[PersonState, int] = field(default_factory=dict)

    def of(self, states: frozenset[PersonState]) -> int:
        """Return how many are in one of some states."""
        return sum(count for state, count in self.by_state.items() if state in states)
