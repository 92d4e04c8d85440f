"""What can happen to a case: facts, each with who, when and why."""

from dataclasses import dataclass
from enum import StrEnum

from services.warning.model import Means, Region, Tier, WarningRecord


class CaseOutcome(StrEnum):
    """How a case ended."""

    SAFE = "safe"
    LOST_MONEY = "lost_money"
    UNREACHABLE = "unreachable"
    FALSE_ALARM = "false_alarm"
    DUPLICATE = "duplicate"


class EventKind(StrEnum):
    """What can happen to a case."""

    OPENED = "opened"
    """By the first warning (`CaseEvent.warned`)."""
    JOINED = "joined"
    """Another warning about the same person and campaign (`CaseEvent.warned`)."""
    ROUTED = "routed"
    """A region was found, or a county assigned (`CaseEvent.region`)."""
    TIERED = "tiered"
    """A tier was given or changed (`CaseEvent.tier`, `lines`, `policy`)."""
    QUEUED = "queued"
    """A warning is to go out (`CaseEvent.message`); the store hands it on."""
    SENT = "sent"
    """A channel has taken it."""
    DELIVERED = "delivered"
    """It reached the person, as the channel says."""
    FAILED = "failed"
    """It did not; `why` says what the channel said."""
    ESCALATED = "escalated"
    """The next step is due, because of `why`."""
    TAKEN = "taken"
    """Somebody deals with it (`CaseEvent.officer`)."""
    NOTED = "noted"
    """Somebody wrote something down, in `why`; `CaseEvent.unreached`: they tried in vain."""
    CLOSED = "closed"
    """With `CaseEvent.outcome`; `lost_fen`, `lost_to` and `duplicate_of` go with some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """One warning that goes out."""

    id: str
    channel: str
    """Such as ``sms``, ``voice`` or ``in_person``."""
    step: int = 0
    """Place in the plan of its tier, from 0."""
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """Something that happened to a case; which fields are set depends on the kind."""

    kind: EventKind
    at_ms: int
    by: str
    """A person, or the part of the service that did it."""
    why: str = ""
    warned: WarningRecord | None = None
    region: Region | None = None
    tier: Tier | None = None
    lines: tuple[str, ...] = ()
    """Lines of the policy that gave the tier."""
    policy: str = ""
    """Version of the policy."""
    message: MessageRef | None = None
    officer: str = ""
    unreached: bool = False
    """Of a note: somebody tried to reach the person, and did not."""
    outcome: CaseOutcome | None = None
    lost_fen: int | None = None
    """How much was lost, in fen; None: not known."""
    lost_to: tuple[Means, ...] = ()
    """The numbers, links and accounts that took it, as far as they are known."""
    duplicate_of: str = ""
    """Id of the case that this one is the same as."""
    due_at_ms: int | None = None
    """By when the next thing must have happened; 0: nothing more; None: as before."""
    campaign: str = ""
    """Of the opening: what connects, see `campaign_of`."""
    round: int = 0
    """Of the opening: the how manyth case of this person and campaign, from 1."""
