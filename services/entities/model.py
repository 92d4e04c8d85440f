"""An entity of the registry as it is stored: what identifies it, and the steps of its exit."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from blocklists.entries import EntryKind
from infra.text_limits import CharacterSet, TextLimit

NAME = TextLimit(max_characters=200, characters=CharacterSet.PRINTABLE)
"""Name of an entity, a clean-up or a unit."""
LINE = TextLimit(max_characters=500, characters=CharacterSet.PRINTABLE)
"""Legal basis, or the document that proves a step."""
NOTE = TextLimit(max_characters=2000)
MOST_IDENTIFIERS = 500
KEPT_EVENTS = 100
"""Latest events that stay with an entity; the audit log has all of them."""
SERVICE = "fanzha"
"""Author of events that no person caused."""


class EntityKind(IntEnum):
    """What an entity is; numbered as on the wire."""

    COMPANY = 1
    PLATFORM = 2
    APP = 3


class EntityState(IntEnum):
    """Where an entity stands; numbered as on the wire."""

    LEAVING = 1
    CLOSED = 2
    SEEN_AGAIN = 3


class IdentifierKind(IntEnum):
    """What identifies an entity; numbered as on the wire."""

    HOST = 1
    NUMBER = 2
    SENDER = 3
    APP = 4
    ICP_RECORD = 5
    CUSTODIAN = 6
    PAYMENT_CHANNEL = 7
    CREDIT_CODE = 8


ENTRY_KINDS = {
    IdentifierKind.HOST: EntryKind.HOST,
    IdentifierKind.NUMBER: EntryKind.NUMBER,
    IdentifierKind.SENDER: EntryKind.SENDER,
}
"""Identifiers that lists can name, and decisions are searched for."""


class StepState(IntEnum):
    """Where a step stands; numbered as on the wire."""

    OPEN = 0
    DONE = 1
    NOT_NEEDED = 2


class EntityEventKind(StrEnum):
    """What happened to an entity."""

    REGISTERED = "registered"
    EDITED = "edited"
    ASSIGNED = "assigned"
    SETTLED = "settled"
    REOPENED = "reopened"
    PROPOSED = "proposed"
    CLOSED = "closed"
    SEEN_AGAIN = "seen_again"
    SIGHTING_SETTLED = "sighting_settled"


@dataclass(frozen=True, slots=True, order=True)
class EntityIdentifier:
    """One thing that identifies an entity."""

    kind: IdentifierKind
    value: str
    """In canonical form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitStep:
    """One step of an exit: who owes it, and what proves it."""

    name: str
    state: StepState = StepState.OPEN
    owner: str = ""
    due_ms: int = 0
    document: str = ""
    document_sha256: str = ""
    note: str = ""
    settled_by: str = ""
    settled_at_ms: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it is not settled."""
        return self.state is StepState.OPEN

    def overdue(self, now_ms: int) -> bool:
        """Whether it is open after its deadline."""
        return self.is_open and 0 < self.due_ms <= now_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitySighting:
    """An identifier in decisions after the step that should have ended it."""

    identifier: EntityIdentifier
    first_ms: int
    last_ms: int
    decisions: int
    decision_id: int
    settled_by: str = ""
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nobody has said what was done about it."""
        return not self.settled_by


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityEvent:
    """Something that happened to an entity."""

    at_ms: int
    by: str
    what: EntityEventKind
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A company, platform or app that must leave the market."""

    entity_id: int
    revision: int = 1
    name: str
    kind: EntityKind
    financial_fraud: int
    """As `services.entities.financial_fraud.FinancialFraud`."""
    cleanup: str
    legal_basis: str
    region: str = ""
    """Code of the region in charge; empty: the province."""
    identifiers: Sequence[EntityIdentifier] = ()
    steps: Sequence[ExitStep] = ()
    sightings: Sequence[EntitySighting] = ()
    change_ids: Sequence[int] = ()
    registered_at_ms: int
    registered_by: str
    closed_at_ms: int = 0
    closed_by: str = ""
    events: Sequence[EntityEvent] = ()

    @property
    def state(self) -> EntityState:
        """Where it stands."""
        if any(one.is_open for one in self.sightings):
            return EntityState.SEEN_AGAIN
        return EntityState.CLOSED if self.closed_at_ms else EntityState.LEAVING

    @property
    def due_ms(self) -> int:
        """The nearest deadline of an open step; 0: none."""
        return min((one.due_ms for one in self.steps if one.is_open and one.due_ms), default=0)

    def overdue(self, now_ms: int) -> bool:
        """Whether a step is overdue."""
        return any(one.overdue(now_ms) for one in self.steps)

    def owes(self, owner: str) -> bool:
        """Whether *owner* owes an open step."""
        return any(one.is_open and one.owner == owner for one in self.steps)

    def mentions(self, text: str) -> bool:
        """Whether its name or an identifier contains *text*, which is in lower case."""
        return text in self.name.lower() or any(
            text in one.value.lower() for one in self.identifiers
        )
