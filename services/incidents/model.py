"""An incident as it is stored: what belongs to it, its stage, and the leads handed over from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from infra.text_limits import CharacterSet, TextLimit

TITLE = TextLimit(max_characters=200, characters=CharacterSet.PRINTABLE)
"""Title of an incident, name of a unit, reference of a part."""
LINE = TextLimit(max_characters=500, characters=CharacterSet.PRINTABLE)
"""Purpose, legal basis, receipt or document."""
NOTE = TextLimit(max_characters=2000)
MOST_PARTS = 2_000
MOST_LEADS = 100
KEPT_EVENTS = 200
"""Latest events that stay with an incident; the audit log has all of them."""


class HandlingStage(IntEnum):
    """Where an incident stands (监测、预警、处置、跟踪); numbered as on the wire."""

    MONITORING = 1
    WARNING = 2
    DISPOSAL = 3
    TRACKING = 4
    CLOSED = 5


class PartKind(IntEnum):
    """What belongs to an incident; numbered as on the wire."""

    SUBJECT = 1
    """A number, sender, host, URL or fingerprint."""
    CASE = 2
    DECISION = 3
    CHANGE = 4
    ENTITY = 5
    DOCUMENT = 6


class LeadState(IntEnum):
    """Where a lead stands; numbered as on the wire."""

    DRAFTED = 1
    SENT = 2
    RECEIVED = 3
    ANSWERED = 4
    WITHDRAWN = 5


OPEN_LEADS = frozenset({LeadState.DRAFTED, LeadState.SENT, LeadState.RECEIVED})
"""States in which a lead keeps its incident from being closed."""


class LeadOutcome(IntEnum):
    """What the department made of a lead; numbered as on the wire."""

    CASE_FILED = 1
    PENALTY = 2
    MEASURES = 3
    """Something short of a penalty: a talk, a notice to correct, cards stopped."""
    NOTHING_FOUND = 4
    NOT_COMPETENT = 5


class IncidentEventKind(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    EDITED = "edited"
    JOINED = "joined"
    PARTED = "parted"
    MOVED = "moved"
    ASSIGNED = "assigned"
    CLOSED = "closed"
    LEAD_DRAFTED = "lead_drafted"
    LEAD_SENT = "lead_sent"
    LEAD_RECEIVED = "lead_received"
    LEAD_ANSWERED = "lead_answered"
    LEAD_WITHDRAWN = "lead_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPart:
    """One thing that belongs to an incident."""

    part_id: int = 0
    """Within its incident, from 1."""
    kind: PartKind
    reference: str
    """In canonical form: a pattern, an id or number, or the name of a document."""
    sha256: str = ""
    """Of a document, 64 hexadecimal digits."""
    note: str = ""
    why: str = ""
    """Figures by which a cluster named it; they tell nothing about anybody."""
    joined_by: str = ""
    joined_at_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """What is handed to a department (线索移送), and what came back."""

    lead_id: int
    """Within its incident, from 1."""
    department: str
    """As the table of departments names it."""
    purpose: str
    legal_basis: str
    state: LeadState = LeadState.DRAFTED
    parts: Sequence[tuple[PartKind, str]] = ()
    """Kinds and references of what is handed over."""
    drafted_by: str = ""
    drafted_at_ms: int = 0
    sent_by: str = ""
    sent_at_ms: int = 0
    due_ms: int = 0
    """By when the department should answer; 0 until it is sent."""
    package_sha256: str = ""
    package_bytes: int = 0
    receipt: str = ""
    """Number under which the department took it."""
    outcome: LeadOutcome | None = None
    document: str = ""
    """The department's answer."""
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is neither answered nor withdrawn."""
        return self.state in OPEN_LEADS

    def overdue(self, now_ms: int) -> bool:
        """Whether the department has not answered in time."""
        return self.is_open and 0 < self.due_ms <= now_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEvent:
    """Something that happened to an incident."""

    at_ms: int
    by: str
    what: IncidentEventKind
    note: str = ""
    stage: HandlingStage | None = None
    """Where it was moved to; None for all that moves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A fraud as the bureau works on it, from the first sign to the last answer."""

    incident_id: int
    revision: int = 1
    title: str
    fraud_type: int = 0
    """As `fanzha.fraud.FraudType`."""
    region: str = ""
    """Code of the region in charge; empty: the province."""
    summary: str = ""
    stage: HandlingStage = HandlingStage.MONITORING
    due_ms: int = 0
    """By when it should leave its stage; 0: no deadline."""
    owner: str = ""
    """The unit that owes that."""
    parts: Sequence[IncidentPart] = ()
    leads: Sequence[Lead] = ()
    opened_at_ms: int
    opened_by: str
    moved_by: str = ""
    """Who moved it into its stage."""
    closed_at_ms: int = 0
    events: Sequence[IncidentEvent] = ()

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return self.stage is not HandlingStage.CLOSED

    def overdue(self, now_ms: int) -> bool:
        """Whether its stage or one of its leads is overdue."""
        stage = self.is_open and 0 < self.due_ms <= now_ms
        return stage or any(one.overdue(now_ms) for one in self.leads)

    def mentions(self, text: str) -> bool:
        """Whether its title or a part contains *text*, which is in lower case."""
        return text in self.title.lower() or any(
            text in one.reference.lower() for one in self.parts
        )
